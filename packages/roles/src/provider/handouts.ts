import type { Millis } from '../role.ts'
import type { Handout } from './template.ts'

/** A template can be asked for and solved at least this long after a newer one took its place (peers.md 20). */
export const KEEP_SUPERSEDED_MS = 60_000
/** Templates kept, however young they are (peers.md 22). */
export const MAX_HANDOUTS = 512

/** The templates handed out, for solutions and requests to come (TP-05). */
export class Handouts {
  readonly #handouts = new Map<bigint, { readonly handout: Handout; superseded: Millis | undefined }>()

  get size(): number {
    return this.#handouts.size
  }

  get(templateId: bigint): Handout | undefined {
    return this.#handouts.get(templateId)?.handout
  }

  add(handout: Handout): void {
    this.#handouts.set(handout.message.templateId, { handout, superseded: undefined })
    if (this.#handouts.size <= MAX_HANDOUTS) return
    for (const oldest of this.#handouts.keys()) {
      this.#handouts.delete(oldest)
      return
    }
  }

  /** A newer template took its place. */
  supersede(templateId: bigint, now: Millis): void {
    const entry = this.#handouts.get(templateId)
    if (entry !== undefined) entry.superseded ??= now
  }

  /** Forgets what was superseded long enough ago. */
  sweep(now: Millis): void {
    for (const [templateId, { superseded }] of this.#handouts) {
      if (superseded !== undefined && now - superseded > KEEP_SUPERSEDED_MS) this.#handouts.delete(templateId)
    }
  }
}
