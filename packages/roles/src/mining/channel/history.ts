/** Older values remembered; a peer that causes more changes than this on one tip loses its oldest jobs, and nothing else. */
const MAX_REMEMBERED = 32

/** Values that were replaced. */
export interface History<T> {
  /** What came before this place in the order of jobs is forgotten. */
  readonly since: number
  /** Oldest first: each value held for everything that comes before `until`. */
  readonly entries: readonly HistoryEntry<T>[]
}

interface HistoryEntry<T> {
  readonly until: number
  readonly value: T
}

/**
 * The value that held at a place in the order; `present` when it has not been replaced since. Undefined when it is
 * forgotten: no other value may stand for it.
 */
export function valueAt<T>(history: History<T> | undefined, order: number, present: T): T | undefined {
  if (history === undefined) return present
  if (order < history.since) return undefined
  for (const { until, value } of history.entries) if (order < until) return value
  return present
}

/** Adds a value replaced at `until`, and forgets those that nothing from `oldest` on was given with. */
export function replaced<T>(
  history: History<T> | undefined,
  entry: HistoryEntry<T>,
  oldest: number,
): History<T> {
  const all = [...(history?.entries ?? []), entry]
  const unneeded = all.findIndex(({ until }) => until > oldest)
  const dropped = Math.max(unneeded === -1 ? all.length : unneeded, all.length - MAX_REMEMBERED)
  const since = all[dropped - 1]?.until ?? history?.since ?? 0
  return { since, entries: all.slice(dropped) }
}
