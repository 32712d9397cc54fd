import { setupConnectionError, setupConnectionSuccess } from '../current/common.ts'
import { setNewPrevHash } from '../current/jobs.ts'
import { DEFAULT_MAX_ADDITIONAL_SIGOPS } from '../current/sigops.ts'
import { requestTransactionDataError } from '../current/templates.ts'
import { EditionError } from '../edition-error.ts'
import { adapted, plain, type Spelling } from '../spelling.ts'
import { channelSpellings } from './channel-spellings.ts'
import * as customJobs from './custom-jobs.ts'
import { draftCode } from './error-codes.ts'
import { toldTip, withItsTime } from './job-time.ts'
import * as jobs from './jobs.ts'
import type { DraftMemory } from './memory.ts'
import * as negotiation from './negotiation.ts'
import { joinOutputs, splitOutputs } from './output-list.ts'
import * as shares from './shares.ts'
import { coinbaseOutputDataSize } from './templates.ts'

// an active job before any SetNewPrevHash has no time to start at: it waits for the one that names it
const standardJob = (declaration: typeof jobs.newMiningJob): Spelling<DraftMemory> =>
  adapted(
    'NewMiningJob',
    declaration,
    {
      toDomain: ({ type, channelId, jobId, futureJob, version, merkleRoot }, memory: DraftMemory) => {
        const minNtime = futureJob ? undefined : memory.channels.tip(channelId)?.minNtime
        return { type, channelId, jobId, minNtime, version, merkleRoot }
      },
      toWire: ({ minNtime, ...job }) => ({ ...job, futureJob: minNtime === undefined }),
    },
    { restate: withItsTime },
  )

const jobSpellings: readonly Spelling<DraftMemory>[] = [
  plain(setNewPrevHash, {
    received: (message, memory: DraftMemory) =>
      memory.channels.newPrevHash(message.channelId, toldTip(message)),
    sent: (message, memory) => memory.channels.newPrevHash(message.channelId, toldTip(message)),
  }),
  standardJob(jobs.newMiningJob),
  adapted(
    'NewExtendedMiningJob',
    jobs.newExtendedMiningJob,
    {
      toDomain: ({ futureJob, ...job }, memory: DraftMemory) => ({
        ...job,
        minNtime: futureJob ? undefined : memory.channels.tip(job.channelId)?.minNtime,
      }),
      toWire: ({ minNtime, ...job }) => ({ ...job, futureJob: minNtime === undefined }),
    },
    { restate: withItsTime },
  ),
]

const shareSpellings: readonly Spelling<DraftMemory>[] = [
  plain(shares.submitSharesExtended),
  plain(shares.submitSharesSuccess),
  adapted('SubmitShares.Error', shares.submitSharesError, {
    toDomain: (wire) => wire,
    toWire: (message) => ({ ...message, errorCode: draftCode(message.type, message.errorCode) }),
  }),
]

const customJobSpellings: readonly Spelling<DraftMemory>[] = [
  adapted('SetCustomMiningJob', customJobs.setCustomMiningJob, {
    toDomain: ({ futureJob: _ignored, coinbaseTxOutputs, ...job }) => ({
      ...job,
      coinbaseTxOutputs: joinOutputs(coinbaseTxOutputs),
    }),
    toWire: (message, memory: DraftMemory) => ({
      ...message,
      coinbaseTxValueRemaining: message.coinbaseTxValueRemaining ?? 0n,
      coinbaseTxOutputs: splitOutputs(message.coinbaseTxOutputs),
      extranonceSize: needed(
        message.extranonceSize ?? memory.channels.extranonceSize(message.channelId),
        'SetCustomMiningJob needs extranonceSize',
      ),
      futureJob: false,
    }),
  }),
  adapted('SetCustomMiningJob.Success', customJobs.setCustomMiningJobSuccess, {
    toDomain: (wire) => wire,
    toWire: (message) => ({
      ...message,
      coinbaseTxPrefix: needed(message.coinbaseTxPrefix, 'SetCustomMiningJob.Success needs coinbaseTxPrefix'),
      coinbaseTxSuffix: needed(message.coinbaseTxSuffix, 'SetCustomMiningJob.Success needs coinbaseTxSuffix'),
    }),
  }),
  adapted('SetCustomMiningJob.Error', customJobs.setCustomMiningJobError, {
    toDomain: (wire) => wire,
    toWire: (message) => ({ ...message, errorCode: draftCode(message.type, message.errorCode) }),
  }),
]

