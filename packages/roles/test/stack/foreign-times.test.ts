import { sha256d } from '@sv2/bitcoin'
import type { Edition } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { Aggregator } from '@sv2/roles/aggregator'
import { Device, type Work } from '@sv2/roles/device'
import { Relay } from '@sv2/roles/relay'
import { V1ToV2, V2ToV1 } from '@sv2/roles/translator'
import { type AnyRole, RoleNetwork, seededRandom } from '@sv2/sim'
import { sv1Client } from '@sv2/sv1'
import { describe, expect, test } from 'vitest'
import { workSettings } from '../_aggregator.ts'
import { DEVICE, filled, NOW, NTIME } from '../_fixtures.ts'
import { findFor } from '../_found-share.ts'
import { relaySettings } from '../_relay.ts'
import { Sv1Miner } from '../_sv1-miner.ts'
import { Sv1Peer } from '../_sv1-peer.ts'
import { EASY, translatorSettings } from '../_sv1-world.ts'
import { ScriptedPool, V1_CAPABILITIES, v2ToV1Settings } from '../_v1-pool.ts'

const MIDDLES = {
  aggregator: () => new Aggregator(workSettings({ rolled: { most: 8, least: 4 } }), { sha256d }),
  relay: () => new Relay(relaySettings(), { sha256d }),
} as const

type Middle = keyof typeof MIDDLES

/**
 * A V1 pool ← V2→V1 translator ← proxies ← three devices, and a V1 miner behind a V1→V2 translator. The pool's clock is
 * its own: the times of its jobs jump.
 */
function aFarm(middles: readonly Middle[], editions: readonly Edition[]) {
  const pool = new ScriptedPool()
  pool.extranonce2Size = 16
  const upper = new V2ToV1(v2ToV1Settings(1), { sha256d })
  const proxies = middles.map((kind) => MIDDLES[kind]())
  const devices = (['standard', 'grouped', 'extended'] as const).map(
    (mode) => new Device({ ...DEVICE, mode, nominalHashrate: 2 }, { sha256d }),
  )
  const random = seededRandom(7)
  const lower = new V1ToV2(translatorSettings({ rolled: { most: 2, least: 2 }, front: EASY }), {
    sha256d,
    randomBytes: (count) => Uint8Array.from({ length: count }, () => random() * 256),
  })
  const roles = [upper, ...proxies, lower, ...devices] as unknown as AnyRole[]
  const works = new Map<AnyRole, Work>()
  const refusals: unknown[] = []
  const network: RoleNetwork = new RoleNetwork({ roles, now: NOW }, (role, fact) => {
    if (fact.kind === 'work') works.set(role, (fact as unknown as { work: Work }).work)
    if (fact.kind === 'shareRefused' || fact.kind === 'shareDropped') refusals.push(fact)
    if (fact.kind === 'dial') connectPool((fact as unknown as { link: number }).link)
  })
  const [upperRole] = roles as [AnyRole]
  const connectPool = (link: number): void => {
    let toRole: (message: unknown) => void = () => undefined
    const line = pool.connect({ session: link, link }, (message) => toRole(message))
    network.attach(upperRole, {
      port: { kind: 'pool', index: link },
      capabilities: V1_CAPABILITIES,
      arrive: (message, deliver) => {
        toRole = deliver
        line.hear(sv1Client.encode(message as never))
      },
    })
  }
  for (const role of roles) network.tell(role, { kind: 'tick' })
  let above = upperRole
  for (const [index, edition] of editions.slice(0, middles.length).entries()) {
    const role = roles[1 + index]!
    const server = { role: above, port: { kind: 'miners' } }
    network.connect({
      edition,
      protocol: 'mining',
      server,
      client: { role, port: { kind: 'upstream', index: 0 } },
    })
    above = role
  }
  const edition = editions.at(-1)!
  const lowerRole = lower as unknown as AnyRole
  const server = { role: above, port: { kind: 'miners' } }
  network.connect({
    edition,
    protocol: 'mining',
    server,
    client: { role: lowerRole, port: { kind: 'upstream', index: 0 } },
  })
  for (const role of devices as unknown as AnyRole[])
    network.connect({ edition, protocol: 'mining', server, client: { role, port: { kind: 'upstream' } } })
  const peer: Sv1Peer = new Sv1Peer(0, (event) => {
    if (event.kind === 'message') toLower(event.message)
  })
  const toLower = network.attach(lowerRole, {
    port: { kind: 'v1', index: 0 },
    capabilities: V1_CAPABILITIES,
    arrive: (message) => peer.arrive(message),
  })
  const miner = new Sv1Miner(peer).login()
  network.advance(2)
  /** Everybody finds a share of the work that was told last. */
  const mine = (): void => {
    for (const role of devices as unknown as AnyRole[])
      network.tell(role, findFor(works.get(role)!, network.now, false) as never)
    const verdict = miner.mine()
    if (verdict !== true) refusals.push({ v1: verdict })
  }
  return { network, pool, mine, refusals, miner }
}

const both = [current, draft]
const chains: { readonly middles: readonly Middle[]; readonly editions: readonly Edition[] }[] = [
  ...both.map((edition) => ({ middles: [], editions: [edition] })),
  ...(['aggregator', 'relay'] as const).flatMap((middle) =>
    both.flatMap((up) => both.map((down) => ({ middles: [middle], editions: [up, down] }))),
  ),
  { middles: ['relay', 'aggregator'], editions: [draft, current, draft] },
  { middles: ['aggregator', 'relay'], editions: [current, draft, current] },
]

describe.each(chains)('jobs of a V1 pool whose clock jumps', ({ middles, editions }) => {
  const way = ['V2→V1', ...middles].map((role, index) => `${role} ←${editions[index]!.name}←`).join(' ')
  test(`no share is refused anywhere: ${way} devices, V1 miner`, () => {
    const { network, pool, mine, refusals, miner } = aFarm(middles, editions)
    let ntime = NTIME
    let mined = 0
    for (const [round, jump] of [40, 0, 7, 300, 1, 0, 90, 3_000, 30, 0, 12].entries()) {
      ntime += jump
      const isNewTip = round % 4 === 3
      const prevHash = filled(0xaa + (round >> 2) + (isNewTip ? 1 : 0))
      pool.notify({ jobId: `n${round}`, ntime, prevHash, cleanJobs: isNewTip, merkleBranch: [filled(round)] })
      mine()
      network.advance(1 + (round % 3))
      mine()
      mined += 2
    }
    network.advance(5)
    expect(refusals).toEqual([])
    expect(pool.submits.filter(({ verdict }) => verdict !== true)).toEqual([])
    expect(pool.submits.length).toBeGreaterThan(mined)
    expect(miner.peer.closed).toBeUndefined()
  })
})
