/** Older values remembered; a peer that causes more changes than this on one tip loses the exact past, nothing else. */
const MAX_REMEMBERED = 32

/** Values that were replaced, oldest first: each held for everything that comes before `until` in the order of jobs. */
export type History<T> = readonly { readonly until: number; readonly value: T }[]

/** The value that held at a place in the order; `present` when it has not been replaced since. */
export function valueAt<T>(history: History<T> | undefined, order: number, present: T): T {
  if (history === undefined) return present
  for (const { until, value } of history) if (order < until) return value
  return present
}

/** Adds a value replaced at `until`, and forgets those that nothing from `oldest` on was given with. */
export function replaced<T>(
  history: History<T> | undefined,
  entry: { readonly until: number; readonly value: T },
  oldest: number,
): History<T> {
  const needed = history?.filter(({ until }) => until > oldest) ?? []
  return [...needed, entry].slice(-MAX_REMEMBERED)
}
