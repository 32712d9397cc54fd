import { parseCountedOutputs, parseOutputs } from '@sv2/bitcoin'
import { MINING_SETUP_FLAGS, type SetCustomMiningJob } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { accountKey, commitTo } from '@sv2/roles/custom-jobs'
import { type Distribution, rewardOutputs } from '@sv2/roles/payouts'
import { describe, expect, test } from 'vitest'
import { aCustomJob, aCustomPool, answerTo, aToken, counted, REWARD } from '../_custom-jobs.ts'
import { aTemplate, MINERS } from '../_fixtures.ts'
import { ALICE, aDistribution, POOL_SCRIPT, SHARED } from '../_payouts.ts'
import { type TestChannel, TestMiner } from '../_test-miner.ts'

const COMMITMENT = parseOutputs(aTemplate().coinbaseTxOutputs)

/** A pool that splits blocks and takes miners' own jobs, and a client that may have agreed on the extension. */
function aWorld(extension: 'agreed' | 'not agreed' = 'agreed') {
  const extensions = { supported: new Set([2, 3]), required: new Set<number>() }
  const world = aCustomPool(current, { payout: SHARED, miners: { ...MINERS, extensions } })
  const distribute = (distribution: Distribution, how: 'voids' | 'adds' = 'adds') =>
    world.link.tell({ kind: 'distribution', distribution, voids: how === 'voids' })
  const miner = new TestMiner(world.link, current, MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION)
  if (extension === 'agreed')
    miner.peer.send({ type: 'RequestExtensions', requestId: 1, requestedExtensions: [3] })
  const channel = miner.open('extended', { user: ALICE })
  return { ...world, miner, channel, distribute }
}

/** A job that pays so. */
function aJob(
  channel: TestChannel,
  { id, distribution }: { readonly id?: bigint; readonly distribution: Distribution },
): SetCustomMiningJob {
  const outputs = [...rewardOutputs(distribution, REWARD), ...COMMITMENT]
  const job = aCustomJob(channel, {
    miningJobToken: aToken({ account: accountKey(ALICE), outputs: [], distributionId: 0n }),
    coinbaseTxOutputs: counted(...outputs),
  })
  return id === undefined ? job : { ...job, distributionId: id }
}

/** Why a job is refused; undefined when it is taken. */
function codeOf(miner: TestMiner, job: SetCustomMiningJob): string | undefined {
  const answer = answerTo(miner, job)
  return answer.type === 'SetCustomMiningJob.Error' ? answer.errorCode : undefined
}

describe('a pool that splits blocks, and jobs that miners bring', () => {
  test('tells the distribution behind the answer about extensions, and each newer one', () => {
    const { link, distribute } = aWorld()
    distribute(aDistribution(1n, 2))
    const miner = new TestMiner(link, current)
    miner.peer.send({ type: 'RequestExtensions', requestId: 9, requestedExtensions: [3] })
    expect(miner.take()).toMatchObject([
      { type: 'RequestExtensions.Success', supportedExtensions: [3] },
      { type: 'SetPayoutDistribution', distributionId: 1n },
    ])
    const stranger = new TestMiner(link, current)
    distribute(aDistribution(2n, 2), 'voids')
    expect(miner.take()).toMatchObject([{ type: 'SetPayoutDistribution', distributionId: 2n }])
    expect(stranger.take()).toEqual([])
  })

  test('a job that follows the newest distribution, or the one before it, is taken', () => {
    const { miner, channel, distribute } = aWorld()
    distribute(aDistribution(1n, 2))
    distribute(aDistribution(2n, 3))
    expect(codeOf(miner, aJob(channel, { id: 2n, distribution: aDistribution(2n, 3) }))).toBeUndefined()
    expect(codeOf(miner, aJob(channel, { id: 1n, distribution: aDistribution(1n, 2) }))).toBeUndefined()
  })

  test('none from before a block was settled is', () => {
    const { miner, channel, distribute } = aWorld()
    distribute(aDistribution(1n, 2))
    distribute(aDistribution(2n, 3), 'voids')
    const job = aJob(channel, { id: 1n, distribution: aDistribution(1n, 2) })
    expect(codeOf(miner, job)).toBe('stale-payout-distribution')
  })

  test.each([
    ['of another split', { id: 1n, distribution: aDistribution(1n, 3) }],
    ['that names no distribution', { distribution: aDistribution(1n, 2) }],
  ])('a job %s is refused', (_, wrong) => {
    const { miner, channel, distribute } = aWorld()
    distribute(aDistribution(1n, 2))
    expect(codeOf(miner, aJob(channel, wrong))).toBe('invalid-payout-distribution')
  })

  test('on one connection alone the extension is not used: such jobs are refused', () => {
    const { miner, channel, distribute } = aWorld('not agreed')
    distribute(aDistribution(1n, 2))
    const job = aJob(channel, { distribution: aDistribution(1n, 2) })
    expect(codeOf(miner, job)).toBe('invalid-payout-distribution')
    const agreed = aWorld()
    agreed.distribute(aDistribution(1n, 2))
    const plain = aToken({ account: accountKey(ALICE), outputs: [POOL_SCRIPT] })
    const named = {
      ...aJob(agreed.channel, { id: 1n, distribution: aDistribution(1n, 2) }),
      miningJobToken: plain,
    }
    expect(codeOf(agreed.miner, named)).toBe('invalid-payout-distribution')
  })

  test('a job that was checked is mined as long as its distribution holds', () => {
    const { miner, channel, distribute } = aWorld()
    distribute(aDistribution(1n, 2))
    const job = aJob(channel, { distribution: aDistribution(1n, 2) })
    const commitment = commitTo({
      ...job,
      coinbase: {
        version: job.coinbaseTxVersion,
        scriptPrefix: job.coinbasePrefix,
        sequence: job.coinbaseTxInputSequence,
        outputs: parseCountedOutputs(job.coinbaseTxOutputs),
        locktime: job.coinbaseTxLocktime,
      },
    })
    const account = accountKey(ALICE)
    const sealed = () => aToken({ account, outputs: [], distributionId: 1n, commitment, usableAtOnce: false })
    expect(codeOf(miner, { ...job, miningJobToken: sealed() })).toBeUndefined()
    distribute(aDistribution(2n, 3), 'voids')
    expect(codeOf(miner, { ...job, miningJobToken: sealed() })).toBe('stale-payout-distribution')
  })

  test('without the extension a job pays the pool’s script, and is taken', () => {
    const { miner, channel, distribute } = aWorld('not agreed')
    distribute(aDistribution(1n, 2))
    const job = aCustomJob(channel, {
      miningJobToken: aToken({ account: accountKey(ALICE), outputs: [POOL_SCRIPT] }),
      coinbaseTxOutputs: counted({ value: REWARD, script: POOL_SCRIPT }, ...COMMITMENT),
    })
    expect(codeOf(miner, job)).toBeUndefined()
  })
})
