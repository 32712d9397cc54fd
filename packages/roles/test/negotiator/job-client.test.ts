import {
  difficultyToTarget,
  equalBytes,
  hex,
  meetsTarget,
  nbitsToTarget,
  parseCountedOutputs,
  parseOutputs,
  parseTransaction,
  sha256d,
} from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { aTemplate, filled, NBITS_EASY, proves } from '../_fixtures.ts'
import {
  JobClientWorld,
  OWN_SCRIPT,
  POOL_SCRIPT,
  ScriptedPair,
  TRANSACTIONS,
  working,
} from '../_job-client.ts'
import { TestMiner } from '../_test-miner.ts'

const P2PKH = Uint8Array.of(0x76, 0xa9, 20, ...filled(1, 20), 0x88, 0xac)

describe('a negotiator client that declares its jobs', () => {
  proves('DEV-32, JDC-03, JDC-07, JDC-08, JDC-14', 'current', 'a job goes from template to pool', () => {
    const { pair } = working()
    const declared = pair.declared
    expect(declared.wtxidList.map(hex)).toEqual(TRANSACTIONS.map((tx) => hex(sha256d(tx))))
    // marker and flag behind the version, the reserved value before the locktime
    expect(hex(declared.coinbaseTxPrefix.subarray(4, 6))).toBe('0001')
    expect(hex(declared.coinbaseTxSuffix.subarray(-38, -4))).toBe(`0120${'00'.repeat(32)}`)
    expect(pair.customJobs).toEqual([])
    const token = pair.agree()
    const [job] = pair.customJobs
    expect(job).toMatchObject({ channelId: 7, miningJobToken: token })
    expect(hex(declared.coinbaseTxSuffix)).toContain(hex(job!.coinbaseTxOutputs))
    expect(hex(declared.coinbaseTxPrefix)).toContain(hex(job!.coinbasePrefix))
  })

  proves('JDC-01, JDC-02', 'current', 'the pool is paid what our own outputs leave', () => {
    const own = [
      { value: 1_000n, script: P2PKH },
      { value: 0n, script: Uint8Array.of(0x6a, 1, 7) },
    ]
    const furtherOfPool = { value: 0n, script: Uint8Array.of(0x6a, 1, 9) }
    const outputs = [{ value: 0n, script: POOL_SCRIPT }, furtherOfPool]
    const { pair } = working({ outputs }, { outputs: own })
    pair.agree()
    expect(parseCountedOutputs(pair.customJobs[0]!.coinbaseTxOutputs)).toEqual([
      { value: 312_500_000n - 1_000n, script: POOL_SCRIPT },
      furtherOfPool,
      ...own,
      ...parseOutputs(aTemplate().coinbaseTxOutputs),
    ])
  })

  proves('JDC-04, JDC-05, DEV-27, DEV-29', 'current', 'shares wait for the job id of the pool', () => {
    const { world, pair } = working()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('standard')
    miner.peer.send(miner.find(channel))
    pair.agree()
    expect(pair.shares).toEqual([])
    const jobId = pair.acknowledge()
    expect(pair.shares).toMatchObject([{ channelId: 7, jobId }])
    miner.peer.send(miner.find(channel))
    expect(pair.shares).toMatchObject([{ jobId }, { jobId }])
    world.link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toEqual([])
    pair.acknowledgeShares()
    world.link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toMatchObject([{ newSubmitsAcceptedCount: 2 }])
  })

  proves('DEV-29', 'current', 'a share that goes up is one of the custom job', () => {
    const { world, pair } = working()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('extended')
    pair.agree()
    const jobId = pair.acknowledge()
    const share = miner.find(channel)
    miner.peer.send(share)
    const [sent] = pair.shares
    expect(sent).toMatchObject({ jobId, nonce: share.nonce })
    // pool's prefix, then what it let us roll: together they make the coinbase the miner hashed
    expect(sent!.extranonce).toHaveLength(12)
    const job = miner.job(channel)
    const mined = job.type === 'NewExtendedMiningJob' ? job.coinbaseTxPrefix : new Uint8Array(0)
    expect(hex(mined)).toMatch(new RegExp(`${hex(filled(0xd0, 4))}0000$`))
  })

  proves('JDC-09, DEV-31', 'current', 'a block goes to the own template provider and to the server', () => {
    const { world, pair } = working({}, {}, { nbits: NBITS_EASY })
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('extended')
    pair.takeServer()
    miner.peer.send(miner.find(channel, { hash: (hash) => hash[31]! < 0x7f && hash[31]! > 0 }))
    const [solution] = world.answerTemplates()
    expect(solution).toMatchObject({ type: 'SubmitSolution', templateId: 1n })
    if (solution?.type !== 'SubmitSolution') throw new Error('no solution')
    const coinbase = parseTransaction(solution.coinbaseTx)
    expect(coinbase.inputs[0]!.witness.map(hex)).toEqual(['00'.repeat(32)])
    const pushed = pair.takeServer().find(({ type }) => type === 'PushSolution')
    expect(pushed).toMatchObject({ type: 'PushSolution', nonce: solution.headerNonce, nbits: NBITS_EASY })
    const extranonce = pushed?.type === 'PushSolution' ? pushed.extranonce : filled(0)
    expect(hex(coinbase.inputs[0]!.scriptSig)).toContain(hex(extranonce))
    expect(world.told('blockFound')).toMatchObject([{ place: 0 }])
  })

  proves('JDC-11, JDC-12', 'current', 'templates leave room for the outputs of the pool', () => {
    const world = new JobClientWorld()
    world.provide()
    const told = () => world.constraints.at(-1)
    const before = told()!
    const many = Array.from({ length: 20 }, () => ({ value: 0n, script: P2PKH }))
    const pair = new ScriptedPair(world, { outputs: many })
    pair.open()
    world.answerTemplates()
    const after = told()!
    expect(after.coinbaseOutputMaxAdditionalSize).toBeGreaterThanOrEqual(20 * 34 + 31)
    expect(after.coinbaseOutputMaxAdditionalSigops).toBeGreaterThanOrEqual(80)
    expect(before.coinbaseOutputMaxAdditionalSize).toBeLessThan(20 * 34)
    world.link.advance(120_000)
    pair.giveTokens()
    world.answerTemplates()
    expect(told()).toEqual(after)
  })

  test('no job is proposed before a template has room for the outputs of the pool', () => {
    const world = new JobClientWorld()
    world.provide()
    const many = Array.from({ length: 20 }, () => ({ value: 0n, script: P2PKH }))
    const pair = new ScriptedPair(world, { outputs: many })
    pair.open()
    world.answerTemplates()
    expect(pair.proposal).toBeUndefined()
    world.update(2n)
    world.answerTemplates()
    expect(pair.declared).toBeDefined()
  })

  test('a template provider that sends no other template for more room is not waited for', () => {
    const world = new JobClientWorld()
    world.provide()
    const many = Array.from({ length: 20 }, () => ({ value: 0n, script: P2PKH }))
    const pair = new ScriptedPair(world, { outputs: many })
    pair.open()
    world.link.advance(6_000)
    world.answerTemplates()
    expect(pair.declared).toBeDefined()
  })

  proves('JDC-13', 'current', 'excess data goes to the server as it came', () => {
    const { pair } = working()
    expect(equalBytes(pair.declared.excessData, filled(0, 32))).toBe(true)
  })

  proves('JDC-15', 'current', 'missing transactions are handed over in the order they are asked for', () => {
    const { world, pair } = working()
    const { requestId } = pair.declared
    pair.server.send({ type: 'ProvideMissingTransactions', requestId, unknownTxPositionList: [2, 0] })
    const provided = pair.takeServer().find(({ type }) => type === 'ProvideMissingTransactions.Success')
    expect(provided).toMatchObject({ requestId, transactionList: [TRANSACTIONS[2], TRANSACTIONS[0]] })
    pair.server.send({ type: 'ProvideMissingTransactions', requestId, unknownTxPositionList: [3] })
    expect(world.told('pairChanged').at(-1)).toMatchObject({ event: 'unusable', to: 'barred' })
  })

  test('transactions are asked for only when a channel is open and a token there', () => {
    const world = new JobClientWorld()
    world.provide()
    const pair = new ScriptedPair(world)
    world.answerTemplates()
    expect(world.transactionsAsked).toBe(0)
    pair.open()
    world.answerTemplates()
    expect(world.transactionsAsked).toBe(1)
  })

  test('one job is negotiated at a time, and the newest template after it', () => {
    const { world, pair } = working()
    const first = pair.declared
    for (const templateId of [2n, 3n, 4n]) world.update(templateId)
    expect(pair.declared).toBe(first)
    pair.agree()
    pair.acknowledge()
    world.answerTemplates()
    expect(pair.declared).not.toBe(first)
    pair.agree()
    pair.acknowledge()
    expect(pair.customJobs).toHaveLength(2)
  })

  test('a new tip takes the place of a job that is not agreed to', () => {
    const { world, pair } = working()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('standard')
    const late = miner.find(channel)
    world.tip({ templateId: 5n }, { prevHash: filled(0xbb) })
    miner.peer.send(late)
    expect(miner.takeOf('SubmitShares.Error')).toMatchObject([{ errorCode: 'stale-share' }])
    pair.agree()
    expect(pair.customJobs.map(({ prevHash }) => hex(prevHash))).toEqual([hex(filled(0xbb))])
  })

  test('the same tip with another target, as on testnets, takes its place too', () => {
    const { world, pair } = working()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('standard')
    const late = miner.find(channel)
    const nbits = 0x1c00ffff
    world.tip({ templateId: 5n }, { nbits, target: nbitsToTarget(nbits) })
    miner.peer.send(late)
    expect(miner.takeOf('SubmitShares.Error')).toMatchObject([{ errorCode: 'stale-share' }])
    pair.agree()
    expect(pair.customJobs).toMatchObject([{ nbits }])
  })
})

