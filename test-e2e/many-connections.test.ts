import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stand, startStand } from './stand.ts'
import { openStandard, setupConnection, TestClient } from './test-client.ts'

let stand: Stand
beforeAll(async () => {
  stand = await startStand('current', {
    listen: { allow_list: [], max_connections_per_ip: 20, connections_per_minute_per_ip: 40 },
  })
})
afterAll(() => stand.close())

test('one address gets so many connections and no more; those there go on', async () => {
  const url = stand.pool.urls[0]!
  const first = await TestClient.connect({ url })
  first.send(setupConnection(), openStandard())
  await first.next('OpenStandardMiningChannel.Success')
  const attempts = await Promise.allSettled(Array.from({ length: 60 }, () => TestClient.connect({ url })))
  const admitted = attempts.filter((attempt) => attempt.status === 'fulfilled')
  expect(admitted).toHaveLength(19)
  await stand.logged(({ reason }) => reason === 'too many connections')
  for (const attempt of admitted) attempt.value.end()
  await stand.logged(({ reason }) => reason === 'peer closed the connection' || reason === 'connection lost')
  first.send(openStandard({ requestId: 2 }))
  expect(await first.next('OpenStandardMiningChannel.Success')).toMatchObject({ requestId: 2 })
})
