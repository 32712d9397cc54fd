import { hex, sha256d, unhex } from '@sv2/bitcoin'
import type { Edition } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { Device, type Work } from '@sv2/roles/device'
import { Pool } from '@sv2/roles/pool'
import { Provider, type SubmitBlock } from '@sv2/roles/provider'
import { Relay } from '@sv2/roles/relay'
import { type AnyRole, RoleNetwork } from '@sv2/sim'
import { describe, expect, test } from 'vitest'
import { DEVICE, MINERS, NOW, poolSettings } from '../_fixtures.ts'
import { findFor } from '../_found-share.ts'
import { aNodeTemplate } from '../_node-templates.ts'
import { relaySettings } from '../_relay.ts'

interface Editions {
  readonly pools: Edition
  readonly between: Edition
  readonly devices: Edition
}

/** Two pools ← a relay with both as upstreams ← a relay below it ← devices of every kind, all of them the shipped roles. */
function aFarm({ pools: edition, between, devices: deviceEdition }: Editions) {
  const provider = new Provider(
    { feeThreshold: 1n, minIntervalMs: 0, firstTemplateId: 0n, keptBytes: 2 ** 28, workMaxAgeMs: 60_000 },
    { sha256d },
  )
  const pools = [1, 2].map((serverId) => {
    const extranonce = { serverId: Uint8Array.of(0, serverId), leaseBytes: 4 }
    return new Pool(poolSettings({ miners: { ...MINERS, extranonce } }), { sha256d })
  })
  const relays = [{ upstreams: [{}, {}] }, {}].map((over) => new Relay(relaySettings(over), { sha256d }))
  const devices = (['standard', 'grouped', 'extended'] as const).map(
    (mode) => new Device({ ...DEVICE, mode, nominalHashrate: 2 }, { sha256d }),
  )
  const roles = [provider, ...pools, ...relays, ...devices] as unknown as AnyRole[]
  const [providerRole, ...others] = roles as [AnyRole, ...AnyRole[]]
  const [poolRoles, [upper, lower], deviceRoles] = [others.slice(0, 2), others.slice(2, 4), others.slice(4)]
  const works = new Map<AnyRole, Work | undefined>()
  const blocks: SubmitBlock[] = []
  const facts: { readonly role: AnyRole; readonly kind: string; readonly [field: string]: unknown }[] = []
  const dial = (role: AnyRole, upstream: number) =>
    network.connect({
      edition: role === upper ? edition : between,
      protocol: 'mining',
      server: { role: role === upper ? poolRoles[upstream]! : upper!, port: { kind: 'miners' } },
      client: { role, port: { kind: 'upstream', index: upstream } },
    })
  const network = new RoleNetwork({ roles, now: NOW }, (role, fact) => {
    facts.push({ role, ...fact })
    if (fact.kind === 'work') works.set(role, (fact as unknown as { work: Work | undefined }).work)
    if (fact.kind === 'submitBlock') blocks.push(fact as unknown as SubmitBlock)
    if (fact.kind === 'dial') dial(role, (fact as unknown as { upstream: number }).upstream)
  })
  const publish = (over: Parameters<typeof aNodeTemplate>[0] = {}) =>
    network.tell(providerRole, { kind: 'nodeTemplate', template: aNodeTemplate(over) } as never)
  publish()
  for (const role of poolRoles) {
    const line = {
      server: { role: providerRole, port: { kind: 'clients' } },
      client: { role, port: { kind: 'templates' } },
    }
    network.connect({ edition: current, protocol: 'templates', ...line })
  }
  for (const role of [upper!, lower!]) network.tell(role, { kind: 'tick' })
  for (const role of deviceRoles) {
    const line = {
      server: { role: lower!, port: { kind: 'miners' } },
      client: { role, port: { kind: 'upstream' } },
    }
    network.connect({ edition: deviceEdition, protocol: 'mining', ...line })
  }
  const count = (kind: string) => facts.filter((fact) => fact.kind === kind).length
  return {
    network,
    deviceRoles,
    works,
    blocks,
    facts,
    count,
    publish,
    /** A pool ends all its connections, and does not come back until it is dialed. */
    drop: (pool: number) => network.tell(poolRoles[pool]!, { kind: 'drain', host: '', port: 0 } as never),
    dial: (upstream: number) => dial(upper!, upstream),
    mine(role: AnyRole, isBlock: boolean) {
      const work = works.get(role)
      if (work === undefined) throw new Error('no work')
      network.tell(role, findFor(work, network.now, isBlock))
    },
  }
}

