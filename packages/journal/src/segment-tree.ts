import { concatBytes, equalBytes, sha256 } from '@sv2/bitcoin'
import { ByteWriter } from './byte-writer.ts'

/** A hash of any bytes, 32 bytes out. */
export type Sha256 = (data: Uint8Array) => Uint8Array

/**
 * Records of a segment that make one leaf; the last leaf may have fewer. A record with a leaf of its own costs two hashes of
 * 0.8 µs, and 0.2 µs so: a share costs 8 in all.
 */
export const RECORDS_PER_LEAF = 16

/** Hash of a leaf: SHA-256(0x00 ‖ bytes), so that no inner node can be taken for a leaf (RFC 6962 §2.1). */
export function leafHash(bytes: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  return hash(concatBytes(LEAF, bytes))
}

/** Makes the leaves of a segment of its records. */
export class RecordLeaves {
  readonly #hash: Sha256
  readonly #bytes = new ByteWriter()
  #records = 0

  constructor(hash: Sha256 = sha256) {
    this.#hash = hash
  }

  /** Takes the next record with its frame. Answers the hash of a leaf that is full. */
  take(frame: Uint8Array): Uint8Array | undefined {
    if (this.#records === 0) this.#bytes.bytes(LEAF)
    this.#bytes.bytes(frame)
    this.#records++
    return this.#records === RECORDS_PER_LEAF ? this.#leaf() : undefined
  }

  /** The last leaf; undefined when the one before took all. */
  end(): Uint8Array | undefined {
    return this.#records === 0 ? undefined : this.#leaf()
  }

  #leaf(): Uint8Array {
    const leaf = this.#hash(this.#bytes.written)
    this.#bytes.clear()
    this.#records = 0
    return leaf
  }
}

/** The root that a closed segment has over its records with their frames. */
export class SegmentRootMaker {
  readonly #leaves: RecordLeaves
  readonly #tree: SegmentTree

  constructor(hash: Sha256 = sha256) {
    this.#leaves = new RecordLeaves(hash)
    this.#tree = new SegmentTree(hash)
  }

  take(frame: Uint8Array): void {
    const leaf = this.#leaves.take(frame)
    if (leaf !== undefined) this.#tree.add(leaf)
  }

  /** To be asked for when all records were taken. */
  root(): Uint8Array {
    const last = this.#leaves.end()
    if (last !== undefined) this.#tree.add(last)
    return this.#tree.root()
  }
}

/**
 * The Merkle root over the leaves of a closed segment (RFC 6962 §2.1), made leaf by leaf: it keeps one hash for each power
 * of two. A segment without records has the hash of nothing.
 */
export class SegmentTree {
  readonly #hash: Sha256
  /** Roots of full trees, the largest first. */
  readonly #full: { readonly size: number; readonly root: Uint8Array }[] = []

  constructor(hash: Sha256 = sha256) {
    this.#hash = hash
  }

  /** @param leaf hash of the next leaf, see `leafHash` */
  add(leaf: Uint8Array): void {
    let node = { size: 1, root: leaf }
    for (
      let last = this.#full.at(-1);
      last !== undefined && last.size === node.size;
      last = this.#full.at(-1)
    ) {
      this.#full.pop()
      node = { size: 2 * node.size, root: this.#hash(concatBytes(NODE, last.root, node.root)) }
    }
    this.#full.push(node)
  }

  /** The root over all leaves so far. */
  root(): Uint8Array {
    const [last, ...before] = [...this.#full].reverse()
    if (last === undefined) return this.#hash(new Uint8Array(0))
    return before.reduce((right, left) => this.#hash(concatBytes(NODE, left.root, right)), last.root)
  }
}

/** Chains the root of a segment to those before it: SHA-256(chained root before ‖ root). The first is chained to zeros. */
export function chainRoot(previousRoot: Uint8Array, root: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  return hash(concatBytes(previousRoot, root))
}

/** Siblings from a leaf up to the root (RFC 6962 §2.1.1). @throws {RangeError} when there is no such leaf. */
export function inclusionProof(
  leaves: readonly Uint8Array[],
  index: number,
  hash: Sha256 = sha256,
): Uint8Array[] {
  if (leaves[index] === undefined) throw new RangeError(`leaf ${index} of ${leaves.length}`)
  if (leaves.length === 1) return []
  const cut = largestPowerBelow(leaves.length)
  const [left, right] = [leaves.slice(0, cut), leaves.slice(cut)]
  return index < cut
    ? [...inclusionProof(left, index, hash), rootOf(right, hash)]
    : [...inclusionProof(right, index - cut, hash), rootOf(left, hash)]
}

/** Whether a leaf stands at a place among so many, by a proof of `inclusionProof`. */
export function provesInclusion(
  claim: { readonly leaf: Uint8Array; readonly index: number; readonly size: number },
  proof: readonly Uint8Array[],
  root: Uint8Array,
  hash: Sha256 = sha256,
): boolean {
  const { leaf, index, size } = claim
  if (!(index >= 0 && index < size)) return false
  let node = leaf
  let at = index
  let last = size - 1
  for (const sibling of proof) {
    if (last === 0 || sibling.length !== 32) return false
    if (at % 2 === 1 || at === last) {
      node = hash(concatBytes(NODE, sibling, node))
      while (at % 2 === 0 && at !== 0) {
        at /= 2
        last = Math.floor(last / 2)
      }
    } else node = hash(concatBytes(NODE, node, sibling))
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && equalBytes(node, root)
}

function rootOf(leaves: readonly Uint8Array[], hash: Sha256): Uint8Array {
  const tree = new SegmentTree(hash)
  for (const leaf of leaves) tree.add(leaf)
  return tree.root()
}

function largestPowerBelow(size: number): number {
  let power = 1
  while (2 * power < size) power *= 2
  return power
}

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)
