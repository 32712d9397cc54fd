import { concatBytes, encodeOutput, parseCountedOutputs, parseOutputs, parseTransaction } from '@sv2/bitcoin'
import type { SetPayoutDistribution } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { type Distribution, rewardOutputs } from '@sv2/roles/payouts'
import { describe, expect, test } from 'vitest'
import { aTemplate, filled } from '../_fixtures.ts'
import { JobClientWorld, moves, type PairHabits, POOL_SCRIPT, ScriptedPair } from '../_job-client.ts'
import { aDistribution } from '../_payouts.ts'
import { TestMiner } from '../_test-miner.ts'

const NULL_DATA = { value: 0n, script: Uint8Array.of(0x6a, 1, 7) }
const COMMITMENT = parseOutputs(aTemplate().coinbaseTxOutputs)
const VALUE = aTemplate().coinbaseTxValueRemaining
type Overrides = ConstructorParameters<typeof JobClientWorld>[0]

function told(distribution: Distribution): SetPayoutDistribution {
  const { id, pool, payouts } = distribution
  return {
    type: 'SetPayoutDistribution',
    distributionId: id,
    poolPayout: encodeOutput({ value: pool.weight, script: pool.script }),
    payouts: payouts.map(({ weight, script }) => encodeOutput({ value: weight, script })),
    dustLimits: payouts.map(({ dustLimit }) => dustLimit),
    additionalOutputs: [],
  }
}

/** A client that asks for the extension, a provider without work yet, and a pool with a server that have agreed on it. */
function following(overrides: Overrides = {}, habits: PairHabits = {}) {
  const world = new JobClientWorld({ extensions: [3], ...overrides })
  const templates = world.link.connect({
    port: { kind: 'templates' },
    edition: current,
    protocol: 'templates',
    plays: 'server',
  })
  templates.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
  world.templates = templates
  const pair = new ScriptedPair(world, { extensions: [3], outputs: [], ...habits })
  pair.open()
  const constraints = () => {
    world.answerTemplates()
    return world.constraints.map(({ coinbaseOutputMaxAdditionalSize: size }) => size)
  }
  const begin = (distribution: Distribution) => {
    pair.server.send(told(distribution))
    pair.open()
    world.tip()
    world.answerTemplates()
  }
  return { world, pair, constraints, begin }
}

/** Outputs of the coinbase that was declared. */
function declaredOutputs(pair: ScriptedPair) {
  const { coinbaseTxPrefix, coinbaseTxSuffix } = pair.declared
  // the script ends with the extranonce
  const script = coinbaseTxPrefix[43]!
  const missing = script - (coinbaseTxPrefix.length - 44)
  const coinbase = concatBytes(coinbaseTxPrefix, new Uint8Array(missing), coinbaseTxSuffix)
  return parseTransaction(coinbase).outputs
}

