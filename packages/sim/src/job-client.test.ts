import { hex, parseCountedOutputs, sha256d } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { proves } from './_fixtures.ts'
import { JobClientWorld, OWN_SCRIPT, POOL_SCRIPT, ScriptedPair, TRANSACTIONS } from './_job-client.ts'
import { TestMiner } from './_test-miner.ts'

/** A client that works for a pool; its first job is agreed to unless told otherwise. */
function working(habits: ConstructorParameters<typeof ScriptedPair>[1] = {}) {
  const world = new JobClientWorld()
  world.provide()
  const pair = new ScriptedPair(world, habits)
  pair.open()
  world.answerTemplates()
  return { world, pair }
}

describe('a negotiator client that declares its jobs', () => {
  proves('JDC-07, JDC-08, JDC-03, JDC-14', 'current', 'a job goes from template to pool', () => {
    const { pair } = working()
    const declared = pair.proposal
    if (declared?.type !== 'DeclareMiningJob') throw new Error('nothing declared')
    expect(declared.wtxidList.map(hex)).toEqual(TRANSACTIONS.map((tx) => hex(sha256d(tx))))
    // marker and flag behind the version, the reserved value before the locktime
    expect(hex(declared.coinbaseTxPrefix.subarray(4, 6))).toBe('0001')
    expect(hex(declared.coinbaseTxSuffix.subarray(-38, -4))).toBe(`0120${'00'.repeat(32)}`)
    expect(pair.customJobs).toEqual([])
    const token = pair.agree()
    const [job] = pair.customJobs
    expect(hex(job!.miningJobToken)).toBe(hex(token))
    const outputs = parseCountedOutputs(job!.coinbaseTxOutputs)
    expect(outputs[0]).toEqual({ value: 312_500_000n, script: POOL_SCRIPT })
    expect(hex(declared.coinbaseTxSuffix)).toContain(hex(job!.coinbaseTxOutputs))
  })

  proves('JDC-04, JDC-05, DEV-27, DEV-29', 'current', 'shares wait for the pool’s job id', () => {
    const { world, pair } = working()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('standard')
    miner.peer.send(miner.find(channel))
    expect(pair.shares).toEqual([])
    pair.agree()
    expect(pair.shares).toEqual([])
    const jobId = pair.acknowledge()
    expect(pair.shares).toMatchObject([{ channelId: 7, jobId }])
    pair.pool.send({
      type: 'SubmitShares.Success',
      channelId: 7,
      lastSequenceNumber: pair.shares[0]!.sequenceNumber,
      newSubmitsAcceptedCount: 1,
      newSharesSum: 1n,
    })
    world.link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toMatchObject([{ newSubmitsAcceptedCount: 1 }])
  })
})

test('miners work for ourselves when no pool is there in time', () => {
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