proves('JDC-06', 'current', 'coinbase-only shows no transaction and declares nothing', () => {
  const { world, pair } = working({}, { fullTemplate: false })
  expect(pair.serverFlags).toBe(0)
  expect(pair.customJobs).toHaveLength(1)
  expect(pair.proposal).toBeUndefined()
  expect(world.transactionsAsked).toBe(0)
  pair.acknowledge()
  const miner = new TestMiner(world.link as never, current)
  miner.peer.send(miner.find(miner.open('standard')))
  expect(pair.shares).toHaveLength(1)
})

describe('without a pool', () => {
  test('miners work for ourselves when none is there in time', () => {
    const world = new JobClientWorld()
    world.provide()
    const miner = new TestMiner(world.link as never, current)
    miner.request('extended')
    world.link.advance(4_000)
    expect(miner.take()).toEqual([])
    world.link.advance(2_000)
    const job = miner.takeOf('NewExtendedMiningJob')[0]
    expect(hex(job!.coinbaseTxSuffix)).toContain(hex(OWN_SCRIPT))
    expect(world.told('workFrom')).toMatchObject([{ place: undefined, name: 'solo' }])
  })

  test('solo begins with the first template, and every share is acknowledged here', () => {
    const world = new JobClientWorld({ pairs: 0 })
    world.provide()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('standard')
    miner.peer.send(miner.find(channel))
    world.link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toMatchObject([{ newSubmitsAcceptedCount: 1 }])
  })

  test('a block of our own goes to the template provider', () => {
    const world = new JobClientWorld({ pairs: 0 })
    world.provide(current, { nbits: NBITS_EASY })
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('extended')
    miner.peer.send(miner.find(channel, { hash: (hash) => hash[31]! < 0x7f }))
    const [solution] = world.answerTemplates()
    if (solution?.type !== 'SubmitSolution') throw new Error('no solution')
    const [payout] = parseTransaction(solution.coinbaseTx).outputs
    expect(payout).toMatchObject({ value: 312_500_000n, script: OWN_SCRIPT })
  })
})