describe('a negotiator client that follows payout distributions', () => {
  test('tells its template provider no room before the first distribution, and then enough', () => {
    const { pair, constraints } = following()
    expect(constraints()).toEqual([])
    pair.server.send(told(aDistribution(1n, 100)))
    const [size] = constraints()
    expect(size).toBeGreaterThan(100 * 31 + 43)
  })

  test('declares a coinbase that is split by weights, names the distribution, and mines it', () => {
    const outputs = [{ value: 5_000n, script: filled(1, 22) }, NULL_DATA]
    const { world, pair, begin } = following({ outputs })
    const distribution = aDistribution(3n, 4)
    begin(distribution)
    expect(pair.declared.distributionId).toBe(3n)
    // an output of our own with value would be none of the distribution
    const wanted = [...rewardOutputs(distribution, VALUE), NULL_DATA, ...COMMITMENT]
    expect(declaredOutputs(pair)).toEqual(wanted)
    pair.agree()
    const [job] = pair.customJobs
    expect(job).not.toHaveProperty('distributionId')
    expect(parseCountedOutputs(job!.coinbaseTxOutputs)).toEqual(wanted)
    pair.acknowledge()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('extended')
    miner.peer.send(miner.find(channel))
    expect(pair.shares).toHaveLength(1)
  })

  test('without transactions to show, the custom job names the distribution', () => {
    const { pair, begin } = following({ fullTemplate: false })
    const distribution = aDistribution(3n, 4)
    begin(distribution)
    const [job] = pair.customJobs
    expect(job?.distributionId).toBe(3n)
    expect(parseCountedOutputs(job!.coinbaseTxOutputs)).toEqual([
      ...rewardOutputs(distribution, VALUE),
      ...COMMITMENT,
    ])
  })

  test('declares again by a new distribution, whoever of the two tells it', () => {
    const { world, pair, begin } = following()
    begin(aDistribution(1n, 4))
    pair.agree()
    pair.acknowledge()
    for (const [id, teller] of [
      [2n, pair.pool],
      [5n, pair.server],
    ] as const) {
      teller.send(told(aDistribution(id, 3)))
      world.answerTemplates()
      expect(pair.declared.distributionId).toBe(id)
      pair.agree()
      pair.acknowledge()
    }
    pair.pool.send(told(aDistribution(5n, 1)), told(aDistribution(4n, 1)))
    expect(pair.declared.distributionId).toBe(5n)
  })

  test('asks for more room, and goes on with the distribution before until a template leaves it', () => {
    const { world, pair, begin, constraints } = following()
    begin(aDistribution(1n, 4))
    pair.agree()
    pair.acknowledge()
    const before = constraints().length
    pair.server.send(told(aDistribution(2n, 300)))
    expect(constraints()).toHaveLength(before + 1)
    expect(pair.declared.distributionId).toBe(1n)
    world.update(2n)
    expect(pair.declared.distributionId).toBe(2n)
    expect(declaredOutputs(pair)).toHaveLength(1 + 300 + 1)
  })

  test('a distribution that is stale by now is no reason to leave: the job is declared by the newest', () => {
    const { world, pair, begin } = following()
    begin(aDistribution(1n, 4))
    pair.pool.send(told(aDistribution(2n, 4)))
    expect(pair.declared.distributionId).toBe(1n)
    pair.giveTokens()
    pair.disagree('stale-payout-distribution')
    world.answerTemplates()
    expect(pair.declared.distributionId).toBe(2n)
    pair.agree()
    pair.acknowledge()
    expect(moves(world).at(-1)?.[0]).toBe('pool 0')
  })

  test('one that stays stale though it is the newest is a reason', () => {
    const { world, pair, begin } = following({ patience: { raceMs: 5_000 } })
    begin(aDistribution(1n, 4))
    for (let tries = 0; tries < 8; tries++) {
      pair.giveTokens()
      if (pair.proposal !== undefined) pair.disagree('stale-payout-distribution')
      world.link.advance(1_000)
    }
    expect(moves(world).at(-1)?.[0]).not.toBe('pool 0')
  })

  test('no distribution in time: it works for itself', () => {
    const { world, pair, constraints } = following({ patience: { soloAfterMs: 5_000 } })
    world.link.advance(4_000)
    expect(constraints()).toEqual([])
    world.link.advance(2_000)
    expect(constraints()).toHaveLength(1)
    world.tip()
    const miner = new TestMiner(world.link as never, current)
    miner.open('extended')
    expect(pair.proposal).toBeUndefined()
    world.link.advance(60_000)
    expect(world.told('pairChanged').map(({ to }) => to)).toContain('barred')
  })

  test.each([
    ['without weight', { poolPayout: encodeOutput({ value: 0n, script: POOL_SCRIPT }) }],
    ['with an output cut off', { poolPayout: Uint8Array.of(1) }],
    ['without dust limits', { dustLimits: [] }],
    ['of more outputs than a job has room for', told(aDistribution(1n, 2_000))],
  ])('a distribution %s: the pool is left', (_, wrong) => {
    const { world, pair } = following()
    pair.server.send({ ...told(aDistribution(1n, 4)), ...wrong })
    expect(world.told('pairChanged').at(-1)).toMatchObject({ to: 'barred' })
  })

  test('agreed on with the pool alone, the extension is not used', () => {
    const { world, pair } = following(
      {},
      { extensions: undefined, outputs: [{ value: 0n, script: POOL_SCRIPT }] },
    )
    world.tip()
    world.answerTemplates()
    pair.open()
    world.answerTemplates()
    expect(pair.declared).not.toHaveProperty('distributionId')
    expect(declaredOutputs(pair)[0]).toEqual({ value: VALUE, script: POOL_SCRIPT })
  })

  test('agreed on with the server alone, both are connected again, and the server is not asked any more', () => {
    const habits = { poolExtensions: [], outputs: [{ value: 0n, script: POOL_SCRIPT }] }
    const { world, pair } = following({}, habits)
    world.tip()
    expect([pair.pool, pair.server].map(({ closed }) => closed)).not.toContain(undefined)
    const again = new ScriptedPair(world, { ...habits, extensions: [3] })
    again.open()
    world.answerTemplates()
    expect(again.serverLog.map(({ type }) => type)).not.toContain('RequestExtensions')
    expect(again.declared).not.toHaveProperty('distributionId')
    expect(declaredOutputs(again)[0]).toEqual({ value: VALUE, script: POOL_SCRIPT })
  })
})
