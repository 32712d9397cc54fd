import { hex } from '@sv2/bitcoin'
import type { Tip } from './job.ts'

/**
 * Hashes that are remembered, over all tips: 10,000 shares a second for 56 minutes of one tip. They take 13 to 26 bytes
 * each, as they come: 512 MiB when there are most.
 */
export const MAX_CREDITED_HASHES = 33_554_432
/** Tips that are worked on at one time: upstreams of one node hear of a block one after the other. */
const MAX_TIPS = 4
/**
 * Parts of a set, each a table that grows alone: one for all held everybody up for 0.12 s at its 2 millionth hash. Parts of
 * 65,536 hashes, as these are at most, made the longest wait 8 to 19 ms, 15 in the median of three runs.
 */
const PARTS = 512
/** Slots of a part at first. */
const FIRST_CAPACITY = 16
/** A part grows when more of its slots are taken than this. */
const MOST_TAKEN = 5 / 8
/** 2^32 divided by the golden ratio: spreads what is multiplied by it (Knuth, The Art of Computer Programming 6.4). */
const GOLDEN = 0x9e37_79b1

/**
 * The header hashes that were credited, by the tip they build on: a hash pays once, on whatever channel, job and
 * connection it comes. Search spaces are apart by construction (see extranonce.ts); this holds although they were not.
 */
export class CreditedHashes {
  readonly #sets = new Map<string, HashSet>()
  /**
   * Jobs share their tip's object, most of them: an owner of a job of a forgotten tip still keeps the hashes of that
   * tip.
   */
  readonly #known = new WeakMap<Tip, HashSet>()
  readonly #most: number
  /** Of all sets. */
  #size = 0

  constructor(most = MAX_CREDITED_HASHES) {
    this.#most = most
  }

  /**
   * Remembers a hash; those of earlier tips make room. `full` when this tip alone has as many as are remembered: then it
   * is not known whether it came before.
   * @param key see `shareKey`
   */
  add(tip: Tip, key: number): 'new' | 'known' | 'full' {
    const set = this.#of(tip)
    if (this.#size >= this.#most && !this.#makeRoom(set)) return set.has(key) ? 'known' : 'full'
    if (!set.add(key)) return 'known'
    this.#size++
    return 'new'
  }

  /** Whether a hash is remembered. */
  has(tip: Tip, key: number): boolean {
    return this.#of(tip).has(key)
  }

  #of(tip: Tip): HashSet {
    const known = this.#known.get(tip)
    if (known !== undefined) return known
    const name = hex(tip.prevHash)
    const set = this.#sets.get(name) ?? new HashSet()
    this.#sets.set(name, set)
    this.#known.set(tip, set)
    if (this.#sets.size > MAX_TIPS) this.#sets.delete(this.#sets.keys().next().value!)
    this.#count()
    return set
  }

  /** Forgets tips, the oldest first, but not the one that room is for. */
  #makeRoom(kept: HashSet): boolean {
    this.#count()
    for (const [name, set] of this.#sets) {
      if (this.#size < this.#most) break
      if (set === kept) continue
      this.#sets.delete(name)
      this.#count()
    }
    return this.#size < this.#most
  }

  #count(): void {
    this.#size = 0
    for (const { size } of this.#sets.values()) this.#size += size
  }
}

/** A set of numbers above 0 and below 2^52, in 13 to 26 bytes each. */
class HashSet {
  size = 0
  readonly #parts = Array.from({ length: PARTS }, () => new Part())

  has(key: number): boolean {
    return this.#part(key).has(key)
  }

  /** False when it is there already. */
  add(key: number): boolean {
    if (!this.#part(key).add(key)) return false
    this.size++
    return true
  }

  #part(key: number): Part {
    return this.#parts[Math.floor(key / (2 ** 52 / PARTS))]!
  }
}

/** Some of a set's numbers: a table with open addressing. */
class Part {
  #size = 0
  #table = new Float64Array(FIRST_CAPACITY)

  has(key: number): boolean {
    return this.#table[this.#place(key)] === key
  }

  /** False when it is there already. */
  add(key: number): boolean {
    const place = this.#place(key)
    if (this.#table[place] === key) return false
    this.#table[place] = key
    this.#size++
    if (this.#size > this.#table.length * MOST_TAKEN) this.#grow()
    return true
  }

  /** Where a key stands, or would. */
  #place(key: number): number {
    const table = this.#table
    const mask = table.length - 1
    const mixed = Math.imul((key | 0) ^ (key / 2 ** 32), GOLDEN)
    let place = (mixed ^ (mixed >>> 15)) & mask
    for (let found = table[place]; found !== 0 && found !== key; found = table[place])
      place = (place + 1) & mask
    return place
  }

  #grow(): void {
    const former = this.#table
    this.#table = new Float64Array(former.length * 2)
    for (const key of former) if (key !== 0) this.#table[this.#place(key)] = key
  }
}
