import { concatBytes } from '@sv2/bitcoin'
import {
  type Edition,
  MINING_SETUP_FLAGS,
  MINING_SUCCESS_FLAGS,
  type SetCustomMiningJob,
} from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { accountKey, type MiningJobToken } from '@sv2/roles/custom-jobs'
import { describe, expect, test } from 'vitest'
import {
  aCustomJob,
  aCustomPool,
  answerTo,
  aSelectingMiner,
  aToken,
  checked,
  counted,
  paying,
  REWARD,
  refusalOf,
} from '../_custom-jobs.ts'
import { aPool, aTemplate, aTip, filled, NTIME, PAYOUT_SCRIPT, proves } from '../_fixtures.ts'
import { TestMiner } from '../_test-miner.ts'

const { REQUIRES_WORK_SELECTION } = MINING_SETUP_FLAGS

/** A code as an edition has it. */
const spelt = (edition: Edition, code: string, inDraft: string): string =>
  edition.name === 'draft' ? inDraft : code

describe('custom jobs', () => {
  proves('POOL-51', 'both', 'a job that pays the pool is taken under its request_id', (edition) => {
    const { miner, channel } = aSelectingMiner(edition)
    const { channelId } = channel
    expect(answerTo(miner, aCustomJob(channel, { requestId: 77 }))).toMatchObject({
      type: 'SetCustomMiningJob.Success',
      channelId,
      requestId: 77,
    })
    expect(answerTo(miner, aCustomJob(channel, { requestId: 78, nbits: 1 }))).toEqual({
      type: 'SetCustomMiningJob.Error',
      channelId,
      requestId: 78,
      errorCode: spelt(edition, 'invalid-nbits', 'invalid-job-param-value-nbits'),
    })
  })

  proves('POOL-52', 'both', 'a client that did not say that it brings jobs may bring none', (edition) => {
    const { link } = aCustomPool(edition)
    const miner = new TestMiner(link, edition)
    const channel = miner.open('extended')
    expect(refusalOf(miner, aCustomJob(channel))).toBe('jd-not-supported')
  })

  proves(
    'POOL-14',
    'both',
    'a client that brings its jobs is told that it needs extended channels',
    (edition) => {
      const { link } = aPool(edition)
      const miner = new TestMiner(link, edition, REQUIRES_WORK_SELECTION)
      expect(miner.log).toMatchObject([
        { type: 'SetupConnection.Success', flags: MINING_SUCCESS_FLAGS.REQUIRES_EXTENDED_CHANNELS },
      ])
      const requestId = miner.request('standard')
      expect(miner.take()).toMatchObject([{ type: 'OpenMiningChannel.Error', requestId }])
      expect(miner.open('extended').channelId).toBeGreaterThan(0)
    },
  )

  proves('POOL-53', 'draft', 'a job for another channel than an extended one is refused', (edition) => {
    const { miner, channel } = aSelectingMiner(edition)
    for (const channelId of [channel.channelId - 1, 99])
      expect(refusalOf(miner, aCustomJob(channel, { channelId, extranonceSize: 8 }))).toBe(
        'invalid-channel-id',
      )
  })

  proves(
    'POOL-55, JNS-05',
    'draft',
    'a token that is none, or not good for that yet, is refused',
    (edition) => {
      const { miner, channel } = aSelectingMiner(edition)
      const of = (miningJobToken: Uint8Array) => aCustomJob(channel, { miningJobToken })
      expect(refusalOf(miner, of(filled(1, 40)))).toBe('invalid-mining-job-token')
      expect(refusalOf(miner, of(aToken({ usableAtOnce: false })))).toBe('invalid-mining-job-token')
      const commitment = checked(edition, aCustomJob(channel))
      expect(refusalOf(miner, of(aToken({ usableAtOnce: false, commitment })))).toBe(
        'SetCustomMiningJob.Success',
      )
    },
  )

  test.each<readonly [string, Partial<MiningJobToken>]>([
    ['job-not-yet-validated', { usableAtOnce: false }],
    ['invalid-mining-job-token', { expires: NTIME }],
    ['invalid-mining-job-token', { account: accountKey('bob') }],
    ['invalid-mining-job-token', { outputs: [] }],
    ['invalid-coinbase-tx-outputs', { outputs: [PAYOUT_SCRIPT, Uint8Array.of(0x6a)] }],
  ])('POOL-55 (current): %s for a token of %j', (code, over) => {
    const { miner, channel } = aSelectingMiner(current)
    expect(refusalOf(miner, aCustomJob(channel, { miningJobToken: aToken(over) }))).toBe(code)
  })

  test('a token of another key is none, and one of its user is taken afterwards', () => {
    const { miner, channel } = aSelectingMiner(current)
    const forged = aToken({}, (bytes) => filled(bytes.length & 0xff))
    expect(refusalOf(miner, aCustomJob(channel, { miningJobToken: forged }))).toBe('invalid-mining-job-token')
    expect(refusalOf(miner, aCustomJob(channel))).toBe('SetCustomMiningJob.Success')
  })

  proves('POOL-55', 'both', 'a token stands for one job, once on each channel', (edition) => {
    const { link, miner, channel } = aSelectingMiner(edition)
    const commitment = checked(edition, aCustomJob(channel))
    const checkedJob = aCustomJob(channel, { miningJobToken: aToken({ commitment }) })
    expect(refusalOf(miner, checkedJob)).toBe('SetCustomMiningJob.Success')
    expect(refusalOf(miner, checkedJob)).toBe('invalid-mining-job-token')
    const miningJobToken = aToken()
    expect(refusalOf(miner, aCustomJob(channel, { miningJobToken }))).toBe('SetCustomMiningJob.Success')
    const other = miner.open('extended')
    const changed = aCustomJob(other, { miningJobToken, merklePath: [] })
    expect(refusalOf(miner, changed)).toBe('invalid-mining-job-token')
    expect(refusalOf(miner, aCustomJob(other, { miningJobToken }))).toBe('SetCustomMiningJob.Success')
    const elsewhere = new TestMiner(link, edition, REQUIRES_WORK_SELECTION)
    const again = aCustomJob(elsewhere.open('extended'), { miningJobToken })
    expect(refusalOf(elsewhere, again)).toBe('SetCustomMiningJob.Success')
  })

  test('coinbase-only: a client that sends its job once for each of its miners is told the same number each time', () => {
    const { miner, channel } = aSelectingMiner(current)
    const job = aCustomJob(channel)
    const first = answerTo(miner, { ...job, requestId: 2 })
    expect(first).toMatchObject({ type: 'SetCustomMiningJob.Success', requestId: 2 })
    expect(answerTo(miner, { ...job, requestId: 3 })).toEqual({ ...first, requestId: 3 })
    // not what differs, and not once another job has taken its place
    expect(refusalOf(miner, { ...job, minNtime: job.minNtime + 1 })).toBe('invalid-mining-job-token')
    expect(refusalOf(miner, { ...job, merklePath: [] })).toBe('invalid-mining-job-token')
    expect(refusalOf(miner, aCustomJob(channel, { merklePath: [] }))).toBe('SetCustomMiningJob.Success')
    expect(refusalOf(miner, job)).toBe('invalid-mining-job-token')
  })

  test('tokens that are remembered have a limit, until they expire', () => {
    const { link, miner, channel } = aSelectingMiner(current, {
      customWork: { maxUsedTokens: 2, uncheckedTrust: Number.POSITIVE_INFINITY, negotiators: [] },
    })
    const jobs = [2, 300, 300].map((seconds) =>
      aCustomJob(channel, { miningJobToken: aToken({ expires: NTIME + seconds }) }),
    )
    expect(jobs.map((job) => refusalOf(miner, job))).toEqual([
      'SetCustomMiningJob.Success',
      'SetCustomMiningJob.Success',
      'job-not-yet-validated',
    ])
    link.advance(3_000)
    expect(refusalOf(miner, jobs[2]!)).toBe('SetCustomMiningJob.Success')
  })

  proves('POOL-56', 'current', 'a job that pays the pool nothing is refused', (edition) => {
    const { miner, channel } = aSelectingMiner(edition)
    const mine = { value: REWARD, script: Uint8Array.of(0x51) }
    for (const outputs of [[], [mine], [paying(0n), mine]])
      expect(refusalOf(miner, aCustomJob(channel, { coinbaseTxOutputs: counted(...outputs) }))).toBe(
        'invalid-coinbase-tx-outputs',
      )
  })

  test('where the client leaves value, the pool puts its output in front', () => {
    const { miner, channel } = aSelectingMiner(draft)
    const answer = answerTo(
      miner,
      aCustomJob(channel, { coinbaseTxValueRemaining: 7n, coinbaseTxOutputs: counted() }),
    )
    if (answer.type !== 'SetCustomMiningJob.Success') throw new Error(answer.type)
    expect(answer.coinbaseTxSuffix).toEqual(
      concatBytes(
        Uint8Array.of(0xfe, 0xff, 0xff, 0xff),
        counted(paying(7n)),
        Uint8Array.of(0x3f, 0x0d, 3, 0),
      ),
    )
  })

  test.each<readonly [string, Partial<SetCustomMiningJob>]>([
    ['invalid-nbits', { nbits: 0x1d00fffe }],
    ['invalid-min-ntime', { minNtime: NTIME - 61 }],
    ['invalid-min-ntime', { minNtime: NTIME + 7_201 }],
    ['invalid-coinbase-tx-outputs', { coinbaseTxOutputs: Uint8Array.of(2, 0) }],
    ['invalid-coinbase-tx-outputs', { coinbaseTxOutputs: counted(paying(2n ** 64n - 1n)) }],
    [
      'invalid-coinbase-tx-outputs',
      { coinbaseTxOutputs: counted(paying(1n), { value: 1n, script: filled(1, 65_485) }) },
    ],
    ['invalid-coinbase-prefix', { coinbasePrefix: Uint8Array.of(3, 1, 2, 3) }],
    [
      'invalid-coinbase-prefix',
      { coinbasePrefix: concatBytes(Uint8Array.of(3, 0x40, 0x0d, 3), filled(1, 90)) },
    ],
    ['invalid-channel-id', { channelId: 99 }],
  ])('%s for a job of which that holds', (code, over) => {
    const { miner, channel } = aSelectingMiner(current)
    expect(refusalOf(miner, aCustomJob(channel, over))).toBe(code)
    expect(miner.peer.closed).toBeUndefined()
  })

  test.each<readonly [string, Partial<SetCustomMiningJob>]>([
    ['invalid-version', { version: 0x2000_0001 }],
    ['invalid-coinbase-tx-version', { coinbaseTxVersion: 1 }],
    ['invalid-coinbase-tx-input-n-sequence', { coinbaseTxInputSequence: 1 }],
    ['invalid-coinbase-tx-locktime', { coinbaseTxLocktime: 1 }],
    ['invalid-coinbase-prefix', { coinbasePrefix: Uint8Array.of(3, 0x40, 0x0d, 0x03, 8) }],
    ['invalid-coinbase-tx-outputs', { coinbaseTxOutputs: counted(paying(REWARD - 1n)) }],
    ['invalid-merkle-path', { merklePath: [] }],
    ['SetCustomMiningJob.Success', { version: 0x2000_2000 }],
    ['SetCustomMiningJob.Success', { minNtime: NTIME + 1 }],
  ])('%s for another job than the one committed to', (code, over) => {
    const { miner, channel } = aSelectingMiner(current)
    const miningJobToken = aToken({ commitment: checked(current, aCustomJob(channel)) })
    expect(refusalOf(miner, aCustomJob(channel, { ...over, miningJobToken }))).toBe(code)
  })

  proves('JNS-11', 'draft', 'a channel has the extranonce that was promised for the job', (edition) => {
    const { miner, channel } = aSelectingMiner(edition)
    const of = (size: number) => aToken({ commitment: checked(edition, aCustomJob(channel), size) })
    const short = 'invalid-job-param-value-extranonce_size'
    expect(channel.extranonceSize).toBe(8)
    expect(refusalOf(miner, aCustomJob(channel, { miningJobToken: of(9) }))).toBe(short)
    expect(refusalOf(miner, aCustomJob(channel, { extranonceSize: 7 }))).toBe(short)
    expect(refusalOf(miner, aCustomJob(channel, { miningJobToken: of(8) }))).toBe(
      'SetCustomMiningJob.Success',
    )
    const larger = miner.open('extended', { minExtranonceSize: 9 })
    expect(larger.extranonceSize).toBe(9)
    expect(refusalOf(miner, aCustomJob(larger, { miningJobToken: of(9) }))).toBe('SetCustomMiningJob.Success')
  })
})

