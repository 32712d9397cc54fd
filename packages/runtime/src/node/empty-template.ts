import { blockSubsidy, type Network, reversed, unhex } from '@sv2/bitcoin'
import type { NodeTemplate } from '@sv2/roles/ground'
import { z } from 'zod'

/** What is used of a getblockheader answer. */
export const blockHeader = z.object({
  hash: z.string().regex(/^[0-9a-f]{64}$/i),
  height: z.int().min(0),
  bits: z.string().regex(/^[0-9a-f]{8}$/i),
  /** Median time of this block and the ten before. */
  mediantime: z.int(),
})

/** Blocks between two changes of the target. */
const RETARGET_BLOCKS = 2_016
/** Test networks allow an easy target 20 minutes after a block: what a header says there does not hold for the next block. */
const STEADY: ReadonlySet<Network> = new Set<Network>(['mainnet', 'signet', 'regtest'])

/**
 * A template without transactions on a block that the node has just taken. Making a full one takes the node and us hundreds of
 * milliseconds, in which miners would search on the old tip. Undefined where the next target cannot be told from this header.
 * @param last template that the node gave, on an earlier tip: version and limits are those of it
 */
export function emptyTemplate(
  { hash, height, bits, mediantime }: z.output<typeof blockHeader>,
  last: NodeTemplate,
  network: Network,
): NodeTemplate | undefined {
  const next = height + 1
  const isSteady = STEADY.has(network) && next % RETARGET_BLOCKS !== 0
  if (!isSteady || Number.parseInt(bits, 16) !== last.nbits) return undefined
  const mintime = mediantime + 1
  const { version, nbits, target, weightLimit, sigopLimit, segwit } = last
  return {
    prevHash: reversed(unhex(hash)),
    height: next,
    version,
    nbits,
    target,
    curtime: Math.max(Math.floor(Date.now() / 1000), mintime),
    mintime,
    coinbaseValue: blockSubsidy(next, network),
    transactions: [],
    weightLimit,
    sigopLimit,
    segwit,
    isProvisional: true,
  }
}
