/** The upstreams that a slot makes use of: as long as it has a channel there, or one that is to end. */
export class UpstreamUse implements Iterable<number> {
  readonly #channels = new Map<number, number>()

  has(upstream: number): boolean {
    return this.#channels.has(upstream)
  }

  /** One channel more there, or one less. */
  change(upstream: number, by: 1 | -1): void {
    const channels = (this.#channels.get(upstream) ?? 0) + by
    if (channels > 0) this.#channels.set(upstream, channels)
    else this.#channels.delete(upstream)
  }

  [Symbol.iterator](): IterableIterator<number> {
    return this.#channels.keys()
  }
}
