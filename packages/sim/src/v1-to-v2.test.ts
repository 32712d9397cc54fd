import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { aTranslator } from './_sv1-world.ts'

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
