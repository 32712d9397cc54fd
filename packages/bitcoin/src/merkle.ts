import { concatBytes } from './bytes.ts'
import { type CoinbaseWork, type Sha256d, sha256d } from './sha256d.ts'

/** Bytes of a node. */
const NODE = 32

/**
 * The merkle root of a block from its coinbase txid and the path a job carries, all 32 bytes in wire order.
 * The coinbase is the leftmost leaf, so it is always the left side.
 */
export function merkleRootFromPath(
  coinbaseTxid: Uint8Array,
  path: readonly Uint8Array[],
  hash: Sha256d = sha256d,
): Uint8Array {
  if (path.length === 0) return coinbaseTxid
  if (hash.merkleRoot !== undefined) return hash.merkleRoot(coinbaseTxid, path)
  const pair = new Uint8Array(64)
  let node = coinbaseTxid
  for (const sibling of path) node = hashPair(pair, node, sibling, hash)
  return node
}

/** The merkle roots of one work for several extranonces of the same size, in their order; 32 bytes in wire order each. */
export function coinbaseRoots(
  work: CoinbaseWork,
  extranonces: readonly Uint8Array[],
  hash: Sha256d = sha256d,
): Uint8Array[] {
  if (hash.coinbaseRoots !== undefined) return hash.coinbaseRoots(work, extranonces)
  const { coinbaseTxPrefix, coinbaseTxSuffix, merklePath } = work
  return extranonces.map((extranonce) =>
    merkleRootFromPath(hash(concatBytes(coinbaseTxPrefix, extranonce, coinbaseTxSuffix)), merklePath, hash),
  )
}

/**
 * The path from the coinbase to the root, given the txids (wire order) of all other transactions in block order:
 * the right-hand sibling on each level, lowest first; empty for a block of the coinbase alone.
 */
export function merklePath(txids: readonly Uint8Array[], hash: Sha256d = sha256d): Uint8Array[] {
  for (const { length } of txids)
    if (length !== NODE) throw new RangeError(`a merkle node of ${length} bytes`)
  const steps = merklePathInSteps(concatBytes(...txids), hash)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/**
 * The same for a caller that must not be held up: a step for each hash, and the path at the end. The txids lie one behind
 * another, and so do the nodes of a level: as arrays of their own they made the collector copy all those that are alive.
 */
export function* merklePathInSteps(
  txids: Uint8Array,
  hash: Sha256d = sha256d,
): Generator<void, Uint8Array[], void> {
  const path: Uint8Array[] = []
  // A level without its leftmost node, the one that depends on the coinbase. The next level grows at its start.
  const level = txids.slice()
  const doubled = new Uint8Array(2 * NODE)
  let end = level.length
  while (end > 0) {
    path.push(level.slice(0, NODE))
    let nextEnd = 0
    for (let at = NODE; at < end; at += 2 * NODE) {
      if (at + NODE === end) {
        doubled.set(level.subarray(at, end), 0)
        doubled.set(level.subarray(at, end), NODE)
      }
      level.set(hash(at + NODE === end ? doubled : level.subarray(at, at + 2 * NODE)), nextEnd)
      nextEnd += NODE
      yield
    }
    end = nextEnd
  }
  return path
}

/** The merkle root over all leaves (wire order), the last one doubled on odd levels. @throws {RangeError} without leaves. */
export function merkleRoot(leaves: readonly Uint8Array[], hash: Sha256d = sha256d): Uint8Array {
  return reduceTree(leaves, hash).root
}

/**
 * Whether two equal nodes stand side by side as a pair somewhere in the tree. Such a list of transactions has the root of a
 * shorter one (CVE-2012-2459), so a node refuses the block without remembering its hash as bad.
 */
export function hasMutatedMerkleTree(leaves: readonly Uint8Array[], hash: Sha256d = sha256d): boolean {
  return reduceTree(leaves, hash).mutated
}

function reduceTree(leaves: readonly Uint8Array[], hash: Sha256d): { root: Uint8Array; mutated: boolean } {
  if (leaves.length === 0) throw new RangeError('merkle tree without leaves')
  const pair = new Uint8Array(64)
  let level: readonly Uint8Array[] = leaves
  let mutated = false
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i]!
      const right = level[i + 1]
      if (right !== undefined && sameHash(left, right)) mutated = true
      next.push(hashPair(pair, left, right ?? left, hash))
    }
    level = next
  }
  return { root: level[0]!, mutated }
}

function hashPair(pair: Uint8Array, left: Uint8Array, right: Uint8Array, hash: Sha256d): Uint8Array {
  if (left.length !== 32 || right.length !== 32)
    throw new RangeError(`merkle nodes of ${left.length} and ${right.length} bytes`)
  pair.set(left, 0)
  pair.set(right, 32)
  return hash(pair)
}

function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) if (a[i] !== b[i]) return false
  return true
}
