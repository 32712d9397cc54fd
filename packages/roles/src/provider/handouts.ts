import type { Millis } from '../role.ts'
import type { Handout } from './template.ts'

/** A template can be asked for and solved at least this long after a newer one took its place (peers.md 20). */
export const KEEP_SUPERSEDED_MS = 60_000
/** Templates kept, however young they are (peers.md 22). */
export const MAX_HANDOUTS = 512

interface Kept {
  readonly handout: Handout
  superseded: Millis | undefined
}

/** The templates handed out, oldest first, for solutions and requests to come (TP-05). */
export class Handouts {
  readonly #kept = new Map<bigint, Kept>()

  get size(): number {
    return this.#kept.size
  }

  get(templateId: bigint): Handout | undefined {
    return this.#kept.get(templateId)?.handout
  }

  add(handout: Handout): void {
    this.#kept.set(handout.message.templateId, { handout, superseded: undefined })
    if (this.#kept.size > MAX_HANDOUTS) this.#kept.delete(this.#oldestSuperseded())
  }

  /** Nobody is told of this template any more; the first to go when there are too many. */
  supersede(templateId: bigint, now: Millis): void {
    const kept = this.#kept.get(templateId)
    if (kept !== undefined) kept.superseded ??= now
  }

  /** Newer templates take the place of all there are; forgets what was superseded long enough ago. */
  supersedeAll(now: Millis): void {
    for (const [templateId, kept] of this.#kept) {
      kept.superseded ??= now
      if (now - kept.superseded > KEEP_SUPERSEDED_MS) this.#kept.delete(templateId)
    }
  }

  /** A template that somebody mines on never gives way to one that nobody asked for yet. */
  #oldestSuperseded(): bigint {
    for (const [templateId, { superseded }] of this.#kept) if (superseded !== undefined) return templateId
    throw new Error(`${this.#kept.size} templates are in use at one time`)
  }
}
