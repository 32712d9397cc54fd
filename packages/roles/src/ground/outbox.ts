import type { Emit } from './role.ts'

/** What a role wants done, in the order of time. Its parts emit into it; the role takes it all at the end of `handle`. */
export class Outbox<Effect> {
  #effects: Effect[] = []
  /** Puts an effect behind the others; may be handed to parts as it is. */
  readonly emit: Emit<Effect> = (effect) => void this.#effects.push(effect)

  /** Takes out what was emitted since the last call. The list belongs to the caller. */
  take(): readonly Effect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }
}
