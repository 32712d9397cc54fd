import { MAX_TARGET } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { expect, test } from 'vitest'
import { aPool } from '../_fixtures.ts'
import { TestMiner } from '../_test-miner.ts'

test('of 600 channels that ask for another level, 512 get theirs at one moment, and the others soon after', () => {
  const { link } = aPool(current, { miners: { maxChannelsPerConnection: 1_000 } })
  const miner = new TestMiner(link, current)
  const channels = Array.from({ length: 600 }, () => miner.open('extended', { hashrate: 1 }))
  link.advance(60_000)
  link.takeFacts()
  for (const { channelId } of channels)
    miner.peer.send({
      type: 'UpdateChannel',
      channelId,
      nominalHashRate: 1_000_000,
      maximumTarget: MAX_TARGET,
    })
  const changes = [link.factsOf('difficultyChanged').length]
  while (changes.length < 40 && changes.reduce((sum, count) => sum + count, 0) < 600) {
    link.now = Math.max(link.now + 1, link.role.nextDeadline())
    link.deliver({ kind: 'tick' })
    changes.push(link.factsOf('difficultyChanged').length)
  }
  expect(changes.reduce((sum, count) => sum + count, 0)).toBe(600)
  expect(Math.max(...changes)).toBe(512)
})
