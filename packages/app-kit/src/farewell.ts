/** What a role is told when the app ends, and how long its last messages have to go out. */
export interface Farewell<Event> {
  readonly event: Event
  readonly ms: number
}

/** Time for farewell messages to go out, ms. */
const FAREWELL_MS = 300

/** Where peers are sent: an empty host and port 0 send them back here. */
export interface Elsewhere {
  readonly host: string
  readonly port: number
}

const BACK: Elsewhere = { host: '', port: 0 }

/** The farewell of a role with miners: it sends them elsewhere, or back. */
export function drain(where: Elsewhere = BACK): Farewell<{ readonly kind: 'drain' } & Elsewhere> {
  return { event: { kind: 'drain', ...where }, ms: FAREWELL_MS }
}
