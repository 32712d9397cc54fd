import { encodeHeader } from '@sv2/bitcoin'
import { rootOf, type Work } from '@sv2/roles/device'
import { fastSha256d } from '@sv2/runtime/sha256'
import { HeaderSearch } from './header-search.ts'

/** A header good enough for the target of its work. */
export interface FoundShare {
  readonly workId: number
  readonly version: number
  readonly ntime: number
  readonly nonce: number
  /** As long as the work says; empty where the merkle root is fixed. */
  readonly extranonce: Uint8Array
}

/** Which part of the nonces a thread may use: of `count` equal parts the one with this index. */
export interface NoncePart {
  readonly index: number
  readonly count: number
  /** How many nonces there are; 2^32 but in tests. */
  readonly nonces?: number
}

/** What one stretch of searching did. */
export interface Searched {
  readonly hashes: number
  readonly share: FoundShare | undefined
}

/**
 * One thread's way through one work: its part of the nonces, under each such pass another combination of the version
 * bits that may be rolled, under each such round another extranonce. When all of it is used up, it starts again with
 * the next second of the header time; no header is ever hashed twice.
 */
export class WorkSearch {
  readonly #work: Work
  readonly #first: number
  readonly #end: number
  #nonce: number
  /** Counts combinations of the rolled version bits. */
  #rolled = 0
  readonly #combinations: number
  readonly #extranonce: Uint8Array
  #header: HeaderSearch
  /** The time at which everything was used up; undefined while something is left. */
  #usedUpAt: number | undefined

  constructor(work: Work, part: NoncePart) {
    const nonces = part.nonces ?? 2 ** 32
    this.#work = work
    this.#first = Math.floor((nonces * part.index) / part.count)
    this.#end = Math.floor((nonces * (part.index + 1)) / part.count)
    this.#nonce = this.#first
    this.#combinations = 2 ** bitCount(work.versionMask)
    this.#extranonce = new Uint8Array(work.extranonceSize)
    this.#header = this.#nextHeader()
    this.#usedUpAt = undefined
  }

  /**
   * Tries up to `most` headers and stops at the first share.
   * @param elapsedSeconds since the work was received; only whole seconds count, so that no header is ahead of the
   * clock (DEV-16)
   */
  search(most: number, elapsedSeconds: number): Searched {
    const ntime = this.#work.ntime + Math.max(0, Math.floor(elapsedSeconds))
    if (this.#usedUpAt !== undefined && ntime > this.#usedUpAt) this.#usedUpAt = undefined
    this.#header.setTime(ntime)
    let hashes = 0
    while (hashes < most && this.#usedUpAt === undefined) {
      const count = Math.min(most - hashes, this.#end - this.#nonce)
      const found = this.#header.find(this.#nonce, count)
      const share = found < 0 ? undefined : this.#share(found, ntime)
      const done = found < 0 ? count : found - this.#nonce + 1
      hashes += done
      this.#nonce += done
      if (this.#nonce === this.#end) this.#roll(ntime)
      if (share !== undefined) return { hashes, share }
    }
    return { hashes, share: undefined }
  }

  #share(nonce: number, ntime: number): FoundShare {
    const { workId } = this.#work
    return { workId, version: this.#version(), ntime, nonce, extranonce: this.#extranonce.slice() }
  }

  #roll(ntime: number): void {
    this.#nonce = this.#first
    this.#rolled++
    if (this.#rolled === this.#combinations) {
      this.#rolled = 0
      if (!increment(this.#extranonce)) this.#usedUpAt = ntime
    }
    this.#header = this.#nextHeader()
    this.#header.setTime(ntime)
  }

  #nextHeader(): HeaderSearch {
    const { prevHash, ntime, nbits, extranonceSize, merkleRoot, target } = this.#work
    const root = extranonceSize === 0 ? merkleRoot : rootOf(this.#work, this.#extranonce, fastSha256d)
    const version = this.#version()
    return new HeaderSearch(
      encodeHeader({ version, prevHash, merkleRoot: root, ntime, nbits, nonce: 0 }),
      target,
    )
  }

  /** The received version with one combination of the bits that may be rolled turned over. */
  #version(): number {
    return (this.#work.version ^ spread(this.#rolled, this.#work.versionMask)) >>> 0
  }
}

/** Puts the low bits of `value` where `mask` has ones. */
function spread(value: number, mask: number): number {
  let bits = 0
  let rest = mask
  for (let i = 0; rest !== 0; i++) {
    const lowest = rest & -rest
    if ((value >>> i) & 1) bits |= lowest
    rest ^= lowest
  }
  return bits
}

function bitCount(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}

/** Counts a big-endian number up. False when it came back to zero. */
function increment(bytes: Uint8Array): boolean {
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i]!++
    if (bytes[i] !== 0) return true
  }
  return false
}
