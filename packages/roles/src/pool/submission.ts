import type { NewTemplate, SubmitSolution } from '@sv2/messages'
import type { Channel } from '../mining/channel/channel.ts'
import { blockCoinbase, type Job } from '../mining/channel/job.ts'
import { fullExtranonce, type Share } from '../mining/channel/judge.ts'

/** A block on a job of ours, as the template provider is told of it (TPC-05). */
export function submissionOf(
  template: NewTemplate,
  channel: Channel,
  { share, job }: { readonly share: Share; readonly job: Job },
): SubmitSolution {
  return {
    type: 'SubmitSolution',
    templateId: template.templateId,
    version: share.version,
    headerTimestamp: share.ntime,
    headerNonce: share.nonce,
    coinbaseTx: blockCoinbase(job, template.coinbaseTxOutputs, fullExtranonce(channel, job, share)),
  }
}
