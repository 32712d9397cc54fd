import type { BlockHeader } from '@sv2/bitcoin'
import { type BlockEntry, medianTimePast } from './block-entry.ts'
import { type ChainParams, nbitsAfter } from './chain-params.ts'

/** How far a block's time may lie ahead of the node's clock, in seconds. */
export const MAX_FUTURE_SECONDS = 2 * 60 * 60

/** What is wrong with a header on top of this parent at this Unix time, as a BIP 22 reject reason. */
export function checkHeader(
  header: BlockHeader,
  parent: BlockEntry,
  params: ChainParams,
  nowSeconds: number,
): string | undefined {
  if (header.nbits !== nbitsAfter(params, parent, header.ntime)) return 'bad-diffbits'
  if (header.ntime <= medianTimePast(parent)) return 'time-too-old'
  if (header.ntime > nowSeconds + MAX_FUTURE_SECONDS) return 'time-too-new'
  // The version is signed; below 4 was retired by BIP 34, 66 and 65, in force on regtest from height 1.
  if ((header.version | 0) < 4) return `bad-version(0x${header.version.toString(16).padStart(8, '0')})`
  return undefined
}
