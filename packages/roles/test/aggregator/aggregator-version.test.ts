import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { AggregatorWorld } from '../_aggregator.ts'
import { EASY_TARGET } from '../_fixtures.ts'

const FIXED_VERSION = 1
const STANDARD_JOBS = 1
const ROLLING = 4

/** Two pools, the first one in use, and a miner that has work of it. */
function aFarm() {
  const world = new AggregatorWorld({ upstreams: [{}, {}], miners: { startDifficulty: 2 ** -31 } })
  const first = world.upstream(current, { target: EASY_TARGET })
  first.tip(1, 10)
  const miner = world.miner(current)
  const channel = miner.open('extended')
  world.facts()
  return { world, first, miner, channel }
}

describe('version rolling', () => {
  test('is what the upstream allows: a client that needs it is refused', () => {
    const world = new AggregatorWorld()
    world.upstream(current, { flags: FIXED_VERSION })
    const miner = world.miner(current, ROLLING)
    expect(miner.log).toMatchObject([{ type: 'SetupConnection.Error', flags: ROLLING }])
  })

  test('of a device of the current edition is wider than a draft upstream takes', () => {
    const world = new AggregatorWorld()
    world.upstream(draft).tip(1, 10)
    expect(world.miner(current).log).toMatchObject([
      { type: 'SetupConnection.Success', flags: FIXED_VERSION },
    ])
    expect(world.miner(draft).log).toMatchObject([{ type: 'SetupConnection.Success', flags: 0 }])
  })

  test('that the next upstream does not take is taken back by its jobs, and given again', () => {
    const { world, first, miner, channel } = aFarm()
    first.peer.disconnect()
    const second = world.upstream(current, { upstream: 1, flags: FIXED_VERSION, target: EASY_TARGET })
    second.tip(1, 10)
    const job = miner.job(channel)
    expect(job).toMatchObject({ versionRollingAllowed: false })
    miner.peer.send(miner.find(channel, { version: job.version ^ 0x2000 }))
    expect(miner.takeOf('SubmitShares.Error')).toMatchObject([
      { errorCode: 'invalid-non-rollable-version-bit' },
    ])
    second.peer.disconnect()
    world.upstream(current).tip(1, 20)
    expect(miner.job(channel)).toMatchObject({ versionRollingAllowed: true })
    expect(miner.peer.closed).toBeUndefined()
  })

  test('that a later upstream allows does not cost a client its connection that was told to keep the version', () => {
    const { world, first } = aFarm()
    first.peer.disconnect()
    const second = world.upstream(current, { upstream: 1, flags: FIXED_VERSION, target: EASY_TARGET })
    second.tip(1, 10)
    const miner = world.miner(current, STANDARD_JOBS)
    expect(miner.log).toMatchObject([{ type: 'SetupConnection.Success', flags: FIXED_VERSION }])
    const channel = miner.open('standard')
    second.peer.disconnect()
    world.upstream(current, { target: EASY_TARGET }).tip(1, 20)
    expect(world.factsOf('termsChanged').at(-1)).not.toMatchObject({ versionRollingMask: 0 })
    expect(miner.peer.closed).toBeUndefined()
    expect(miner.job(channel).type).toBe('NewMiningJob')
  })

  test.each([
    ['standard jobs', STANDARD_JOBS],
    ['version rolling', ROLLING],
  ])('cannot be taken back from a client that requires %s: it has to come again', (_, flags) => {
    const { world, first } = aFarm()
    const miner = world.miner(current, flags)
    first.peer.disconnect()
    world.upstream(current, { upstream: 1, flags: FIXED_VERSION })
    expect(miner.peer.closed).toContain('version rolling')
  })
})
