import { MAX_BLOCK_SIGOPS_COST, MAX_BLOCK_WEIGHT } from '@sv2/bitcoin'
import { type BlockEntry, medianTimePast } from './block-entry.ts'
import type { Chain } from './chain.ts'
import { nbitsAfter, subsidyAtHeight } from './chain-params.ts'
import type { Mempool } from './mempool.ts'
import type { MempoolEntry } from './mempool-entry.ts'

/** Weight kept free for header, transaction count and coinbase, as in Bitcoin Core. */
const RESERVED_WEIGHT = 8000

/** Signature-operation cost kept free for the coinbase, as in Bitcoin Core. */
const RESERVED_SIGOPS = 400

/** What the next block may hold. */
export type BlockTemplate = {
  readonly parent: BlockEntry
  readonly height: number
  readonly version: number
  readonly nbits: number
  /** Smallest time allowed, Unix seconds. */
  readonly minTime: number
  /** The node's time, or the smallest allowed when that is later. */
  readonly time: number
  /** Subsidy and fees, in satoshi. */
  readonly coinbaseValue: bigint
  /** In block order, parents before children. */
  readonly transactions: readonly MempoolEntry[]
}

/** The version of a block that signals nothing (BIP 9). */
export const TEMPLATE_VERSION = 0x20000000

/**
 * The version of a template: every third block signals two deployments, by bits that miners roll too, as nodes did and
 * will again. A stack that works with the plain version alone is found out.
 */
function templateVersion(height: number): number {
  return height % 3 === 0 ? (TEMPLATE_VERSION | (1 << 28) | (1 << 14)) >>> 0 : TEMPLATE_VERSION
}

/** The best block on top of the tip: the waiting transactions that pay most for their weight, each with what it depends on. */
export function blockTemplate(chain: Chain, mempool: Mempool, nowSeconds: number): BlockTemplate {
  const transactions = selectTransactions(mempool)
  const parent = chain.tip
  const height = parent.height + 1
  const minTime = medianTimePast(parent) + 1
  const time = Math.max(minTime, nowSeconds)
  return {
    parent,
    height,
    version: templateVersion(height),
    nbits: nbitsAfter(chain.params, parent, time),
    minTime,
    time,
    coinbaseValue: subsidyAtHeight(height) + transactions.reduce((sum, entry) => sum + entry.fee, 0n),
    transactions,
  }
}

// Ranked once by what a transaction pays together with its waiting ancestors. The rate is not recomputed as ancestors get in:
// that would find a slightly better block, which regtest does not need.
function selectTransactions(mempool: Mempool): MempoolEntry[] {
  const packages = [...mempool.entries()].map((entry) => {
    const members = mempool.ancestors(entry)
    const fee = members.reduce((sum, member) => sum + member.fee, 0n)
    const weight = members.reduce((sum, member) => sum + member.loaded.weight, 0)
    return { members, rate: Number(fee) / weight }
  })
  packages.sort((a, b) => b.rate - a.rate)
  const chosen = new Set<MempoolEntry>()
  let weightLeft = MAX_BLOCK_WEIGHT - RESERVED_WEIGHT
  let sigopsLeft = MAX_BLOCK_SIGOPS_COST - RESERVED_SIGOPS
  for (const { members } of packages) {
    const missing = members.filter((member) => !chosen.has(member))
    const weight = missing.reduce((sum, member) => sum + member.loaded.weight, 0)
    const sigops = missing.reduce((sum, member) => sum + member.sigopsCost, 0)
    if (weight > weightLeft || sigops > sigopsLeft) continue
    weightLeft -= weight
    sigopsLeft -= sigops
    for (const member of missing) chosen.add(member)
  }
  return [...chosen]
}
