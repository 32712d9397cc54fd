import type { Millis } from '@sv2/roles/ground'

/** Where time comes from. */
export interface Clock {
  /** Milliseconds since the Unix epoch as of process start, advanced monotonically: the `now` of roles. */
  now(): Millis
  /** The wall clock in unix seconds, for certificates. */
  unixSeconds(): number
}

/** The process's own clocks. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  unixSeconds: () => Math.floor(Date.now() / 1000),
}
