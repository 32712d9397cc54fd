import { hex, parseBlock, sha256d, unhex } from '@sv2/bitcoin'
import type { Edition } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { Aggregator } from '@sv2/roles/aggregator'
import { Device, type Work } from '@sv2/roles/device'
import { Pool } from '@sv2/roles/pool'
import { Provider, type SubmitBlock } from '@sv2/roles/provider'
import { type AnyRole, RoleNetwork } from '@sv2/sim'
import { describe, expect, test } from 'vitest'
import { workSettings } from '../_aggregator.ts'
import { DEVICE, NOW, poolSettings } from '../_fixtures.ts'
import { findFor } from '../_found-share.ts'
import { aNodeTemplate } from '../_node-templates.ts'

/** Provider ← pool ← proxies, the first next to the pool ← devices; the line above each proxy has its edition. */
function aChain(editions: { readonly proxies: readonly Edition[]; readonly devices: Edition }) {
  const provider = new Provider(
    { feeThreshold: 1n, minIntervalMs: 0, firstTemplateId: 0n, keptBytes: 2 ** 28, workMaxAgeMs: 60_000 },
    { sha256d },
  )
  const pool = new Pool(poolSettings(), { sha256d })
  const proxies = editions.proxies.map(
    () => new Aggregator(workSettings({ rolled: { most: 16, least: 2 } }), { sha256d }),
  )
  const devices = (['standard', 'grouped', 'extended'] as const).map(
    (mode) => new Device({ ...DEVICE, mode, nominalHashrate: 2 }, { sha256d }),
  )
  const roles = [provider, pool, ...proxies, ...devices] as unknown as AnyRole[]
  const works = new Map<AnyRole, Work>()
  const blocks: SubmitBlock[] = []
  const facts: { readonly role: AnyRole; readonly kind: string }[] = []
  const network = new RoleNetwork({ roles, now: NOW }, (role, fact) => {
    facts.push({ role, ...fact })
    if (fact.kind === 'work') works.set(role, (fact as unknown as { work: Work }).work)
    if (fact.kind === 'submitBlock') blocks.push(fact as unknown as SubmitBlock)
  })
  const [providerRole, poolRole] = roles as [AnyRole, AnyRole]
  network.tell(providerRole, { kind: 'nodeTemplate', template: aNodeTemplate() } as never)
  network.connect({
    edition: current,
    protocol: 'templates',
    server: { role: providerRole, port: { kind: 'clients' } },
    client: { role: poolRole, port: { kind: 'templates' } },
  })
  let above = poolRole
  for (const [index, edition] of editions.proxies.entries()) {
    const role = roles[index + 2]!
    network.tell(role, { kind: 'tick' })
    const server = { role: above, port: { kind: 'miners' } }
    network.connect({
      edition,
      protocol: 'mining',
      server,
      client: { role, port: { kind: 'upstream', index: 0 } },
    })
    above = role
  }
  const deviceRoles = roles.slice(-3)
  for (const role of deviceRoles) {
    const server = { role: above, port: { kind: 'miners' } }
    network.connect({
      edition: editions.devices,
      protocol: 'mining',
      server,
      client: { role, port: { kind: 'upstream' } },
    })
  }
  const publish = (prevHash: Uint8Array, height: number) =>
    network.tell(providerRole, {
      kind: 'nodeTemplate',
      template: aNodeTemplate({ prevHash, height }),
    } as never)
  return { network, proxies, deviceRoles, works, blocks, facts, publish }
}

describe.each([
  { name: 'current all the way', proxies: [current, current], devices: current },
  { name: 'draft all the way', proxies: [draft, draft], devices: draft },
  { name: 'draft devices, a current pool', proxies: [current, draft], devices: draft },
  { name: 'current devices, a draft pool', proxies: [draft, current], devices: current },
  { name: 'three proxies', proxies: [current, draft, current], devices: current },
])('proxy below proxy: $name', (editions) => {
  test('a block of any device reaches the node in the moment it is found', () => {
    const { network, deviceRoles, works, blocks, publish } = aChain(editions)
    for (const [index, role] of deviceRoles.entries()) {
      network.tell(role, findFor(works.get(role)!, network.now, true))
      expect(blocks).toHaveLength(index + 1)
      expect(parseBlock(blocks[index]!.block).transactions).toHaveLength(3)
      const prevHash = unhex(blocks[index]!.hash).reverse()
      expect(hex(prevHash)).toBe(hex(sha256d(blocks[index]!.block.subarray(0, 80))))
      publish(prevHash, 200_001 + index)
    }
  })

  test('what devices find, what goes up and what is acknowledged add up at every proxy', () => {
    const { network, proxies, deviceRoles, works, facts } = aChain(editions)
    for (let round = 0; round < 20; round++) {
      for (const role of deviceRoles) network.tell(role, findFor(works.get(role)!, network.now, false))
      network.advance(1)
    }
    network.advance(5)
    const accepted = facts.filter(({ kind }) => kind === 'shareAccepted')
    expect(facts.filter(({ kind }) => kind === 'shareRefused')).toEqual([])
    for (const proxy of proxies) {
      let [found, sent, acknowledged] = [0, 0, 0]
      for (const [, tally] of proxy.tallies.entries()) {
        found += tally.found
        sent += tally.sent
        acknowledged += tally.acknowledged
        expect(tally).toMatchObject({ refused: 0, unanswered: 0 })
      }
      expect(acknowledged).toBe(sent)
      expect(sent).toBeLessThanOrEqual(found)
      expect(found).toBeGreaterThan(0)
    }
    expect(accepted.length).toBeGreaterThanOrEqual(60)
  })
})
