import { encodeFrame } from '@sv2/codec'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { aSetup } from '../_fixtures.ts'
import { aRelay, RelayClient, ScriptedPool } from '../_relay.ts'

describe('a relaying proxy and hostile peers', () => {
  test('a flood of requests while no upstream is there is bounded, per connection and in all', () => {
    const { link, relay } = aRelay({ limits: { maxWaitingPerConnection: 5, maxWaiting: 12 } })
    const pool = new ScriptedPool(link, { edition: current })
    const clients = [1, 2, 3, 4].map(() => new RelayClient(link, current))
    for (const client of clients) client.take()
    pool.peer.disconnect()
    for (const client of clients) for (let n = 0; n < 100; n++) client.request('standard')
    expect(relay.counts.waiting).toBe(12)
    const refused = clients.map((client) => client.takeOf('OpenMiningChannel.Error').length)
    expect(refused).toEqual([95, 95, 98, 100])
    for (const client of clients) client.peer.disconnect()
    expect(relay.counts).toEqual({ connections: 0, channels: 0, upstreamChannels: 0, waiting: 0 })
    // nothing is left that would be asked for
    expect(new ScriptedPool(link, { edition: current }).waiting()).toEqual([])
  })

  test('clients that ask and go while no upstream is there leave nothing behind', () => {
    const { link, relay } = aRelay()
    const stays = new RelayClient(link, current)
    for (let round = 0; round < 30; round++) {
      const pool = new ScriptedPool(link, { edition: current })
      const clients = Array.from({ length: 50 }, () => new RelayClient(link, current))
      pool.peer.disconnect()
      for (const client of clients) client.request('standard')
      expect(relay.counts.waiting).toBe(50)
      for (const client of clients) client.peer.disconnect()
    }
    expect(relay.counts).toMatchObject({ connections: 1, waiting: 0 })
    stays.request('standard')
    expect(new ScriptedPool(link, { edition: current }).waiting()).toHaveLength(1)
  })

  test('channels are bounded, per connection and in all', () => {
    const { link, relay } = aRelay({ limits: { maxChannelsPerConnection: 3, maxChannels: 5 } })
    const pool = new ScriptedPool(link, { edition: current })
    const clients = [1, 2, 3].map(() => new RelayClient(link, current))
    for (const client of clients) {
      for (let n = 0; n < 10; n++) client.request('standard')
      pool.grantAll()
    }
    expect(relay.counts.channels).toBe(5)
    expect(clients.map((client) => client.takeOf('OpenStandardMiningChannel.Success').length)).toEqual([
      3, 2, 0,
    ])
  })

  test('nothing a client says ends the upstream connection', () => {
    for (const above of [current, draft]) {
      const { link } = aRelay()
      const pool = new ScriptedPool(link, { edition: above })
      const client = new RelayClient(link, current, 0)
      const { channelId, extranonceSize } = client.open(pool, 'extended')
      client.request('standard', { userIdentity: '€'.repeat(85) })
      client.request('standard', { nominalHashRate: -1 })
      client.request('extended', { minExtranonceSize: 65_535 })
      for (const size of [0, 1, 31, 32]) client.share({ channelId, extranonceSize: size }, 1)
      client.share({ channelId, extranonceSize }, 0xffff_ffff)
      // a reason of 255 characters, some of them control characters
      const reason = [255, ...new Uint8Array(255).map((_, n) => (n % 3 === 0 ? 7 : 0x41))]
      client.peer.sendFrame(
        encodeFrame(
          { extensionType: 0, channelMsg: true, msgType: 0x18 },
          Uint8Array.of(channelId, 0, 0, 0, ...reason),
        ),
      )
      expect(pool.takeOf('CloseChannel')).toHaveLength(1)
      expect(pool.peer.closed).toBeUndefined()
    }
  })

  test('codes of an upstream with control characters do no harm below', () => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: current })
    const client = new RelayClient(link, draft)
    const { channelId } = client.open(pool, 'standard')
    const text = [3, 0x61, 7, 0x62]
    pool.peer.sendFrame(
      encodeFrame(
        { extensionType: 0, channelMsg: true, msgType: 0x1d },
        Uint8Array.of(channelId, 0, 0, 0, 9, 0, 0, 0, ...text),
      ),
    )
    pool.peer.sendFrame(
      encodeFrame(
        { extensionType: 0, channelMsg: true, msgType: 0x17 },
        Uint8Array.of(channelId, 0, 0, 0, ...text),
      ),
    )
    pool.peer.sendFrame(
      encodeFrame(
        { extensionType: 0, channelMsg: true, msgType: 0x18 },
        Uint8Array.of(channelId, 0, 0, 0, ...text),
      ),
    )
    expect(client.take().map(({ type }) => type)).toEqual([
      'SubmitShares.Error',
      'UpdateChannel.Error',
      'CloseChannel',
    ])
  })

  test('an upstream that grants what it must not disturbs no channel', () => {
    const { link, relay } = aRelay()
    const pool = new ScriptedPool(link, { edition: current })
    const [one, two] = [new RelayClient(link, current), new RelayClient(link, current)]
    const { channelId } = one.open(pool, 'standard')
    two.take()
    const bad = [
      { channelId },
      { channelId: 1 },
      { channelId: 90, groupId: channelId },
      { channelId: 91, groupId: 91 },
    ]
    for (const grant of bad) {
      two.request('standard')
      pool.grant(grant)
      expect(two.take()).toMatchObject([{ type: 'OpenMiningChannel.Error' }])
    }
    two.request('extended')
    pool.grant({ channelId: 92, prefix: new Uint8Array(30), extranonceSize: 3 })
    expect(two.take()).toMatchObject([{ type: 'OpenMiningChannel.Error' }])
    expect(relay.counts).toMatchObject({ channels: 1, upstreamChannels: 1, waiting: 0 })
    expect(one.take()).toEqual([])
  })

  test('what a client sends before its SetupConnection is answered waits behind it, up to a limit', () => {
    const { link, relay } = aRelay()
    const early = new RelayClient(link, current)
    const requestId = early.request('standard')
    const flood = new RelayClient(link, current)
    for (let n = 0; n < 1_100 && flood.peer.closed === undefined; n++) flood.request('standard')
    expect(flood.peer.closed).toBe('too much before an answer')
    const pool = new ScriptedPool(link, { edition: current })
    pool.grant()
    expect(early.take()).toMatchObject([
      { type: 'SetupConnection.Success' },
      { type: 'OpenStandardMiningChannel.Success', requestId },
    ])
    expect(relay.counts).toMatchObject({ connections: 1, channels: 1 })
  })

  test('a first message that is no SetupConnection, or a second one, ends the connection', () => {
    const { link } = aRelay()
    const rude = link.connect({
      port: { kind: 'miners' },
      edition: current,
      protocol: 'mining',
      plays: 'client',
    })
    link.deliver({
      kind: 'message',
      session: rude.session,
      message: { type: 'CloseChannel', channelId: 1, reasonCode: '' },
    })
    expect(rude.closed).toContain('before SetupConnection')
    const pool = new ScriptedPool(link, { edition: current })
    const twice = new RelayClient(link, current)
    twice.peer.send(aSetup())
    expect(twice.peer.closed).toBe('unexpected SetupConnection')
    expect(pool.peer.closed).toBeUndefined()
  })

  test('a connection without a channel is closed in time, one that waits for us is not', () => {
    const { link } = aRelay()
    const waits = new RelayClient(link, current)
    const silent = link.connect({
      port: { kind: 'miners' },
      edition: current,
      protocol: 'mining',
      plays: 'client',
    })
    link.advance(61_000)
    expect(silent.closed).toBe('no SetupConnection in time')
    expect(waits.peer.closed).toBeUndefined()
    new ScriptedPool(link, { edition: current })
    link.advance(61_000)
    expect(waits.peer.closed).toBe('no channel opened in time')
  })
})
