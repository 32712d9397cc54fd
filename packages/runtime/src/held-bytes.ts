/** Bytes that a process keeps for peers that read slowly or send slowly, when nothing else is said. */
export const DEFAULT_HELD_BYTES = 128 * 1024 * 1024

/** Less than this is not counted: most connections hold a few bytes for a moment. */
const SMALL_BYTES = 4_096

/** A connection that makes us keep bytes. */
export interface Holder {
  /** What waits for the peer, and what it has sent of a message that is not whole yet. */
  readonly heldBytes: number
  /** Ends it at once; what it held is free. */
  abort(reason: string): void
}

/**
 * The bytes that peers make a process keep, in all: a limit per connection alone is a limit times the number of
 * connections. When there are too many, the connection that holds most is closed first.
 */
export class HeldBytes {
  /** Bytes of all connections, at most. */
  limit: number
  readonly #holders = new Map<Holder, number>()
  #sum = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** Bytes held, as far as it was told. */
  get sum(): number {
    return this.#sum
  }

  /** The connection may hold more or less than before. */
  note(holder: Holder): void {
    const bytes = holder.heldBytes
    if (bytes < SMALL_BYTES) return this.forget(holder)
    this.#sum += bytes - (this.#holders.get(holder) ?? 0)
    this.#holders.set(holder, bytes)
    if (this.#sum > this.limit) this.#makeRoom()
  }

  /** The connection holds nothing any more. */
  forget(holder: Holder): void {
    const bytes = this.#holders.get(holder)
    if (bytes === undefined) return
    this.#sum -= bytes
    this.#holders.delete(holder)
  }

  /** An eighth more than needed is freed, so that this is rare however many connections hold a little. */
  #makeRoom(): void {
    for (const [holder, before] of this.#holders) {
      const bytes = holder.heldBytes
      this.#holders.set(holder, bytes)
      this.#sum += bytes - before
    }
    if (this.#sum <= this.limit) return
    const largestFirst = [...this.#holders].sort(([, a], [, b]) => b - a)
    for (const [holder, bytes] of largestFirst) {
      if (this.#sum <= this.limit - this.limit / 8) return
      this.forget(holder)
      holder.abort(`made us keep ${bytes} bytes, the most of all when there were too many`)
    }
  }
}

/** Those of this process. */
export const processHeldBytes = new HeldBytes(DEFAULT_HELD_BYTES)
