import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { parsePoolUrl } from '@sv2/noise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stand, startStand } from './stand.ts'
import { openStandard, setupConnection, TestClient } from './test-client.ts'

const HONEST = 1_300
const HALF_OPEN = 500
const GARBAGE = 200

let stand: Stand
let url: string
beforeAll(async () => {
  stand = await startStand('current', { listen: { handshake_timeout_sec: 60 } })
  url = stand.pool.urls[0]!
})
afterAll(() => stand.close())

async function bareSocket(): Promise<Socket> {
  const { host, port } = parsePoolUrl(url)
  const socket = connect({ host, port: port! })
  socket.on('error', () => socket.destroy())
  await once(socket, 'connect')
  socket.resume()
  return socket
}

test('2,000 connections at once: the honest are served, a neighbour mines on, and nothing is left', async () => {
  const neighbour = await TestClient.connect({ url })
  neighbour.send(setupConnection(), openStandard())
  const { channelId } = await neighbour.next('OpenStandardMiningChannel.Success')

  let done = false
  const storm = storming().finally(() => {
    done = true
  })
  let answered = 0
  while (!done) {
    const share = { channelId, sequenceNumber: answered, jobId: 0xffff_ffff, nonce: 0, ntime: 0, version: 0 }
    neighbour.send({ type: 'SubmitSharesStandard', ...share })
    expect(await neighbour.next('SubmitShares.Error')).toMatchObject({ sequenceNumber: answered })
    answered++
  }
  const { honest, bad } = await storm
  expect(answered).toBeGreaterThan(10)
  expect(stand.pool.counts()).toMatchObject({ connections: HONEST + 1, channels: HONEST + 1 })

  for (const client of honest) client.end()
  for (const socket of bad) socket.destroy()
  while (stand.pool.counts().connections > 1) await new Promise((resolve) => setImmediate(resolve))
  expect(stand.pool.counts()).toMatchObject({ connections: 1, channels: 1 })
  neighbour.send(openStandard({ requestId: 2 }))
  await neighbour.next('OpenStandardMiningChannel.Success')
})

/** All at once: who keeps silent, who talks nonsense, and who wants to mine. */
async function storming(): Promise<{
  readonly honest: readonly TestClient[]
  readonly bad: readonly Socket[]
}> {
  const silent = Promise.all(Array.from({ length: HALF_OPEN }, () => bareSocket()))
  const noisy = Promise.all(
    Array.from({ length: GARBAGE }, async () => {
      const socket = await bareSocket()
      socket.write(Buffer.alloc(600, 0x5a))
      await once(socket, 'close')
      return socket
    }),
  )
  const honest = await Promise.all(
    Array.from({ length: HONEST }, async () => {
      const client = await TestClient.connect({ url })
      client.send(setupConnection(), openStandard())
      await client.next('OpenStandardMiningChannel.Success')
      return client
    }),
  )
  return { honest, bad: [...(await silent), ...(await noisy)] }
}
