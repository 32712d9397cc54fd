import { concatBytes, equalBytes, sha256 } from '@sv2/bitcoin'

/** A hash of any bytes, 32 bytes out. */
export type Sha256 = (data: Uint8Array) => Uint8Array

/** Hash of a record with its frame: SHA-256(0x00 ‖ frame), so that no inner node can be taken for a record (RFC 6962 §2.1). */
export function leafHash(frame: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  return hash(concatBytes(LEAF, frame))
}

/**
 * The Merkle root over the records of a closed segment (RFC 6962 §2.1), made leaf by leaf: it keeps one hash for each power
 * of two. A segment without records has the hash of nothing.
 */
export class SegmentTree {
  readonly #hash: Sha256
  /** Roots of full trees, the largest first. */
  readonly #full: { readonly size: number; readonly root: Uint8Array }[] = []

  constructor(hash: Sha256 = sha256) {
    this.#hash = hash
  }

  /** @param leaf hash of the next record, see `leafHash` */
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