const ALL = [
  { proven: 'current', pools: current, between: current, devices: current },
  { proven: 'draft', pools: draft, between: draft, devices: draft },
  { proven: 'current, draft', pools: current, between: current, devices: draft },
  { proven: 'current, draft', pools: draft, between: current, devices: current },
  { proven: 'current, draft', pools: current, between: draft, devices: current },
] as const

describe.each(ALL)(
  'relay below relay: pools $pools.name, between $between.name, devices $devices.name',
  ({ proven, ...editions }) => {
    test(`PRX-09, PRX-11, PRX-20 (${proven}): a block of any device reaches the node in the moment it is found`, () => {
      const { deviceRoles, blocks, publish, mine } = aFarm(editions)
      for (const [index, role] of deviceRoles.entries()) {
        mine(role, true)
        expect(blocks).toHaveLength(index + 1)
        const prevHash = unhex(blocks[index]!.hash).reverse()
        expect(hex(prevHash)).toBe(hex(sha256d(blocks[index]!.block.subarray(0, 80))))
        publish({ prevHash, height: 200_001 + index })
      }
    })

    test(`PRX-12, PRX-23 (${proven}): all shares are accepted, and acknowledged to whom they are`, () => {
      const { network, deviceRoles, facts, count, mine } = aFarm(editions)
      for (let second = 0; second < 20; second++) {
        for (const role of deviceRoles) mine(role, false)
        network.advance(1)
      }
      network.advance(2)
      expect([count('shareSubmitted'), count('shareAccepted')]).toEqual([60, 60])
      expect(count('shareRefused') + count('shareDropped') + count('upstreamMessageIgnored')).toBe(0)
      for (const device of deviceRoles) {
        const own = facts.filter(({ role, kind }) => role === device && kind === 'sharesAccepted')
        expect(own.reduce((sum, fact) => sum + Number(fact.count), 0)).toBe(20)
      }
    })

    test(`PRX-20 (${proven}): devices work on through failover and return, and every share is answered`, () => {
      const { network, deviceRoles, facts, count, mine, drop, dial, works } = aFarm(editions)
      const round = () => {
        for (const role of deviceRoles) mine(role, false)
        network.advance(1)
      }
      round()
      for (let time = 0; time < 2; time++) {
        drop(0)
        expect(facts.filter(({ kind }) => kind === 'channelMoved')).toHaveLength(6 * time + 3)
        for (let n = 0; n < 3; n++) round()
        dial(0)
        network.advance(12)
        expect(facts.filter(({ kind }) => kind === 'channelMoved')).toHaveLength(6 * time + 6)
        for (let n = 0; n < 3; n++) round()
      }
      network.advance(3)
      const moved = facts.filter(({ kind }) => kind === 'channelMoved').map(({ upstream }) => upstream)
      expect(moved).toEqual([1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0])
      // every device has its first channel still, and everything it sent was good
      expect(deviceRoles.every((role) => works.get(role) !== undefined)).toBe(true)
      const opened = facts.filter(({ role, kind }) => deviceRoles.includes(role) && kind === 'channelOpened')
      expect(opened).toHaveLength(3)
      expect([count('shareSubmitted'), count('shareAccepted'), count('shareRefused')]).toEqual([39, 39, 0])
      const acknowledged = facts.filter(
        ({ role, kind }) => deviceRoles.includes(role) && kind === 'sharesAccepted',
      )
      expect(acknowledged.reduce((sum, fact) => sum + Number(fact.count), 0)).toBe(39)
    })
  },
)
