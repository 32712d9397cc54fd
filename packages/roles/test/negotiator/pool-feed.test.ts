import { sha256d } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { PoolFeed, type PoolFeedFact } from '@sv2/roles/negotiator'
import { Pool } from '@sv2/roles/pool'
import { type AnyRole, RoleNetwork } from '@sv2/sim'
import { expect, test } from 'vitest'
import { MINERS, NOW, poolSettings } from '../_fixtures.ts'
import { mac } from '../_negotiator.ts'
import { ALICE, aDistribution, SHARED } from '../_payouts.ts'

/** A pool, and a feed of another process that it tells distributions. */
function aPair(supported: readonly number[] = [3]) {
  const extensions = { supported: new Set(supported), required: new Set<number>() }
  const customWork = { maxUsedTokens: 1_000, uncheckedTrust: 0, negotiators: [] }
  const pool = new Pool(poolSettings({ payout: SHARED, miners: { ...MINERS, extensions }, customWork }), {
    sha256d,
    mac,
  })
  const feed = new PoolFeed({
    identification: { vendor: 'v', hardwareVersion: 'h', firmware: 'f', deviceId: '' },
    endpoint: { host: 'pool.test', port: 3333 },
    userIdentity: `${ALICE}.negotiator`,
  })
  const facts: PoolFeedFact[] = []
  const roles = [pool, feed] as unknown as AnyRole[]
  const network = new RoleNetwork({ roles, now: NOW }, (role, fact) => {
    if (role === (feed as unknown)) facts.push(fact as PoolFeedFact)
  })
  const connect = () =>
    network.connect({
      edition: current,
      protocol: 'mining',
      server: { role: roles[0]!, port: { kind: 'miners' } },
      client: { role: roles[1]!, port: { kind: 'pool' } },
    })
  return {
    pool,
    network,
    connect,
    distribute: (id: bigint) => {
      network.tell(roles[0]!, {
        kind: 'distribution',
        distribution: aDistribution(id, 3),
        voids: false,
      } as never)
      network.advance(1)
    },
    told: () => facts.splice(0),
  }
}

test('hears the newest distribution of its pool and each that follows, for as long as it likes', () => {
  const { network, connect, distribute, told, pool } = aPair()
  distribute(1n)
  connect()
  network.advance(MINERS.openChannelWithinMs + 600)
  distribute(2n)
  expect(told()).toEqual([
    { kind: 'poolReached' },
    { kind: 'distributionHeard', distribution: aDistribution(1n, 3) },
    { kind: 'distributionHeard', distribution: aDistribution(2n, 3) },
  ])
  expect(pool.counts).toEqual({ connections: 1, channels: 1 })
})

test('a pool that tells no distributions does not suit', () => {
  const { network, connect, told } = aPair([])
  connect()
  network.advance(1)
  expect(told()).toEqual([{ kind: 'poolUnsuited', reason: 'it tells no payout distributions' }])
})
