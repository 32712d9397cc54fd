import { parsePoolUrl } from '@sv2/noise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Relay } from './relay.ts'
import { type Stand, startStand } from './stand.ts'
import { openStandard, setupConnection, TestClient } from './test-client.ts'

/** Shares from the easiest to the absurd: whatever a miner's performance, they are alike on the wire. */
const SHARES = [0, 1, 0x7fff_ffff, 0xffff_ffff].flatMap((nonce) => [
  { sequenceNumber: 0, jobId: 1, nonce, ntime: 0, version: 0x2000_0000 },
  { sequenceNumber: 0xffff_ffff, jobId: 0xffff_ffff, nonce, ntime: 0xffff_ffff, version: 0 },
])

describe.each(['current', 'draft'] as const)('what an observer of edition %s sees', (edition) => {
  let stand: Stand
  let relay: Relay
  let url: string

  beforeAll(async () => {
    stand = await startStand(edition)
    const { host, port } = parsePoolUrl(stand.pool.urls[0]!)
    relay = await Relay.open({ host, port: port! })
    url = stand.pool.urls[0]!.replace(`:${port}/`, `:${relay.port}/`)
  })
  afterAll(async () => {
    relay.close()
    await stand.close()
  })

  test(`SEC-04 (${edition}): nothing of a share, and the same number of bytes for each`, async () => {
    const client = await TestClient.connect({ url })
    client.send(setupConnection({ vendor: 'a vendor to look for' }), openStandard())
    const { channelId } = await client.next('OpenStandardMiningChannel.Success')
    await client.next('NewMiningJob')
    const frames: Buffer[] = []
    const sizes: number[] = []
    for (const share of SHARES) {
      const message = { type: 'SubmitSharesStandard' as const, channelId, ...share }
      const before = Buffer.concat(relay.toServer).length
      frames.push(Buffer.from(client.frame(message)))
      client.send(message)
      await client.next('SubmitShares.Error')
      sizes.push(Buffer.concat(relay.toServer).length - before)
    }
    expect(new Set(sizes).size).toBe(1)
    const seen = Buffer.concat([...relay.toServer, ...relay.toClient])
    for (const frame of frames) expect(seen.includes(frame)).toBe(false)
    for (const text of ['a vendor to look for', 'test.worker', 'invalid-job-id']) {
      expect(seen.includes(text)).toBe(false)
    }
    client.end()
  })
})
