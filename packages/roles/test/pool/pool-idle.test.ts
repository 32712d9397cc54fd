import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { aPool, MINERS, proves } from '../_fixtures.ts'
import { TestMiner } from '../_test-miner.ts'

describe('a client without a channel', () => {
  proves(
    'POOL-15',
    'both',
    'a connection that opens no channel in time is closed, one with channels stays',
    (edition) => {
      const { link } = aPool(edition)
      const idle = new TestMiner(link, edition)
      const silent = link.connect({ port: { kind: 'miners' }, edition, protocol: 'mining', plays: 'client' })
      const busy = new TestMiner(link, edition)
      busy.open('standard')
      const closer = new TestMiner(link, edition)
      link.advance(MINERS.openChannelWithinMs - 1)
      expect(idle.peer.closed).toBeUndefined()
      const { channelId } = closer.open('standard')
      link.advance(1)
      expect(idle.peer.closed).toBe('no channel opened in time')
      expect(silent.closed).toBe('no SetupConnection in time')
      // whoever closed its last channel may open another, for as long as at the beginning
      closer.peer.send({ type: 'CloseChannel', channelId, reasonCode: '' })
      link.advance(MINERS.openChannelWithinMs - 1)
      expect(closer.peer.closed).toBeUndefined()
      const again = closer.open('standard')
      link.advance(600_000)
      expect(closer.peer.closed).toBeUndefined()
      closer.peer.send({ type: 'CloseChannel', channelId: again.groupId, reasonCode: '' })
      link.advance(MINERS.openChannelWithinMs - 1)
      expect(closer.peer.closed).toBeUndefined()
      link.advance(1)
      expect(closer.peer.closed).toBe('no channel opened in time')
      expect(busy.peer.closed).toBeUndefined()
    },
  )

  test('the time without a channel counts from the last close, also when that is early', () => {
    const { link } = aPool(current)
    const miner = new TestMiner(link, current)
    for (const wait of [0, 20_000, 10_000]) {
      link.advance(wait)
      const { channelId } = miner.open('standard')
      miner.peer.send({ type: 'CloseChannel', channelId, reasonCode: '' })
      // one that is not there starts nothing
      miner.peer.send({ type: 'CloseChannel', channelId, reasonCode: '' })
    }
    link.advance(MINERS.openChannelWithinMs - 1)
    miner.peer.send({ type: 'CloseChannel', channelId: 4711, reasonCode: '' })
    expect(miner.peer.closed).toBeUndefined()
    link.advance(1)
    expect(miner.peer.closed).toBe('no channel opened in time')
  })

  test('a client that opens and closes all the time in one moment is remembered once', () => {
    const { link } = aPool(current)
    const miner = new TestMiner(link, current)
    link.advance(1)
    for (let n = 0; n < 50; n++) {
      const { channelId } = miner.open('standard')
      miner.peer.send({ type: 'CloseChannel', channelId, reasonCode: '' })
    }
    link.advance(MINERS.openChannelWithinMs - 1)
    expect(miner.peer.closed).toBeUndefined()
    // every place in the queue that is due ends the connection once more
    const effects = link.role.handle({ kind: 'tick' }, link.now + 1)
    expect(effects.filter(({ kind }) => kind === 'close')).toHaveLength(1)
  })
})
