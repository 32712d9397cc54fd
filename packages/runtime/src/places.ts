/** The place of one connection at a door. */
export interface Place {
  readonly address: string
  /** Ends the connection at once. */
  readonly leave: (reason: string) => void
}

/**
 * The places at a door. When all are taken, a connection that has shown no work yet makes room for a new one: of the
 * address that has most of those, the one that came first. A connection that does work keeps its place.
 */
export class Places {
  readonly #most: number
  #taken = 0
  /** Those that have shown no work, in the order in which they came, by address; addresses by their first. */
  readonly #idle = new Map<string, Set<Place>>()

  constructor(most: number) {
    this.#most = most
  }

  /** Takes a place; false when all are taken by connections that work. */
  take(place: Place): boolean {
    if (this.#taken >= this.#most && !this.#makeRoom()) return false
    this.#taken++
    const idle = this.#idle.get(place.address)
    if (idle === undefined) this.#idle.set(place.address, new Set([place]))
    else idle.add(place)
    return true
  }

  /** The connection has shown work: it keeps its place. */
  works(place: Place): void {
    const idle = this.#idle.get(place.address)
    idle?.delete(place)
    if (idle?.size === 0) this.#idle.delete(place.address)
  }

  /** The connection has ended; to be called once. */
  free(place: Place): void {
    this.#taken--
    this.works(place)
  }

  #makeRoom(): boolean {
    let longest: Set<Place> | undefined
    for (const idle of this.#idle.values()) if (idle.size > (longest?.size ?? 0)) longest = idle
    for (const oldest of longest ?? []) {
      oldest.leave('made room for another connection')
      return this.#taken < this.#most
    }
    return false
  }
}
