import { type SipHashKey, sipHash24Into } from '@sv2/bitcoin'
import type { HashList } from './hash-list.ts'

/** Places of the table for each hash of the list, at least. */
const ROOM = 2

/** Scratch of `#start`. */
const halves = new Uint32Array(2)

/**
 * Finds the place of a hash in a list: open addressing in one array, without an object or a text for each hash. Peers choose
 * the hashes, so where one is looked for depends on a secret key: else all of theirs could fall onto one spot.
 */
export class HashIndex {
  readonly #list: HashList
  readonly #key: SipHashKey
  /** A place of the list plus one; zero where there is nothing. */
  readonly #table: Int32Array
  readonly #mask: number

  /** Finds nothing at first. @param key secret */
  constructor(list: HashList, key: SipHashKey) {
    let size = 1
    while (size < ROOM * list.length) size *= 2
    this.#list = list
    this.#key = key
    this.#table = new Int32Array(size)
    this.#mask = size - 1
  }

  /** The place where this hash stands; undefined when none is found. */
  find(hash: Uint8Array): number | undefined {
    for (let spot = this.#start(hash); ; spot = (spot + 1) & this.#mask) {
      const place = this.#table[spot]! - 1
      if (place < 0) return undefined
      if (this.#list.holds(place, hash)) return place
    }
  }

  /** Makes the hash at a place one that is found; false when an equal one already is. */
  add(place: number): boolean {
    const hash = this.#list.at(place)
    let spot = this.#start(hash)
    for (; this.#table[spot] !== 0; spot = (spot + 1) & this.#mask)
      if (this.#list.holds(this.#table[spot]! - 1, hash)) return false
    this.#table[spot] = place + 1
    return true
  }

  /** The hash at a place, which must still stand there, is not found any more. */
  remove(place: number): void {
    let gap = this.#start(this.#list.at(place))
    while (this.#table[gap] !== place + 1) {
      if (this.#table[gap] === 0) return
      gap = (gap + 1) & this.#mask
    }
    // What stands behind the gap moves into it, unless its search begins behind the gap.
    for (let spot = (gap + 1) & this.#mask; this.#table[spot] !== 0; spot = (spot + 1) & this.#mask) {
      const start = this.#start(this.#list.at(this.#table[spot]! - 1))
      if (((spot - start) & this.#mask) < ((spot - gap) & this.#mask)) continue
      this.#table[gap] = this.#table[spot]!
      gap = spot
    }
    this.#table[gap] = 0
  }

  #start(hash: Uint8Array): number {
    sipHash24Into(halves, this.#key, hash)
    return halves[0]! & this.#mask
  }
}
