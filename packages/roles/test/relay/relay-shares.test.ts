import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { aRelay, RelayClient, relays, ScriptedPool } from '../_relay.ts'

relays('DEV-22, POOL-63', 'a proxy that ends takes leave of clients and upstream', ({ below, above }) => {
  const { link } = aRelay()
  const pool = new ScriptedPool(link, { edition: above })
  const client = new RelayClient(link, below)
  const channels = [client.open(pool, 'standard'), client.open(pool, 'extended')]
  pool.take()
  link.tell({ kind: 'drain', host: 'b.test', port: 3333 })
  expect(client.take()).toEqual([{ type: 'Reconnect', newHost: 'b.test', newPort: 3333 }])
  expect(client.peer.closed).toBe('draining')
  expect(pool.takeOf('CloseChannel').map(({ reasonCode }) => reasonCode)).toEqual(
    channels.map(() => 'shutting-down'),
  )
})

describe('shares over a relaying proxy', () => {
  relays(
    'PRX-12, PRX-20',
    'a share goes up as it is, whatever its time, under its channel and number',
    ({ below, above }) => {
      const { link } = aRelay()
      const pool = new ScriptedPool(link, { edition: above })
      const client = new RelayClient(link, below)
      const channels = [client.open(pool, 'standard'), client.open(pool, 'extended')]
      pool.take()
      for (const [n, channel] of channels.entries()) client.share(channel, 3, 100 + n)
      const share = {
        sequenceNumber: 100,
        jobId: 3,
        nonce: 5,
        ntime: link.now / 1000 + 9_999,
        version: 0x2000_0000,
      }
      expect(pool.take()).toEqual([
        { type: 'SubmitSharesStandard', ...share, channelId: channels[0]!.channelId },
        {
          type: 'SubmitSharesExtended',
          ...share,
          sequenceNumber: 101,
          channelId: channels[1]!.channelId,
          extranonce: new Uint8Array(6).fill(0x5a),
        },
      ])
      expect(client.take()).toEqual([])
    },
  )

  relays('PRX-23', 'answers to shares go to their channel, and nowhere else', ({ below, above }) => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: above })
    const clients = [new RelayClient(link, below), new RelayClient(link, below)]
    const channels = clients.map((client) => client.open(pool, 'standard'))
    const good = {
      type: 'SubmitShares.Success',
      channelId: channels[0]!.channelId,
      lastSequenceNumber: 8,
      newSubmitsAcceptedCount: 3,
      newSharesSum: 12n,
    } as const
    const bad = {
      type: 'SubmitShares.Error',
      channelId: channels[1]!.channelId,
      sequenceNumber: 4,
      errorCode: 'difficulty-too-low',
    } as const
    const update = {
      type: 'UpdateChannel.Error',
      channelId: channels[1]!.channelId,
      errorCode: 'max-target-out-of-range',
    } as const
    pool.peer.send(bad, good, update)
    expect(clients.map((client) => client.take())).toEqual([[good], [bad, update]])
    expect(link.takeFacts().filter(({ kind }) => kind.startsWith('share'))).toEqual([
      { kind: 'shareRefused', session: 3, channelId: bad.channelId, code: bad.errorCode, by: 'upstream' },
      { kind: 'sharesAccepted', session: 2, channelId: good.channelId, count: 3, work: 12n },
    ])
  })

  relays('PRX-20, POOL-70', 'no client reaches another one’s channel', ({ below, above }) => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: above })
    const [one, other] = [new RelayClient(link, below), new RelayClient(link, below)]
    const own = one.open(pool, 'extended')
    const foreign = other.open(pool, 'extended')
    pool.take()
    const { channelId } = foreign
    one.share(foreign, 3, 55)
    const maximumTarget = new Uint8Array(32).fill(1)
    one.peer.send(
      { type: 'UpdateChannel', channelId, nominalHashRate: 1, maximumTarget },
      { type: 'CloseChannel', channelId, reasonCode: 'x' },
      { type: 'ChannelEndpointChanged', channelId },
      {
        type: 'Opaque',
        extensionType: 0x4abc,
        channelMsg: true,
        msgType: 5,
        payload: new Uint8Array(8),
        channelId,
      },
    )
    expect(pool.take()).toEqual([])
    expect(other.take()).toEqual([])
    expect(one.take()).toEqual([
      { type: 'SubmitShares.Error', channelId, sequenceNumber: 55, errorCode: 'invalid-channel-id' },
      { type: 'UpdateChannel.Error', channelId, errorCode: 'invalid-channel-id' },
    ])
    one.share(own, 3)
    expect(pool.takeOf('SubmitSharesExtended')).toHaveLength(1)
  })

  relays('PRX-20, POOL-31', 'an extranonce of another size stays here', ({ below, above }) => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: above })
    const client = new RelayClient(link, below)
    const channel = client.open(pool, 'extended')
    pool.take()
    for (const extranonceSize of [5, 7, below.capabilities.maxExtranonceSize])
      client.share({ ...channel, extranonceSize }, 3)
    expect(client.takeOf('SubmitShares.Error')).toHaveLength(3)
    expect(pool.take()).toEqual([])
    expect(pool.peer.closed).toBeUndefined()
  })

  test('what an upstream says of channels that are not there is noted, and nothing else', () => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: current })
    const client = new RelayClient(link, current)
    client.open(pool, 'standard')
    link.takeFacts()
    pool.peer.send(
      { type: 'SubmitShares.Error', channelId: 4_000, sequenceNumber: 1, errorCode: 'stale-share' },
      { type: 'SetTarget', channelId: 4_000, maximumTarget: new Uint8Array(32) },
      { type: 'SetExtranoncePrefix', channelId: 1, extranoncePrefix: new Uint8Array(2) },
      { type: 'SetCustomMiningJob.Success', channelId: 2, requestId: 9, jobId: 5 },
      { type: 'CloseChannel', channelId: 4_000, reasonCode: 'x' },
    )
    expect(client.take()).toEqual([])
    expect(pool.peer.closed).toBeUndefined()
    expect(link.takeFacts().map(({ kind }) => kind)).toEqual(Array(5).fill('upstreamMessageIgnored'))
  })
})
