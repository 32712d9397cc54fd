import { EditionError } from '../edition-error.ts'
import { adapted, plain, type Spelling } from '../spelling.ts'
import * as channels from './channels.ts'
import * as common from './common.ts'
import * as customJobs from './custom-jobs.ts'
import * as extensions from './extensions.ts'
import * as jobs from './jobs.ts'
import type { CurrentMemory } from './memory.ts'
import * as negotiation from './negotiation.ts'
import * as payouts from './payout-distribution.ts'
import * as shares from './shares.ts'
import * as templates from './templates.ts'
import { readWorker, writeWorker } from './worker-tlv.ts'

/** Messages whose fields are all there is to say. */
export const plainSpellings: readonly Spelling<unknown>[] = [
  plain(common.setupConnection),
  plain(common.setupConnectionSuccess),
  plain(common.setupConnectionError),
  plain(common.channelEndpointChanged),
  plain(common.reconnect),
  plain(channels.openStandardMiningChannel),
  plain(channels.openStandardMiningChannelSuccess),
  plain(channels.openMiningChannelError),
  plain(channels.openExtendedMiningChannel),
  plain(channels.openExtendedMiningChannelSuccess),
  plain(jobs.newMiningJob),
  plain(channels.updateChannel),
  plain(channels.updateChannelError),
  plain(channels.closeChannel),
  plain(channels.setExtranoncePrefix),
  plain(shares.submitSharesStandard),
  plain(shares.submitSharesSuccess),
  plain(shares.submitSharesError),
  plain(jobs.newExtendedMiningJob),
  plain(jobs.setNewPrevHash),
  plain(channels.setTarget),
  plain(customJobs.setCustomMiningJobSuccess),
  plain(customJobs.setCustomMiningJobError),
  plain(channels.setGroupChannel),
  plain(negotiation.allocateMiningJobToken),
  plain(negotiation.allocateMiningJobTokenSuccess),
  plain(negotiation.provideMissingTransactions),
  plain(negotiation.provideMissingTransactionsSuccess),
  plain(negotiation.declareMiningJobSuccess),
  plain(negotiation.declareMiningJobError),
  plain(negotiation.pushSolution),
  plain(templates.coinbaseOutputConstraints),
  plain(templates.newTemplate),
  plain(templates.setNewPrevHashTdp),
  plain(templates.requestTransactionData),
  plain(templates.requestTransactionDataSuccess),
  plain(templates.requestTransactionDataError),
  plain(templates.submitSolution),
]

const namesDistribution = { readTail: payouts.readDistributionId, writeTail: payouts.writeDistributionId }

/** Messages that need more than their fields. */
export const specialSpellings: readonly Spelling<CurrentMemory>[] = [
  plain(shares.submitSharesExtended, { readTail: readWorker, writeTail: writeWorker }),
  adapted(
    'SetCustomMiningJob',
    customJobs.setCustomMiningJob,
    {
      toDomain: (wire) => wire,
      toWire: (message) => {
        if ((message.coinbaseTxValueRemaining ?? 0n) > 0n) {
          throw new EditionError(
            'unrepresentable',
            'the client names all outputs here, nothing remains for the pool',
          )
        }
        return message
      },
    },
    namesDistribution,
  ),
  plain(negotiation.declareMiningJob, namesDistribution),
  plain(payouts.setPayoutDistribution, { isOn: ({ distributesPayouts }) => distributesPayouts }),
  plain(extensions.requestExtensions, { sent: askExtensions }),
  plain(extensions.requestExtensionsSuccess, { received: learnExtensions, sent: confirmExtensions }),
  plain(extensions.requestExtensionsError),
]

/** What is asked for, anew too, is not agreed on until the answer is here (EXT-16). */
function askExtensions(request: extensions.RequestExtensions, memory: CurrentMemory): void {
  const { requestId, requestedExtensions } = request
  memory.asked = { requestId, extensions: [...requestedExtensions] }
  agree([], memory)
}

function confirmExtensions(answer: extensions.RequestExtensionsSuccess, memory: CurrentMemory): void {
  agree(answer.supportedExtensions, memory)
}

/** Only the answer to the last request counts, and of it only what was asked for (EXT-15). */
function learnExtensions(answer: extensions.RequestExtensionsSuccess, memory: CurrentMemory): void {
  const { asked } = memory
  if (asked?.requestId !== answer.requestId) return
  agree(
    answer.supportedExtensions.filter((id) => asked.extensions.includes(id)),
    memory,
  )
}

function agree(agreed: readonly number[], memory: CurrentMemory): void {
  memory.tracksWorkers = agreed.includes(extensions.WORKER_TRACKING)
  memory.distributesPayouts = agreed.includes(payouts.PAYOUT_DISTRIBUTION)
}