describe('custom jobs and tips', () => {
  proves('POOL-36', 'both', 'a job on a tip not known yet waits until the pool hears of it', (edition) => {
    const { link, miner, channel, tip } = aSelectingMiner(edition)
    miner.take()
    miner.peer.send(aCustomJob(channel, { prevHash: filled(3) }))
    link.advance(9_000)
    expect(miner.take()).toEqual([])
    tip({ templateId: 3n }, { prevHash: filled(3) })
    expect(miner.take()).toMatchObject([{ type: 'SetCustomMiningJob.Success', requestId: 5 }])
  })

  proves('POOL-36', 'both', 'it is refused when no such tip comes, and only a few wait', (edition) => {
    const { link, miner, channel, tip } = aSelectingMiner(edition)
    const stale = spelt(edition, 'stale-chain-tip', 'invalid-job-param-value-prev_hash')
    const refused = () => miner.takeOf('SetCustomMiningJob.Error').map(({ errorCode }) => errorCode)
    miner.take()
    for (let n = 0; n < 20; n++) miner.peer.send(aCustomJob(channel, { prevHash: filled(3) }))
    expect(refused()).toEqual(Array.from({ length: 16 }, () => stale))
    link.advance(6_000)
    tip({ templateId: 4n }, { prevHash: filled(4) })
    expect(refused()).toEqual([])
    link.advance(4_000)
    expect(refused()).toEqual([stale, stale, stale, stale])
    expect(refusalOf(miner, aCustomJob(channel))).toBe(stale)
  })

  test('a job that waits on a channel or connection that goes is forgotten', () => {
    const { miner, channel, tip } = aSelectingMiner(current)
    miner.peer.send(aCustomJob(channel, { prevHash: filled(3) }))
    miner.peer.send({ type: 'CloseChannel', channelId: channel.channelId, reasonCode: '' })
    const { link, miner: leaving, channel: theirs, tip: thatTip } = aSelectingMiner(current)
    leaving.peer.send(aCustomJob(theirs, { prevHash: filled(3) }))
    leaving.peer.disconnect()
    tip({ templateId: 3n }, { prevHash: filled(3) })
    thatTip({ templateId: 3n }, { prevHash: filled(3) })
    link.advance(20_000)
    expect(miner.takeOf('SetCustomMiningJob.Error')).toMatchObject([{ errorCode: 'invalid-channel-id' }])
    expect(leaving.take().some(({ type }) => type.startsWith('SetCustom'))).toBe(false)
  })

  test('a client that brings its jobs is sent none, and no tip', () => {
    const { link, miner, templates, tip } = aSelectingMiner(current)
    tip({ templateId: 3n }, { prevHash: filled(3) })
    templates.send(aTemplate({ templateId: 4n, futureTemplate: false }))
    templates.send(aTemplate({ templateId: 5n }), aTip({ templateId: 5n, prevHash: filled(5) }))
    link.advance(200_000)
    miner.take()
    const kinds = new Set(miner.log.map(({ type }) => type))
    expect([...kinds]).toEqual(['SetupConnection.Success', 'OpenExtendedMiningChannel.Success'])
  })

  test('a pool without custom work says jd-not-supported', () => {
    const miner = new TestMiner(aPool(current).link, current, REQUIRES_WORK_SELECTION)
    const channel = miner.open('extended')
    expect(refusalOf(miner, aCustomJob(channel))).toBe('jd-not-supported')
  })
})
