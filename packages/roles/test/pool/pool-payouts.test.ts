import { equalBytes, parseOutputs, sha256d } from '@sv2/bitcoin'
import { type Edition, MINING_SETUP_FLAGS, type NewExtendedMiningJob } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { type Distribution, firstPayouts, PAYOUT_CLASSES, rewardOutputs } from '@sv2/roles/payouts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aPool, aTemplate, aTip, filled, type PoolWorld } from '../_fixtures.ts'
import { ALICE, aDistribution, coinbaseOf, minerScript, outputsOf, POOL_SCRIPT, SHARED } from '../_payouts.ts'
import { rootOf, type TestChannel, TestMiner } from '../_test-miner.ts'

const EDITIONS = [current, draft]
const VALUE = aTemplate().coinbaseTxValueRemaining
const COMMITMENT = parseOutputs(aTemplate().coinbaseTxOutputs)

/** A pool in mode shared, with a miner on a door for coinbases of so many bytes. */
function aSharedPool(edition: Edition, maxCoinbaseBytes?: number) {
  const world = aPool(edition, { payout: SHARED })
  const join = (most?: number) => {
    const miner = new TestMiner(world.link, edition, most === undefined ? {} : { maxCoinbaseBytes: most })
    return { miner, channel: miner.open('extended', { user: `${ALICE}.rig` }) }
  }
  return { ...world, ...join(maxCoinbaseBytes), join }
}

function distribute({ link }: PoolWorld, distribution: Distribution, voids: 'voids' | 'adds' = 'adds'): void {
  link.tell({ kind: 'distribution', distribution, voids: voids === 'voids' })
}

/** A better template for the present tip. */
function update({ templates }: PoolWorld, templateId: bigint): void {
  templates.send(aTemplate({ templateId, futureTemplate: false }))
}

/** The outputs of a channel's newest job. */
function paid(miner: TestMiner, channel: TestChannel) {
  return outputsOf(miner.job(channel) as NewExtendedMiningJob, channel)
}

/** What the coinbase of the template's value pays by a distribution, in the order of docs/wire.md. */
function wanted(distribution: Distribution, value = VALUE) {
  return [...rewardOutputs(distribution, value), ...COMMITMENT]
}

describe.each(EDITIONS)('payouts in the coinbase ($name)', (edition) => {
  test('before the first distribution all of a block is the pool’s', () => {
    const { miner, channel } = aSharedPool(edition)
    expect(paid(miner, channel)).toEqual([{ value: VALUE, script: POOL_SCRIPT }, ...COMMITMENT])
  })

  test('the template provider is told the room first, and its next template pays the miners', () => {
    const world = aSharedPool(edition)
    const { miner, channel, templates } = world
    templates.received()
    const distribution = aDistribution(1n, 3)
    distribute(world, distribution)
    const [told] = templates.receivedOf('CoinbaseOutputConstraints')
    expect(told!.coinbaseOutputMaxAdditionalSize).toBeGreaterThanOrEqual(43 + 3 * 31)
    world.link.advance(60_000)
    expect(paid(miner, channel)).toHaveLength(2)
    update(world, 2n)
    expect(paid(miner, channel)).toEqual(wanted(distribution))
  })

  test('a block voids distributions: a job and each job that waits are made anew at once', () => {
    const world = aSharedPool(edition)
    const { miner, channel, templates } = world
    distribute(world, aDistribution(1n, 3))
    update(world, 2n)
    templates.send(aTemplate({ templateId: 3n }))
    const waiting = miner.job(channel)
    const distribution = aDistribution(2n, 2)
    distribute(world, distribution, 'voids')
    expect(paid(miner, channel)).toEqual(wanted(distribution))
    templates.send(aTip({ templateId: 3n, prevHash: filled(0xbb) }))
    const { jobId } = miner.tip(channel)
    expect(jobId).not.toBe(waiting.jobId)
    const active = miner.jobs(channel).find((job) => job.jobId === jobId) as NewExtendedMiningJob
    expect(outputsOf(active, channel)).toEqual(wanted(distribution))
  })

  test('without a block the present job stays, and the next one follows', () => {
    const world = aSharedPool(edition)
    const { miner, channel, link } = world
    distribute(world, aDistribution(1n, 3))
    update(world, 2n)
    const before = miner.jobs(channel).length
    const distribution = aDistribution(2n, 2)
    distribute(world, distribution)
    expect(miner.jobs(channel)).toHaveLength(before)
    link.advance(60_000)
    expect(paid(miner, channel)).toEqual(wanted(distribution))
  })

  test('a miner on a job of an earlier distribution is credited until the tip changes', () => {
    const world = aSharedPool(edition)
    const { miner, channel, link } = world
    distribute(world, aDistribution(1n, 3))
    update(world, 2n)
    const share = miner.find(channel)
    distribute(world, aDistribution(2n, 2), 'voids')
    miner.peer.send(share)
    link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toHaveLength(1)
  })

  test('an identity that names no address of this network is refused', () => {
    const { link } = aSharedPool(edition)
    const miner = new TestMiner(link, edition)
    miner.request('extended', { user: 'alice.1' })
    expect(miner.takeOf('OpenMiningChannel.Error')).toMatchObject([{ errorCode: expect.any(String) }])
  })
})

