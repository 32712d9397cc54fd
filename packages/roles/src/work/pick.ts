/** How an upstream does, as far as it matters for the choice. */
export type Health =
  /** Not connected, and no connection is being tried. */
  | 'idle'
  /** Being connected, and nothing speaks against it yet. */
  | 'dialing'
  /** Could not be connected, was lost, or does not serve us; it is tried again and again. */
  | 'failing'
  /** Set up a moment ago after it had failed: not trusted yet. */
  | 'recovering'
  | 'ready'

/** What to do about a list of upstreams. */
export interface Pick {
  /** The one to work with; undefined while there is none. */
  readonly use: number | undefined
  /** Those to be connected. */
  readonly connect: readonly number[]
}

/**
 * Chooses among upstreams, best first: the first that is ready. All before it are tried on, so that work returns to
 * them; the next one is tried only when nothing better is left to hope for.
 */
export function pickUpstream(order: readonly number[], health: (upstream: number) => Health): Pick {
  const connect: number[] = []
  let recovering: number | undefined
  for (const upstream of order) {
    const state = health(upstream)
    if (recovering === undefined || state === 'ready') connect.push(upstream)
    if (state === 'ready') return { use: upstream, connect }
    if (state === 'recovering') recovering ??= upstream
    if (state === 'idle' || state === 'dialing') return { use: recovering, connect }
  }
  return { use: recovering, connect }
}
