import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { proves } from '../_fixtures.ts'
import { aRelay, RelayClient, relays, ScriptedPool } from '../_relay.ts'

describe('channels over a relaying proxy', () => {
  relays(
    'PRX-01, PRX-02, PRX-19, PRX-20',
    'requests of many clients go over one connection under ids of their own, and the answers go back',
    ({ below, above }) => {
      const { link } = aRelay()
      const pool = new ScriptedPool(link, { edition: above })
      const clients = [1, 2, 3].map(() => new RelayClient(link, below))
      // every client counts its requests alike
      for (const client of clients) client.request('standard', { requestId: 77 })
      expect(new Set(pool.waiting().map(({ requestId }) => requestId)).size).toBe(3)
      // answered in another order
      pool.requests.reverse()
      const granted = pool.grantAll()
      const opened = clients.map((client) => client.takeOf('OpenStandardMiningChannel.Success'))
      expect(
        opened.map(([answer]) => [answer?.requestId, answer?.channelId, answer?.groupChannelId]),
      ).toEqual(granted.reverse().map((channelId) => [77, channelId, 1]))
      expect(opened.map(({ length }) => length)).toEqual([1, 1, 1])
    },
  )

  relays('PRX-02, PRX-08', 'a channel is asked for with what its client said', ({ below, above }) => {
    const { link } = aRelay({ upstreams: [{ identity: 'farm.{worker}' }] })
    const pool = new ScriptedPool(link, { edition: above })
    const client = new RelayClient(link, below)
    const maxTarget = new Uint8Array(32).fill(0x7f)
    client.request('extended', {
      userIdentity: 'alice.rig.7',
      nominalHashRate: 12_345,
      maxTarget,
      minExtranonceSize: 5,
    })
    expect(pool.waiting()).toMatchObject([
      { userIdentity: 'farm.rig.7', nominalHashRate: 12_345, maxTarget, minExtranonceSize: 5 },
    ])
  })

  test('a pool of 2020 that makes a channel its own group is served', () => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: draft })
    const client = new RelayClient(link, current)
    client.request('standard')
    pool.grant({ channelId: 9, groupId: 9 })
    expect(client.takeOf('OpenStandardMiningChannel.Success')).toHaveLength(1)
  })

  relays('PRX-19', 'a refusal goes back to whom it concerns', ({ below, above }) => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: above })
    const [one, two] = [new RelayClient(link, below), new RelayClient(link, below)]
    one.request('standard', { requestId: 5 })
    two.request('extended', { requestId: 5 })
    one.take()
    two.take()
    const [, second] = pool.waiting()
    pool.peer.send({
      type: 'OpenMiningChannel.Error',
      requestId: second!.requestId,
      errorCode: 'unknown-user',
    })
    expect(one.take()).toEqual([])
    expect(two.take()).toEqual([{ type: 'OpenMiningChannel.Error', requestId: 5, errorCode: 'unknown-user' }])
  })

  relays(
    'PRX-06',
    'a lost client has each of its channels closed above, and no other',
    ({ below, above }) => {
      const { link, relay } = aRelay()
      const pool = new ScriptedPool(link, { edition: above })
      const [gone, other] = [new RelayClient(link, below), new RelayClient(link, below)]
      const channels = [gone.open(pool, 'standard'), gone.open(pool, 'extended'), gone.open(pool, 'standard')]
      other.open(pool, 'standard')
      pool.take()
      gone.peer.disconnect()
      expect(pool.takeOf('CloseChannel').map(({ channelId }) => channelId)).toEqual(
        channels.map(({ channelId }) => channelId),
      )
      expect(relay.counts).toMatchObject({ connections: 1, channels: 1, upstreamChannels: 1 })
    },
  )

  relays('PRX-06', 'a client that goes before its channel is there has it closed', ({ below, above }) => {
    const { link, relay } = aRelay()
    const pool = new ScriptedPool(link, { edition: above })
    const client = new RelayClient(link, below)
    client.request('standard')
    client.peer.disconnect()
    const { channelId } = pool.grant()
    expect(pool.takeOf('CloseChannel')).toMatchObject([{ channelId }])
    expect(relay.counts).toEqual({ connections: 0, channels: 0, upstreamChannels: 0, waiting: 0 })
  })

  relays('PRX-08', 'what a client says of its channel is passed on', ({ below, above }) => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: above })
    const client = new RelayClient(link, below)
    const { channelId } = client.open(pool, 'standard')
    pool.take()
    const maximumTarget = new Uint8Array(32).fill(0x11)
    client.peer.send(
      { type: 'UpdateChannel', channelId, nominalHashRate: 500, maximumTarget },
      { type: 'CloseChannel', channelId, reasonCode: 'tired' },
    )
    expect(pool.take()).toEqual([
      { type: 'UpdateChannel', channelId, nominalHashRate: 500, maximumTarget },
      { type: 'CloseChannel', channelId, reasonCode: 'tired' },
    ])
  })

  relays('PRX-13', 'Reconnect stays here: the proxy itself goes elsewhere', ({ below, above }) => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: above })
    const client = new RelayClient(link, below)
    client.open(pool, 'standard')
    link.takeFacts()
    pool.peer.send({ type: 'Reconnect', newHost: 'other.test', newPort: 5 })
    expect(client.take()).toEqual([])
    expect(client.peer.closed).toBeUndefined()
    expect(link.factsOf('redial')).toEqual([{ kind: 'redial', upstream: 0, host: 'other.test', port: 5 }])
    expect(pool.peer.closed).toBe('reconnect asked for')
  })

  relays('PRX-20', 'a channel that the upstream closes is closed below', ({ below, above }) => {
    const { link, relay } = aRelay()
    const pool = new ScriptedPool(link, { edition: above })
    const [one, two] = [new RelayClient(link, below), new RelayClient(link, below)]
    const { channelId } = one.open(pool, 'standard')
    two.open(pool, 'standard')
    pool.peer.send({ type: 'CloseChannel', channelId, reasonCode: 'enough' })
    expect(one.take()).toEqual([{ type: 'CloseChannel', channelId, reasonCode: 'enough' }])
    expect(two.take()).toEqual([])
    expect(relay.counts).toMatchObject({ channels: 1, upstreamChannels: 1 })
  })

  proves(
    'POOL-24',
    'current',
    'closing a group closes its channels on both sides, one client at a time',
    (edition) => {
      const { link, relay } = aRelay()
      const pool = new ScriptedPool(link, { edition })
      const [one, two] = [new RelayClient(link, edition), new RelayClient(link, edition)]
      const own = [one.open(pool, 'standard'), one.open(pool, 'extended')]
      const other = two.open(pool, 'standard')
      one.peer.send({ type: 'CloseChannel', channelId: own[0]!.groupId, reasonCode: 'all' })
      expect(pool.takeOf('CloseChannel').map(({ channelId }) => channelId)).toEqual(
        own.map(({ channelId }) => channelId),
      )
      pool.peer.send({ type: 'CloseChannel', channelId: 1, reasonCode: 'all' })
      expect(two.takeOf('CloseChannel')).toMatchObject([{ channelId: other.channelId }])
      expect(relay.counts).toMatchObject({ channels: 0, upstreamChannels: 0 })
    },
  )
})
