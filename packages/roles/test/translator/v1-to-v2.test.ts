import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { EASY_TARGET } from '../_fixtures.ts'
import { aTranslator, EASY, TranslatorWorld } from '../_sv1-world.ts'

describe.each([current, draft])('upstream of edition $name', (edition) => {
  test('translate_sv1_to_sv2_successfully: a V1 miner gets a job, and its share reaches the pool', () => {
    const { world, pool } = aTranslator(edition)
    const miner = world.miner().login()
    expect(miner.peer.takeKinds()).toEqual(['answer', 'answer', 'mining.set_difficulty', 'mining.notify'])
    expect(miner.mine()).toBe(true)
    const [share] = pool.take('SubmitSharesExtended')
    expect(share).toMatchObject({ channelId: 1, jobId: 10 })
    expect(miner.mine({ ntime: miner.job.ntime + 1 })).toBe(true)
  })
})

for (const edition of [current, draft]) {
  for (const aggregated of [true, false]) {
    const channels = aggregated ? 'one extended channel for all' : 'an extended channel each'
    test(`PRX-22 (${edition.name}): V1 miners work on ${channels}`, () => {
      const world = new TranslatorWorld({ front: EASY, aggregated })
      const pool = world.upstream(edition, { target: EASY_TARGET })
      const miners = [world.miner().login(), world.miner().login()]
      pool.serve()
      for (const channelId of pool.channels) pool.tip(channelId, 10 + channelId)
      expect(miners.map((miner) => miner.mine())).toEqual([true, true])
      expect(pool.take('OpenExtendedMiningChannel')).toHaveLength(aggregated ? 1 : 2)
      expect(pool.take('OpenStandardMiningChannel')).toEqual([])
      const used = pool.take('SubmitSharesExtended').map(({ channelId }) => channelId)
      expect(new Set(used).size).toBe(aggregated ? 1 : 2)
    })
  }
}
