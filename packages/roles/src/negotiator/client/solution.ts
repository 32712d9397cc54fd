import { concatBytes } from '@sv2/bitcoin'
import type { PushSolution, SubmitSolution } from '@sv2/messages'
import { wholeCoinbase } from '../../custom-jobs/custom-coinbase.ts'
import { fullExtranonce, type JudgedShare } from '../../mining/channel/judge.ts'
import type { OwnWork } from './own-work.ts'

/** A block, as the template provider and as a negotiator server are told of it. */
export function solutionsOf(
  { work, spare }: { readonly work: OwnWork; readonly spare: Uint8Array },
  { channel, share, good }: JudgedShare,
): { readonly submit: SubmitSolution; readonly push: PushSolution } {
  if (work.whole === undefined) throw new RangeError('a share on work without a coinbase')
  const extranonce = concatBytes(work.upstreamPrefix, spare, fullExtranonce(channel, good.job, share))
  const { version, ntime, nonce } = share
  const { coinbase, cut } = work.whole
  return {
    submit: {
      type: 'SubmitSolution',
      templateId: work.template.templateId,
      version,
      headerTimestamp: ntime,
      headerNonce: nonce,
      coinbaseTx: wholeCoinbase(cut, extranonce, coinbase.outputs),
    },
    push: {
      type: 'PushSolution',
      extranonce,
      prevHash: work.tip.prevHash,
      nonce,
      ntime,
      nbits: work.tip.nbits,
      version,
    },
  }
}
