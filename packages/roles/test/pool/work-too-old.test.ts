import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { aPool, aTemplate, aTip, connectTemplates, filled } from '../_fixtures.ts'
import { JobClientWorld } from '../_job-client.ts'
import { anOffer, minedWithOffers } from '../_pool-offer.ts'
import { TestMiner } from '../_test-miner.ts'

const REASON = 'no work that is up to date'

describe.each([current, draft])('a pool whose template provider is away, edition $name', (edition) => {
  test('keeps its miners at work for a while, and sends them elsewhere then', () => {
    const { link, templates } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const channel = miner.open('extended')
    templates.disconnect()
    link.advance(119_000)
    miner.peer.send(miner.find(channel))
    link.advance(999)
    expect(miner.takeOf('SubmitShares.Success')).toHaveLength(0)
    expect(miner.peer.closed).toBeUndefined()
    link.advance(1)
    expect(miner.peer.closed).toBe(REASON)
    expect(link.factsOf('workTooOld')).toEqual([{ kind: 'workTooOld', connections: 1 }])
  })

  test('lets nobody in until there is work again, even on the same tip', () => {
    const { link, templates } = aPool(edition)
    templates.disconnect()
    link.advance(120_000)
    const early = new TestMiner(link, edition)
    expect(early.log).toEqual([])
    const again = connectTemplates(link, edition)
    again.send(aTemplate({ templateId: 7n }), aTip({ templateId: 7n }))
    expect(early.take()).toMatchObject([{ type: 'SetupConnection.Success' }])
    const channel = early.open('extended')
    early.peer.send(early.find(channel))
    link.advance(1_000)
    expect(early.takeOf('SubmitShares.Success')).toHaveLength(1)
  })

  test('that is back in time changes nothing', () => {
    const { link, templates } = aPool(edition)
    const miner = new TestMiner(link, edition)
    miner.open('extended')
    templates.disconnect()
    link.advance(60_000)
    connectTemplates(link, edition).send(aTemplate({ templateId: 7n }), aTip({ templateId: 7n }))
    link.advance(600_000)
    expect(miner.peer.closed).toBeUndefined()
    expect(link.factsOf('workTooOld')).toEqual([])
  })

  test('and comes and goes without a template counts as away from the first time', () => {
    const { link, templates } = aPool(edition)
    const miner = new TestMiner(link, edition)
    miner.open('extended')
    templates.disconnect()
    for (let turn = 0; turn < 6; turn++) {
      const restless = connectTemplates(link, edition)
      link.advance(20_000)
      restless.disconnect()
    }
    expect(miner.peer.closed).toBe(REASON)
  })
})

describe('a job client whose template provider is away', () => {
  test('sends miners elsewhere when there is no pool either, and takes them again with the next template', () => {
    const world = new JobClientWorld({ pairs: 0 })
    world.provide()
    const miner = new TestMiner(world.link as never, current)
    miner.open('extended')
    world.templates?.disconnect()
    world.link.advance(118_000)
    expect(miner.peer.closed).toBeUndefined()
    world.link.advance(4_000)
    expect(miner.peer.closed).toBe(REASON)
    expect(world.client.hasWork).toBe(false)
    const next = new TestMiner(world.link as never, current)
    expect(next.log).toEqual([])
    world.provide()
    expect(next.take()).toMatchObject([{ type: 'SetupConnection.Success' }])
    expect(next.open('extended').channelId).toBeGreaterThan(0)
  })

  test('mines the jobs that the pool offers, as long as there is a pool, and its own again afterwards', () => {
    const { world, pair, pool, miner, channel } = minedWithOffers()
    pool.peer.send(...anOffer(99, 200_000, filled(0xaa)))
    world.templates?.disconnect()
    world.link.advance(122_000)
    expect(miner.peer.closed).toBeUndefined()
    miner.peer.send(miner.find(channel))
    expect(pool.shares.at(-1)).toMatchObject({ jobId: 99 })
    pool.acknowledgeShares()
    world.provide()
    pair.giveTokens()
    pair.agree()
    const jobId = pair.acknowledge()
    miner.peer.send(miner.find(channel))
    expect(pair.shares.at(-1)).toMatchObject({ jobId })
  })
})
