import { describe, expect, test } from 'vitest'
import { startStand } from './stand.ts'
import { openStandard, setupConnection, TestClient } from './test-client.ts'

describe.each(['current', 'draft'] as const)('edition %s', (edition) => {
  test(`SEC-03 (${edition}): a door without noise speaks plaintext`, async () => {
    const stand = await startStand(edition, { listen: { noise: false } })
    const client = await TestClient.connect({ url: stand.pool.urls[0]!, edition })
    client.send(setupConnection(), openStandard())
    await client.next('OpenStandardMiningChannel.Success')
    await client.next('NewMiningJob')
    client.end()
    await stand.close()
  })
})

test('a door with edition auto serves clients of both editions', async () => {
  const stand = await startStand('auto')
  expect(stand.pool.urls).toHaveLength(2)
  for (const url of stand.pool.urls) {
    const client = await TestClient.connect({ url })
    client.send(setupConnection(), openStandard())
    await client.next('OpenStandardMiningChannel.Success')
    client.end()
  }
  await stand.close()
})
