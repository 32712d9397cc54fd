import { MINING_SETUP_FLAGS } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { aSetup, filled } from '../_fixtures.ts'
import { working } from '../_job-client.ts'
import { TestMiner } from '../_test-miner.ts'

const CHANNELS = 10

/** A client whose pool agreed to a job, and a miner with ten channels. */
function below(kind: 'standard' | 'extended', flags = 0) {
  const { world, pair } = working()
  pair.agree()
  pair.acknowledge()
  const miner = new TestMiner(world.link as never, current, flags)
  const channels = Array.from({ length: CHANNELS }, () => miner.open(kind))
  miner.take()
  world.tip({ templateId: 2n }, { prevHash: filled(0xbb) })
  return { world, pair, miner, channels }
}

describe('channels below a negotiator client', () => {
  test.each(['extended', 'standard'] as const)('ten %s ones hear of a tip once, as a group', (kind) => {
    const { miner, channels } = below(kind)
    const groupId = channels[0]!.groupId
    expect(channels.map((channel) => channel.groupId)).toEqual(channels.map(() => groupId))
    expect(miner.take()).toMatchObject([
      { type: 'NewExtendedMiningJob', channelId: groupId },
      { type: 'SetNewPrevHash', channelId: groupId },
    ])
  })

  test('shares of every one of a group go up, and are answered under its own number', () => {
    const { pair, miner, channels } = below('standard')
    pair.agree()
    pair.acknowledge()
    for (const channel of channels) miner.peer.send(miner.find(channel))
    expect(pair.shares).toHaveLength(CHANNELS)
    const { sequenceNumber } = pair.shares.at(-1)!
    pair.pool.send({
      type: 'SubmitShares.Success',
      channelId: 7,
      lastSequenceNumber: sequenceNumber,
      newSubmitsAcceptedCount: CHANNELS,
      newSharesSum: BigInt(CHANNELS),
    })
    pair.world.link.advance(1_000)
    const answered = miner.takeOf('SubmitShares.Success').map(({ channelId }) => channelId)
    expect(new Set(answered)).toEqual(new Set(channels.map(({ channelId }) => channelId)))
  })

  test('a miner that requires standard jobs gets one for each channel, and no extended channel', () => {
    const { miner, channels } = below('standard', MINING_SETUP_FLAGS.REQUIRES_STANDARD_JOBS)
    const told = miner.take()
    const jobs = told.filter(({ type }) => type === 'NewMiningJob')
    expect(jobs.map((job) => 'channelId' in job && job.channelId)).toEqual(
      channels.map(({ channelId }) => channelId),
    )
    expect(told.filter(({ type }) => type === 'NewExtendedMiningJob')).toEqual([])
    miner.request('extended')
    expect(miner.takeOf('OpenMiningChannel.Error')).toMatchObject([
      { errorCode: 'extended-channels-not-supported-for-standard-jobs' },
    ])
  })

  test('a miner of a later version is refused', () => {
    const { world } = working()
    const peer = world.link.connect({
      port: { kind: 'miners' },
      edition: current,
      protocol: 'mining',
      plays: 'client',
    })
    peer.send({ ...aSetup(), minVersion: 3, maxVersion: 3 })
    expect(peer.received()).toMatchObject([
      { type: 'SetupConnection.Error', errorCode: 'protocol-version-mismatch' },
    ])
  })
})