describe('payout classes', () => {
  const many = aDistribution(1n, 600)
  const outputs = (bytes: number) => {
    const world = aSharedPool(current, bytes)
    distribute(world, many)
    update(world, 2n)
    return { outputs: paid(world.miner, world.channel), ...world }
  }

  test.each([
    [500, 11],
    [730, 18],
    [2_250, 67],
    [6_500, 204],
    [16_000, 511],
  ])('%d bytes of coinbase pay the pool and the first miners: %d outputs of ours', (bytes, count) => {
    const { outputs: made, miner, channel } = outputs(bytes)
    expect(made).toEqual(wanted(firstPayouts(many, count - 1)))
    const size = coinbaseOf(miner.job(channel) as NewExtendedMiningJob, channel).length
    expect(size).toBeLessThanOrEqual(bytes)
    // another output would not fit
    expect(size + 31).toBeGreaterThan(bytes)
  })

  test('a door for less than a class gets the class below', () => {
    expect(outputs(2_249).outputs).toHaveLength(outputs(730).outputs.length)
  })

  test('each door has its own at the same time, of the same job', () => {
    const world = aSharedPool(current, 500)
    const others = PAYOUT_CLASSES.slice(1).map((bytes) => world.join(bytes))
    distribute(world, many)
    update(world, 2n)
    const all = [world, ...others].map(({ miner, channel }) => ({
      job: miner.job(channel) as NewExtendedMiningJob,
      outputs: paid(miner, channel),
    }))
    expect(new Set(all.map(({ job }) => job.jobId)).size).toBe(1)
    expect(new Set(all.map(({ outputs: made }) => made.length)).size).toBe(5)
    for (const { outputs: made } of all) expect(made.reduce((sum, { value }) => sum + value, 0n)).toBe(VALUE)
  })

  test('a device that sees merkle roots only mines the largest class, whatever its door says', () => {
    const world = aSharedPool(current, 16_000)
    const flags = MINING_SETUP_FLAGS.REQUIRES_STANDARD_JOBS
    const device = new TestMiner(world.link, current, { flags, maxCoinbaseBytes: 500 })
    const standard = device.open('standard', { user: ALICE })
    distribute(world, many)
    update(world, 2n)
    const large = world.miner.job(world.channel) as NewExtendedMiningJob
    const root = rootOf(large, standard.prefix, new Uint8Array(0))
    const job = device.job(standard)
    expect(job.type === 'NewMiningJob' && equalBytes(job.merkleRoot, root)).toBe(true)
  })

  test('a block of a class is submitted as its miner mined it', () => {
    const world = aSharedPool(current, 730)
    const { miner, channel, templates, link } = world
    distribute(world, many)
    update(world, 2n)
    world.tip({ templateId: 3n }, { prevHash: filled(7), nbits: 0x207fffff, target: filled(0xff) })
    templates.received()
    miner.peer.send(miner.find(channel))
    const [solution] = templates.receivedOf('SubmitSolution')
    const coinbase = coinbaseOf(miner.job(channel) as NewExtendedMiningJob, channel)
    expect(solution?.coinbaseTx.length).toBe(coinbase.length + 36)
    expect(link.takeFacts()).toContainEqual(expect.objectContaining({ kind: 'blockFound', templateId: 3n }))
  })
})