/** The one version there is. */
const PROTOCOL_VERSION = 2

const NO_OUTPUTS = Uint8Array.of(0)

const negotiationSpellings: readonly Spelling<DraftMemory>[] = [
  // the draft reserves room for outputs it does not name
  adapted('AllocateMiningJobToken.Success', negotiation.allocateMiningJobTokenSuccess, {
    toDomain: (wire) => ({ ...wire, coinbaseTxOutputs: NO_OUTPUTS }),
    toWire: (message) => ({
      ...message,
      coinbaseOutputMaxAdditionalSize:
        message.coinbaseOutputMaxAdditionalSize ?? outputsSize(message.coinbaseTxOutputs),
      asyncMiningAllowed: message.asyncMiningAllowed ?? false,
    }),
  }),
  plain(negotiation.allocateMiningJobTokenError, { ignoresTail: true }),
  plain(negotiation.identifyTransactions),
  plain(negotiation.identifyTransactionsSuccess),
  plain(negotiation.commitMiningJob),
  plain(negotiation.commitMiningJobSuccess),
  plain(negotiation.commitMiningJobError),
]

const otherSpellings: readonly Spelling<DraftMemory>[] = [
  // software of 2020 leaves the version at 0 where it means the one that was offered
  adapted('SetupConnection.Success', setupConnectionSuccess, {
    toDomain: (wire, memory: DraftMemory) => {
      if (wire.usedVersion !== 0) return wire
      memory.note('used_version 0 is taken as the one offered')
      return { ...wire, usedVersion: PROTOCOL_VERSION }
    },
    toWire: (message) => message,
  }),
  adapted('SetupConnection.Error', setupConnectionError, {
    toDomain: (wire) => wire,
    toWire: (message) => ({ ...message, errorCode: draftCode(message.type, message.errorCode) }),
  }),
  adapted('CoinbaseOutputConstraints', coinbaseOutputDataSize, {
    toDomain: ({ coinbaseOutputMaxAdditionalSize }) => ({
      type: 'CoinbaseOutputConstraints',
      coinbaseOutputMaxAdditionalSize,
      coinbaseOutputMaxAdditionalSigops: DEFAULT_MAX_ADDITIONAL_SIGOPS,
    }),
    toWire: ({ coinbaseOutputMaxAdditionalSize }) => ({
      type: 'CoinbaseOutputDataSize' as const,
      coinbaseOutputMaxAdditionalSize,
    }),
  }),
  adapted('RequestTransactionData.Error', requestTransactionDataError, {
    toDomain: (wire) => wire,
    toWire: (message) => ({ ...message, errorCode: draftCode(message.type, message.errorCode) }),
  }),
]

/** Everything the draft spells in its own way. */
export const draftSpellings: readonly Spelling<DraftMemory>[] = [
  ...channelSpellings,
  ...jobSpellings,
  ...shareSpellings,
  ...customJobSpellings,
  ...negotiationSpellings,
  ...otherSpellings,
]

function needed<T>(value: T | undefined, detail: string): T {
  if (value === undefined) throw new EditionError('unrepresentable', detail)
  return value
}

function outputsSize(block: Uint8Array): number {
  return splitOutputs(block).reduce((size, output) => size + output.length, 0)
}

/** What the first public implementation, of 2020, reads in no other way. */
export const spellingsOf2020: readonly Spelling<DraftMemory>[] = [plain(shares.submitSharesSuccessOf2020)]

/** What the reference implementation of 2022 reads in no other way. */
export const spellingsOf2022: readonly Spelling<DraftMemory>[] = [standardJob(jobs.newMiningJobOf2022)]
