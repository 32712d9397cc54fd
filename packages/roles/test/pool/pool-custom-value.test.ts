import { reversed, sha256d } from '@sv2/bitcoin'
import type { Edition } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import {
  aCustomJob,
  answerTo,
  aSelectingMiner,
  aToken,
  checked,
  counted,
  paying,
  REWARD,
  refusalOf,
  setJob,
  tipOfJob,
} from '../_custom-jobs.ts'
import { filled, NBITS_EASY, NOW, NTIME, proves } from '../_fixtures.ts'
import { codes } from '../_pool-shares.ts'
import { findShare } from '../_test-miner.ts'

/** Every header has a good hash. */
const luckyHash = (bytes: Uint8Array) => sha256d(bytes).fill(0, 28)

const LEVEL = 2 ** -28
const others = (value: bigint) => ({ value, script: filled(9, 22) })
/** An own job of a client, with what has to be asked of the pool in both modes. */
const both = [
  ['coinbase-only', () => undefined],
  ['full-template', (edition: Edition, job: ReturnType<typeof aCustomJob>) => checked(edition, job)],
] as const

describe('what a job is worth', () => {
  proves(
    'POOL-57',
    'current',
    'what the pool gets of it, against what its own template would have brought',
    (edition) => {
      for (const [outputs, part] of [
        [[paying(REWARD)], 1],
        // more fees than the pool's own template has are worth no more
        [[paying((REWARD * 11n) / 10n)], 1],
        [[paying(1n)], 1 / Number(REWARD)],
        [[paying(REWARD / 4n)], 0.25],
        [[paying(REWARD / 4n), others(REWARD / 4n)], 0.25],
        [[paying(REWARD / 2n), others(REWARD / 2n)], 0.5],
      ] as const) {
        const { link, miner, channel } = aSelectingMiner(edition, { hash: luckyHash })
        const job = aCustomJob(channel, { coinbaseTxOutputs: counted(...outputs) })
        const answer = answerTo(miner, job)
        if (answer.type !== 'SetCustomMiningJob.Success') throw new Error(answer.type)
        miner.peer.send({
          type: 'SubmitSharesExtended',
          channelId: channel.channelId,
          sequenceNumber: 1,
          jobId: answer.jobId,
          nonce: 1,
          ntime: NTIME,
          version: job.version,
          extranonce: filled(1, channel.extranonceSize),
        })
        const [share] = link.factsOf('shareAccepted')
        expect(share!.difficulty / LEVEL).toBeCloseTo(part, 9)
      }
    },
  )

  test.each([
    [
      'of reward that there is not',
      'invalid-coinbase-tx-outputs',
      { coinbaseTxOutputs: counted(paying(2n * REWARD)) },
    ],
  ] as const)('a job that nobody has checked is refused for %s', (_, code, over) => {
    const { miner, channel } = aSelectingMiner(current)
    expect(refusalOf(miner, aCustomJob(channel, over))).toBe(code)
  })

  describe.each(both)('%s', (_, commitTo) => {
    test.each([
      ['version 0', 'invalid-version', { version: 0 }],
      ['version 3', 'invalid-version', { version: 3 }],
      ['a version with the sign', 'invalid-version', { version: 0xa000_0000 }],
      ['other nbits', 'invalid-nbits', { nbits: 0x1d00_fffe }],
      ['another height', 'invalid-coinbase-prefix', { coinbasePrefix: Uint8Array.of(3, 0x41, 0x0d, 0x03) }],
      ['a time 14,000 s ahead', 'invalid-min-ntime', { minNtime: NTIME + 14_000 }],
      ['a time long ago', 'invalid-min-ntime', { minNtime: NTIME - 61 }],
      ['a locktime of this height', 'invalid-coinbase-tx-locktime', { coinbaseTxLocktime: 200_000 }],
    ] as const)('%s is refused', (__, code, over) => {
      const { miner, channel } = aSelectingMiner(current)
      const job = aCustomJob(channel, over)
      const miningJobToken = aToken({ commitment: commitTo(current, job) })
      expect(refusalOf(miner, { ...job, miningJobToken })).toBe(code)
    })

    test('a share is two hours ahead at most, whatever minimum time its job has', () => {
      const { link, miner, channel } = aSelectingMiner(current)
      const sent = aCustomJob(channel, { minNtime: NTIME + 7_000 })
      const job = setJob(miner, channel, {
        ...sent,
        miningJobToken: aToken({ commitment: commitTo(current, sent) }),
      })
      const find = (ntime: number) => findShare(channel, { job, tip: tipOfJob(sent), ntime })
      miner.peer.send(find(NTIME + 7_000), find(NTIME + 7_201), find(NTIME + 14_000))
      expect(codes(miner)).toEqual(['invalid-share', 'invalid-share'])
      expect(link.factsOf('shareAccepted')).toHaveLength(1)
    })
  })
})