describe('room in templates', () => {
  const told = ({ templates }: PoolWorld) =>
    templates.receivedOf('CoinbaseOutputConstraints').map(({ coinbaseOutputMaxAdditionalSize: size }) => size)

  test('a template that came before the room was told goes on with the distribution before', () => {
    const world = aSharedPool(current)
    const small = aDistribution(1n, 2)
    distribute(world, small)
    update(world, 2n)
    distribute(world, aDistribution(2n, 40))
    world.link.advance(60_000)
    expect(paid(world.miner, world.channel)).toEqual(wanted(small))
    update(world, 3n)
    expect(paid(world.miner, world.channel)).toEqual(wanted(aDistribution(2n, 40)))
  })

  test('where the one before is void, as many are paid as there is room for, and the pool holds the rest', () => {
    const world = aSharedPool(current)
    distribute(world, aDistribution(1n, 2))
    update(world, 2n)
    const large = aDistribution(2n, 40)
    distribute(world, large, 'voids')
    const outputs = paid(world.miner, world.channel)
    expect(outputs.length).toBeGreaterThan(3)
    expect(outputs.length).toBeLessThan(20)
    expect(outputs).toEqual(wanted(firstPayouts(large, outputs.length - 2)))
  })

  test('is told ahead, so that a few miners more need no other template', () => {
    const world = aSharedPool(current)
    distribute(world, aDistribution(1n, 20))
    update(world, 2n)
    told(world)
    distribute(world, aDistribution(2n, 22))
    expect(told(world)).toEqual([])
    world.link.advance(60_000)
    expect(paid(world.miner, world.channel)).toEqual(wanted(aDistribution(2n, 22)))
  })

  test('does not follow each change, and becomes less when far fewer are paid', () => {
    const world = aSharedPool(current)
    const { link } = world
    told(world)
    distribute(world, aDistribution(1n, 60))
    const [most] = told(world)
    for (let id = 2n; id < 40n; id++) distribute(world, aDistribution(id, 40 + Number(id % 20n)))
    expect(told(world)).toEqual([])
    distribute(world, aDistribution(50n, 5))
    expect(told(world)).toEqual([])
    link.advance(600_000)
    distribute(world, aDistribution(51n, 5))
    const [less] = told(world)
    expect(less).toBeLessThan(most! / 3)
  })

  test('is that of the class in use with the most outputs', () => {
    const world = aSharedPool(current, 500)
    told(world)
    distribute(world, aDistribution(1n, 600))
    const [small] = told(world)
    expect(small).toBeLessThanOrEqual(500)
    world.join(6_500)
    const [large] = told(world)
    expect(large).toBeGreaterThan(203 * 31)
    expect(large).toBeLessThanOrEqual(6_500)
    // a miner on a door that was in use already changes nothing
    world.join(6_500)
    world.join(500)
    expect(told(world)).toEqual([])
  })

  test('counts signature operations of addresses of the old kind', () => {
    const world = aSharedPool(current)
    const p2pkh = (n: number) => Uint8Array.of(0x76, 0xa9, 20, ...minerScript(n).subarray(2), 0x88, 0xac)
    const payouts = aDistribution(1n, 10).payouts.map((payout, n) => ({ ...payout, script: p2pkh(n) }))
    world.templates.received()
    distribute(world, aDistribution(1n, 0, { payouts }))
    const [constraints] = world.templates.receivedOf('CoinbaseOutputConstraints')
    expect(constraints?.coinbaseOutputMaxAdditionalSigops).toBeGreaterThanOrEqual(40)
  })
})

test('a distribution that is older than the newest is not taken', () => {
  const world = aSharedPool(current)
  distribute(world, aDistribution(5n, 3))
  update(world, 2n)
  distribute(world, aDistribution(4n, 1), 'voids')
  world.link.advance(60_000)
  expect(paid(world.miner, world.channel)).toEqual(wanted(aDistribution(5n, 3)))
})

const weight = fc.bigInt({ min: 1n, max: 2n ** 62n })
const anyScript = fc.uint8Array({ minLength: 1, maxLength: 300 })
const anyPayout = fc.record({
  script: anyScript,
  weight,
  dustLimit: fc.nat({ max: 1_000_000 }),
})

test('whatever the distribution, class and value: outputs in their order, sum exact, coinbase within its class', () => {
  fc.assert(
    fc.property(
      fc.array(anyPayout, { maxLength: 80 }),
      weight,
      fc.bigInt({ min: 0n, max: 21_000_000n * 100_000_000n }),
      fc.constantFrom(...PAYOUT_CLASSES),
      fc.constantFrom('voids', 'adds') as fc.Arbitrary<'voids' | 'adds'>,
      (payouts, poolWeight, value, bytes, voids) => {
        const world = aSharedPool(current, bytes)
        const { miner, channel, templates } = world
        const pool = { script: POOL_SCRIPT, weight: poolWeight }
        const distribution: Distribution = { id: 9n, pool, payouts, additionalOutputs: [] }
        distribute(world, distribution, voids)
        templates.send(aTemplate({ templateId: 2n, futureTemplate: false, coinbaseTxValueRemaining: value }))
        const job = miner.job(channel) as NewExtendedMiningJob
        const outputs = outputsOf(job, channel)
        expect(coinbaseOf(job, channel).length).toBeLessThanOrEqual(bytes)
        expect(outputs.reduce((sum, output) => sum + output.value, 0n)).toBe(value)
        const splits = payouts.map((_, most) => firstPayouts(distribution, most))
        const made = [...splits, distribution].map((split) => wanted(split, value))
        expect(made).toContainEqual(outputs)
        expect(sha256d(coinbaseOf(job, channel))).toHaveLength(32)
      },
    ),
    { numRuns: 60 },
  )
})