test('the present job is sent again, as a search space of its own, when there was no other for a while', () => {
  const { world, pair } = working()
  const miner = new TestMiner(world.link as never, current)
  const channel = miner.open('standard')
  pair.agree()
  const jobId = pair.acknowledge()
  const [first] = miner.jobs(channel)
  world.link.advance(61_000)
  const again = miner.job(channel)
  expect(again.jobId).not.toBe(first!.jobId)
  miner.peer.send(miner.find(channel))
  expect(pair.shares).toMatchObject([{ jobId }])
  expect(hex(pair.shares[0]!.extranonce.subarray(0, 2))).toBe('0001')
})

test('the pool is told the hash rate of the miners when it changes', () => {
  const { world, pair } = working()
  const miner = new TestMiner(world.link as never, current)
  miner.open('standard', { hashrate: 5_000 })
  world.link.advance(1_000)
  expect(pair.takePool().filter(({ type }) => type === 'UpdateChannel')).toMatchObject([
    { channelId: 7, nominalHashRate: 5_000 },
  ])
})

test('a share that waited goes up only if it meets the target at which the pool took its job', () => {
  const { world, pair } = working()
  const miner = new TestMiner(world.link as never, current)
  const channel = miner.open('standard')
  const [easy, hard] = [difficultyToTarget(2 ** -28), difficultyToTarget(2 ** -24)]
  const between = (hash: Uint8Array) => meetsTarget(hash, easy) && !meetsTarget(hash, hard)
  miner.peer.send(miner.find(channel, { sequenceNumber: 1, hash: between }))
  miner.peer.send(miner.find(channel, { sequenceNumber: 2, hash: (hash) => meetsTarget(hash, hard) }))
  pair.agree()
  pair.pool.send({ type: 'SetTarget', channelId: 7, maximumTarget: hard })
  pair.acknowledge()
  expect(pair.shares).toHaveLength(1)
  // a target of later jobs changes nothing about this one
  pair.pool.send({ type: 'SetTarget', channelId: 7, maximumTarget: difficultyToTarget(2 ** -20) })
  miner.peer.send(miner.find(channel, { sequenceNumber: 3, hash: (hash) => meetsTarget(hash, hard) }))
  expect(pair.shares).toHaveLength(2)
  pair.acknowledgeShares()
  world.link.advance(1_000)
  expect(miner.takeOf('SubmitShares.Success')).toMatchObject([{ newSubmitsAcceptedCount: 3 }])
})
