import { concatBytes, encodeCompactSize, encodeOutput, sha256, type TxOutput } from '@sv2/bitcoin'
import {
  type Edition,
  type Message,
  MINING_SETUP_FLAGS,
  type NewExtendedMiningJob,
  type SetCustomMiningJob,
} from '@sv2/messages'
import {
  accountKey,
  commitTo,
  customOutputs,
  cutCoinbase,
  type JobCommitment,
  type MiningJobToken,
  sealToken,
} from '@sv2/roles/custom-jobs'
import { aPool, filled, NBITS_HARD, NTIME, PAYOUT_SCRIPT } from './_fixtures.ts'
import { type TestChannel, TestMiner } from './_test-miner.ts'

/** As good as a MAC among friends. */
export const mac = (bytes: Uint8Array): Uint8Array => sha256(concatBytes(filled(7), bytes))

/** All of the value of a block. */
export const REWARD = 312_500_000n

let serials = 0

/** A token of alice for a job that nobody has looked at. */
export function aToken(over: Partial<MiningJobToken> = {}, key = mac): Uint8Array {
  serials++
  const serial = Uint8Array.of(serials, serials >> 8, 0, 0, 0, 0, 0, 0)
  const token: MiningJobToken = {
    serial,
    expires: NTIME + 3_600,
    account: accountKey('alice'),
    outputs: [PAYOUT_SCRIPT],
    usableAtOnce: true,
    commitment: undefined,
    ...over,
  }
  return sealToken(token, key)
}

export const paying = (value: bigint): TxOutput => ({ value, script: PAYOUT_SCRIPT })

/** Outputs as a job has them. */
export function counted(...outputs: readonly TxOutput[]): Uint8Array {
  return concatBytes(encodeCompactSize(outputs.length), ...outputs.map(encodeOutput))
}

/** A job on the tip of `aPool`, for a channel; it pays the pool all there is. */
export function aCustomJob(channel: TestChannel, over: Partial<SetCustomMiningJob> = {}): SetCustomMiningJob {
  return {
    type: 'SetCustomMiningJob',
    channelId: channel.channelId,
    requestId: 5,
    miningJobToken: over.miningJobToken ?? aToken(),
    version: 0x2000_0000,
    prevHash: filled(0xaa),
    minNtime: NTIME,
    nbits: NBITS_HARD,
    coinbaseTxVersion: 2,
    coinbasePrefix: Uint8Array.of(3, 0x40, 0x0d, 0x03, 9),
    coinbaseTxInputSequence: 0xffff_fffe,
    coinbaseTxOutputs: counted(paying(REWARD)),
    coinbaseTxLocktime: 199_999,
    merklePath: [filled(0x11), filled(0x22)],
    ...over,
  }
}

/** The coinbase of a job whose outputs are `outputs`. */
function coinbaseOf(job: SetCustomMiningJob, outputs: readonly TxOutput[]) {
  return {
    version: job.coinbaseTxVersion,
    scriptPrefix: job.coinbasePrefix,
    sequence: job.coinbaseTxInputSequence,
    outputs: customOutputs(outputs, job.coinbaseTxValueRemaining, [PAYOUT_SCRIPT]),
    locktime: job.coinbaseTxLocktime,
  }
}

/** What a server commits to after it has looked at a job that pays the pool. */
export function checked(edition: Edition, job: SetCustomMiningJob, minExtranonceSize = 0): JobCommitment {
  // the wire of the draft always says what remains for the pool: nothing where the client has placed all
  const coinbaseTxValueRemaining = edition.name === 'draft' ? 0n : undefined
  const coinbase = coinbaseOf({ ...job, coinbaseTxValueRemaining }, [paying(REWARD)])
  return commitTo({ ...job, coinbase }, minExtranonceSize)
}

/** A pool that takes custom jobs. */
export function aCustomPool(edition: Edition, overrides: Parameters<typeof aPool>[1] = {}) {
  return aPool(edition, {
    mac,
    customWork: {
      maxUsedTokens: 1_000,
      uncheckedTrust: Number.POSITIVE_INFINITY,
      negotiators: [
        { host: 'a.test', port: 1 },
        { host: 'b.test', port: 2 },
      ],
    },
    ...overrides,
  })
}

/** A client that brings its own jobs, with one channel. */
export function aSelectingMiner(edition: Edition, overrides: Parameters<typeof aPool>[1] = {}) {
  const world = aCustomPool(edition, overrides)
  const miner = new TestMiner(world.link, edition, MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION)
  return { ...world, miner, channel: miner.open('extended') }
}

/** What a pool answers to a job, and nothing else. */
export function answerTo(miner: TestMiner, job: SetCustomMiningJob): Message {
  miner.take()
  miner.peer.send(job)
  const [answer, ...others] = miner.take()
  if (answer === undefined || others.length > 0) throw new Error(`${others.length} answers more`)
  return answer
}

/** The code a job is refused with. */
export function refusalOf(miner: TestMiner, job: SetCustomMiningJob): string {
  const answer = answerTo(miner, job)
  return answer.type === 'SetCustomMiningJob.Error' ? answer.errorCode : answer.type
}

/** Sets a job, and gives it back in the shape of a pool's own. */
export function setJob(
  miner: TestMiner,
  channel: TestChannel,
  job: SetCustomMiningJob,
): NewExtendedMiningJob {
  const answer = answerTo(miner, job)
  if (answer.type !== 'SetCustomMiningJob.Success') throw new Error(JSON.stringify(answer))
  return jobOf(miner, channel, { job, jobId: answer.jobId })
}

/** A job that was taken, in the shape of a pool's own. */
export function jobOf(
  miner: TestMiner,
  channel: TestChannel,
  { job, jobId }: { readonly job: SetCustomMiningJob; readonly jobId: number },
): NewExtendedMiningJob {
  const answer = miner.log.findLast(
    (message) => message.type === 'SetCustomMiningJob.Success' && message.jobId === jobId,
  )
  if (answer?.type !== 'SetCustomMiningJob.Success') throw new Error('it was not taken')
  const cut = cutCoinbase(coinbaseOf(job, [paying(REWARD)]), channel.prefix.length + channel.extranonceSize)
  return {
    type: 'NewExtendedMiningJob',
    channelId: channel.channelId,
    jobId,
    minNtime: job.minNtime,
    version: job.version,
    versionRollingAllowed: true,
    merklePath: job.merklePath,
    coinbaseTxPrefix: answer.coinbaseTxPrefix ?? cut.prefix,
    coinbaseTxSuffix: answer.coinbaseTxSuffix ?? cut.suffix,
  }
}

/** What a share on a job builds on. */
export function tipOfJob({ prevHash, minNtime, nbits }: SetCustomMiningJob) {
  return { prevHash, minNtime, nbits }
}
