import { encodeFrame } from '@sv2/codec'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { proves } from '../_fixtures.ts'
import { aRelay, RelayClient, relays, ScriptedPool } from '../_relay.ts'

/** A frame of an extension nobody here knows, for a channel. */
function frame(channelId: number, channelMsg = true): Uint8Array {
  const payload = new Uint8Array(40).map((_, index) => index)
  new DataView(payload.buffer).setUint32(0, channelId, true)
  return encodeFrame({ extensionType: 0x4abc, channelMsg, msgType: 0x7e }, payload)
}

describe('unknown extensions over a relaying proxy', () => {
  relays(
    'PRX-14, PRX-15',
    'their frames go along their channel, both ways, byte for byte but for the channel’s id',
    ({ below, above }) => {
      const { link } = aRelay()
      const pool = new ScriptedPool(link, { edition: above })
      const [client, other] = [new RelayClient(link, below), new RelayClient(link, below)]
      other.open(pool, 'standard')
      // the client has moved from an upstream where its channel had another id
      const { channelId } = client.open(pool, 'standard')
      pool.peer.disconnect()
      const next = new ScriptedPool(link, { edition: above, firstId: 40 })
      const [upstreamId] = next.grantAll()
      expect(upstreamId).not.toBe(channelId)
      client.peer.sendFrame(frame(channelId))
      expect(next.peer.frames.at(-1)).toEqual(frame(upstreamId!))
      next.peer.sendFrame(frame(upstreamId!))
      expect(client.peer.frames.at(-1)).toEqual(frame(channelId))
      expect(other.takeOf('Opaque')).toEqual([])
    },
  )

  relays('PRX-16', 'without channel_msg they are discarded, and the connection stays', ({ below, above }) => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: above })
    const client = new RelayClient(link, below)
    const { channelId } = client.open(pool, 'standard')
    pool.take()
    client.peer.sendFrame(frame(channelId, false))
    pool.peer.sendFrame(frame(channelId, false))
    client.peer.sendFrame(
      encodeFrame({ extensionType: 0x4abc, channelMsg: true, msgType: 1 }, Uint8Array.of(1, 2, 3)),
    )
    client.peer.sendFrame(frame(12_345))
    pool.peer.sendFrame(frame(12_345))
    expect([pool.take(), client.take()]).toEqual([[], []])
    expect([pool.peer.closed, client.peer.closed]).toEqual([undefined, undefined])
  })

  relays(
    'PRX-15',
    'a frame for a group goes up while the group above is this client’s alone, and not when others share it',
    ({ below, above }) => {
      const { link } = aRelay()
      const pool = new ScriptedPool(link, { edition: above })
      const client = new RelayClient(link, below)
      const { groupId } = client.open(pool, 'standard', { groupId: 900 })
      pool.take()
      client.peer.sendFrame(frame(groupId))
      expect(pool.peer.frames.at(-1)).toEqual(frame(900))
      expect(pool.takeOf('Opaque')).toHaveLength(1)
      new RelayClient(link, below).open(pool, 'standard', { groupId: 900 })
      pool.take()
      client.peer.sendFrame(frame(groupId))
      expect(pool.takeOf('Opaque')).toEqual([])
    },
  )

  relays(
    'PRX-18, EXT-06',
    'who stays is told that the other end was replaced, where such frames had passed',
    ({ below, above }) => {
      const { link } = aRelay()
      let pool = new ScriptedPool(link, { edition: above })
      const clients = [1, 2, 3].map(() => new RelayClient(link, below))
      const channels = clients.map((client) => client.open(pool, 'standard'))
      const [up, down] = channels
      clients[0]!.peer.sendFrame(frame(up!.channelId))
      pool.peer.sendFrame(frame(down!.channelId))
      for (const client of clients) client.take()
      const changesAfterFailover = () => {
        pool.peer.disconnect()
        pool = new ScriptedPool(link, { edition: above, firstId: 20 })
        pool.grantAll()
        return clients.map((client) =>
          client.takeOf('ChannelEndpointChanged').map(({ channelId }) => channelId),
        )
      }
      expect(changesAfterFailover()).toEqual([[up!.channelId], [down!.channelId], []])
      // nothing has passed since
      expect(changesAfterFailover()).toEqual([[], [], []])
    },
  )

  relays('PRX-18', 'a change further away is passed on', ({ below, above }) => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: above })
    const client = new RelayClient(link, below)
    const { channelId } = client.open(pool, 'standard')
    pool.take()
    client.peer.send({ type: 'ChannelEndpointChanged', channelId })
    expect(pool.take()).toEqual([{ type: 'ChannelEndpointChanged', channelId }])
    pool.peer.send({ type: 'ChannelEndpointChanged', channelId })
    expect(client.take()).toEqual([{ type: 'ChannelEndpointChanged', channelId }])
  })
})

describe('worker names over a relaying proxy', () => {
  const ask = { type: 'RequestExtensions', requestId: 1, requestedExtensions: [2, 3] } as const

  proves('EXT-24', 'current', 'are passed on where upstream and client have agreed on them', (edition) => {
    const { link } = aRelay({ extensions: [2] })
    const pool = new ScriptedPool(link, { edition })
    const { requestId } = pool.takeOf('RequestExtensions')[0]!
    pool.peer.send({ type: 'RequestExtensions.Success', requestId, supportedExtensions: [2] })
    const client = new RelayClient(link, edition)
    client.peer.send(ask)
    expect(client.takeOf('RequestExtensions.Success')).toMatchObject([
      { requestId: 1, supportedExtensions: [2] },
    ])
    const { channelId } = client.open(pool, 'extended')
    pool.take()
    const share = { channelId, sequenceNumber: 1, jobId: 1, nonce: 1, ntime: 1, version: 1 }
    const extranonce = new Uint8Array(6)
    client.peer.send({ type: 'SubmitSharesExtended', ...share, extranonce, userIdentity: 'rig' })
    expect(pool.take()).toMatchObject([{ type: 'SubmitSharesExtended', userIdentity: 'rig' }])
  })

  test('EXT-17 (current): extensions that the upstream does not have are not offered below', () => {
    const { link } = aRelay({ extensions: [2] })
    const pool = new ScriptedPool(link, { edition: current })
    const { requestId } = pool.takeOf('RequestExtensions')[0]!
    pool.peer.send({
      type: 'RequestExtensions.Error',
      requestId,
      unsupportedExtensions: [2],
      requiredExtensions: [],
    })
    const client = new RelayClient(link, current)
    client.peer.send(ask)
    expect(client.takeOf('RequestExtensions.Error')).toMatchObject([{ unsupportedExtensions: [2, 3] }])
  })
})