describe('jobs that nobody has checked', () => {
  const trusting = (uncheckedTrust: number) => ({
    customWork: { maxUsedTokens: 100, uncheckedTrust, negotiators: [] },
  })

  test.each([current, draft])('are refused unless the operator trusts them ($name)', (edition) => {
    const { miner, channel } = aSelectingMiner(edition, trusting(0))
    const refused = refusalOf(miner, aCustomJob(channel))
    expect(refused).toBe(edition === draft ? 'invalid-mining-job-token' : 'job-not-yet-validated')
    const job = aCustomJob(channel)
    const miningJobToken = aToken({ commitment: checked(edition, job) })
    expect(refusalOf(miner, { ...job, miningJobToken })).toBe('SetCustomMiningJob.Success')
  })

  test('are credited as far as the operator trusts, and no share more', () => {
    const { link, miner, channel } = aSelectingMiner(current, trusting(2.5 * LEVEL))
    const sent = aCustomJob(channel)
    const job = setJob(miner, channel, sent)
    for (let share = 0; share < 6; share++) miner.peer.send(findShare(channel, { job, tip: tipOfJob(sent) }))
    expect(codes(miner)).toEqual(Array(3).fill('stale-share'))
    expect(link.factsOf('shareAccepted')).toHaveLength(3)
    expect(refusalOf(miner, aCustomJob(channel, { merklePath: [] }))).toBe('job-not-yet-validated')
  })

  test('a block on one is looked for in the chain: who has it there is trusted anew, who has not twice is not', () => {
    const { link, miner, channel, tip } = aSelectingMiner(current, {
      ...trusting(1.5 * LEVEL),
      miners: { startDifficulty: LEVEL },
    })
    tip({ templateId: 2n }, { prevHash: filled(0xbb), nbits: NBITS_EASY })
    const blockOn = (prevHash: Uint8Array) => {
      const sent = aCustomJob(channel, { prevHash, nbits: NBITS_EASY })
      const job = setJob(miner, channel, sent)
      miner.peer.send(findShare(channel, { job, tip: tipOfJob(sent) }))
      return reversed(Uint8Array.from(Buffer.from(link.factsOf('blockFound')[0]!.hash, 'hex')))
    }
    let prevHash = blockOn(filled(0xbb))
    tip({ templateId: 3n }, { prevHash, nbits: NBITS_EASY })
    expect(link.factsOf('uncheckedBlock')).toEqual([
      { kind: 'uncheckedBlock', user: 'alice', isProven: true },
    ])
    for (let block = 4; block < 6; block++) {
      blockOn(prevHash)
      prevHash = filled(block)
      tip({ templateId: BigInt(block) }, { prevHash, nbits: NBITS_EASY })
      expect(link.factsOf('uncheckedBlock')).toMatchObject([{ isProven: false }])
    }
    const job = aCustomJob(channel, { prevHash, nbits: NBITS_EASY, minNtime: NOW / 1000 })
    expect(refusalOf(miner, job)).toBe('job-not-yet-validated')
  })
})
