import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { encodeFrame } from '@sv2/codec'
import { parsePoolUrl } from '@sv2/noise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Stand, startStand } from './stand.ts'
import { openStandard, setupConnection, TestClient } from './test-client.ts'

describe.each(['current', 'draft'] as const)('a pool door of edition %s', (edition) => {
  let stand: Stand
  let url: string
  /** A well-behaved miner that must notice nothing of what the others do. */
  let neighbour: TestClient

  beforeAll(async () => {
    stand = await startStand(edition, { listen: { handshake_timeout_sec: 1, max_queued_bytes: 65_536 } })
    url = stand.pool.urls[0]!
    neighbour = await TestClient.connect({ url })
    neighbour.send(setupConnection(), openStandard())
    await neighbour.next('OpenStandardMiningChannel.Success')
  })
  afterAll(() => stand.close())

  async function undisturbed(): Promise<void> {
    expect(neighbour.isClosed).toBe(false)
    neighbour.send({
      type: 'UpdateChannel',
      channelId: 99_999,
      nominalHashRate: 1,
      maximumTarget: new Uint8Array(32).fill(0xff),
    })
    await neighbour.next('UpdateChannel.Error')
  }

  /** A bare socket to the door; whatever becomes of it ends in `close`. */
  async function bareSocket(): Promise<Socket> {
    const { host, port } = parsePoolUrl(url)
    const socket = connect({ host, port: port! })
    socket.on('error', () => socket.destroy())
    await once(socket, 'connect')
    socket.resume()
    return socket
  }

  function reasonFor(part: string) {
    return stand.logged((line) => String(line.reason ?? '').includes(part))
  }

  test(`SEC-01 (${edition}): frames before the handshake end the connection`, async () => {
    const socket = await bareSocket()
    // A plaintext SetupConnection is no handshake message of this length; the rest is padding up to one.
    socket.write(
      Buffer.concat([
        encodeFrame({ extensionType: 0, channelMsg: false, msgType: 0 }, new Uint8Array(40)),
        Buffer.alloc(300),
      ]),
    )
    await once(socket, 'close')
    await undisturbed()
  })

  test(`SEC-05 (${edition}): a frame with a broken MAC ends the session, with the reason in the log`, async () => {
    const client = await TestClient.connect({ url })
    const sealed = client.transport.seal([client.frame(setupConnection())])
    sealed[sealed.length - 1]! ^= 1
    client.socket.write(sealed)
    await client.closed
    await reasonFor('bad-mac')
    await undisturbed()
  })

  test('a half-open connection is closed after the handshake deadline', async () => {
    const socket = await bareSocket()
    await once(socket, 'close')
    await reasonFor('no handshake in time')
    await undisturbed()
  })

  test('a replayed handshake opens no session', async () => {
    const client = await TestClient.connect({ url })
    const replay = client.transport.seal([client.frame(setupConnection())])
    client.end()
    const socket = await bareSocket()
    // The first flight may be anybody's; what follows under the old keys cannot be.
    socket.write(
      edition === 'draft'
        ? Buffer.concat([Buffer.from([0x20, 0]), Buffer.alloc(32, 9)])
        : Buffer.alloc(64, 7),
    )
    socket.write(replay)
    await once(socket, 'close')
    await undisturbed()
  })

  test(`FRM-13, SET-01 (${edition}): truncated and unexpected messages end the session`, async () => {
    const truncated = await TestClient.connect({ url })
    truncated.sendFrames(encodeFrame({ extensionType: 0, channelMsg: false, msgType: 0 }, new Uint8Array(5)))
    await truncated.closed
    await reasonFor('truncated')

    const early = await TestClient.connect({ url })
    early.sendFrames(early.frame(openStandard()))
    await early.closed
    await reasonFor('setup-expected')
    await undisturbed()
  })

  test(`SET-17 (${edition}): a message of another sub-protocol ends the session`, async () => {
    const client = await TestClient.connect({ url })
    client.send(setupConnection())
    await client.next('SetupConnection.Success')
    client.sendFrames(encodeFrame({ extensionType: 0, channelMsg: false, msgType: 0x73 }, new Uint8Array(8)))
    await client.closed
    await reasonFor('wrong-protocol')
    await undisturbed()
  })

  test('an oversized frame is refused by its header, before anything of it is kept', async () => {
    const client = await TestClient.connect({ url })
    client.send(setupConnection())
    await client.next('SetupConnection.Success')
    const tooLong = encodeFrame(
      { extensionType: 0, channelMsg: false, msgType: 0x10 },
      new Uint8Array(1_100_000),
    )
    client.sendFrames(tooLong)
    await client.closed
    await undisturbed()
  })

  test(`EXT-03 (${edition}): frames of unknown extensions are dropped and the connection goes on`, async () => {
    const client = await TestClient.connect({ url })
    client.send(setupConnection())
    await client.next('SetupConnection.Success')
    client.sendFrames(
      encodeFrame({ extensionType: 0x4abc, channelMsg: false, msgType: 0x77 }, new Uint8Array(9)),
      encodeFrame({ extensionType: 0x4abc, channelMsg: true, msgType: 0x78 }, new Uint8Array(9)),
    )
    client.send(openStandard())
    await client.next('OpenStandardMiningChannel.Success')
    client.end()
  })

  test("shares for somebody else's channel are refused, and nobody is credited", async () => {
    const client = await TestClient.connect({ url })
    client.send(setupConnection())
    await client.next('SetupConnection.Success')
    client.send({
      type: 'SubmitSharesStandard',
      channelId: 2,
      sequenceNumber: 7,
      jobId: 1,
      nonce: 0,
      ntime: 0,
      version: 0,
    })
    const refused = await client.next('SubmitShares.Error')
    expect(refused).toMatchObject({ sequenceNumber: 7, errorCode: 'invalid-channel-id' })
    client.end()
    await undisturbed()
  })

  test('absurd hash rates and targets are refused by code, and the connection stays', async () => {
    const client = await TestClient.connect({ url })
    client.send(setupConnection())
    await client.next('SetupConnection.Success')
    for (const nominalHashRate of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      client.send(openStandard({ nominalHashRate }))
      await client.next('OpenMiningChannel.Error')
    }
    client.send(openStandard({ maxTarget: new Uint8Array(32) }))
    await client.next('OpenMiningChannel.Error')
    client.send(openStandard())
    await client.next('OpenStandardMiningChannel.Success')
    client.end()
  })

  test('a client that never reads is dropped, not buffered', async () => {
    const client = await TestClient.connect({ url })
    client.send(setupConnection())
    await client.next('SetupConnection.Success')
    client.socket.pause()
    const refusedOpen = client.frame(openStandard({ nominalHashRate: -1 }))
    const flood = Array.from({ length: 20_000 }, () => refusedOpen)
    const sending = setInterval(() => {
      if (!client.socket.destroyed && client.socket.writableLength < 10_000_000) client.sendFrames(...flood)
    }, 5)
    await reasonFor('reads too slowly')
    clearInterval(sending)
    client.end()
    await undisturbed()
  })
})
