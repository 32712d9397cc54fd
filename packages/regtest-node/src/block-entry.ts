import { nbitsToTarget, targetToBigint } from '@sv2/bitcoin'
import type { CoinChanges } from './coins.ts'
import type { LoadedBlock } from './loaded-block.ts'

/** A block in the tree of all blocks this node has seen, and what it knows about it. */
export type BlockEntry = {
  readonly block: LoadedBlock
  readonly parent: BlockEntry | undefined
  readonly height: number
  /** Hashes expected for the whole chain up to this block. */
  readonly chainWork: bigint
  /** Order of arrival: of two chains with the same work the first seen stays. */
  readonly sequence: number
  /** `stored`: waits on a side chain, its spends not judged. `valid`: was part of the active chain. */
  status: 'stored' | 'valid' | 'invalid'
  /** What connecting it changed; undefined while it is not part of the active chain, and when it is too deep in it. */
  changes: CoinChanges | undefined
}

/** A new entry on top of its parent. */
export function blockEntry(block: LoadedBlock, parent: BlockEntry | undefined, sequence: number): BlockEntry {
  const work = (1n << 256n) / (targetToBigint(nbitsToTarget(block.header.nbits)) + 1n)
  return {
    block,
    parent,
    height: parent === undefined ? 0 : parent.height + 1,
    chainWork: (parent?.chainWork ?? 0n) + work,
    sequence,
    status: 'stored',
    changes: undefined,
  }
}

/** Median of the times of a block and the ten before it, in Unix seconds (BIP 113). */
export function medianTimePast(entry: BlockEntry): number {
  const times: number[] = []
  for (let at: BlockEntry | undefined = entry; at !== undefined && times.length < 11; at = at.parent) {
    times.push(at.block.header.ntime)
  }
  times.sort((a, b) => a - b)
  return times[times.length >> 1]!
}

/** The last block two chains have in common. */
export function forkPoint(a: BlockEntry, b: BlockEntry): BlockEntry {
  let x = a
  let y = b
  while (x !== y) {
    if (x.height >= y.height) x = x.parent!
    else y = y.parent!
  }
  return x
}

/** The blocks above `base` up to `tip`, lowest first. */
export function blocksBetween(base: BlockEntry, tip: BlockEntry): BlockEntry[] {
  const path: BlockEntry[] = []
  for (let at = tip; at !== base; at = at.parent!) path.unshift(at)
  return path
}
