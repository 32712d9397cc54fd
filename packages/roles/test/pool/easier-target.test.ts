import { meetsTarget, nbitsToTarget, parseBlock, sha256d } from '@sv2/bitcoin'
import type { Edition } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { Aggregator } from '@sv2/roles/aggregator'
import { Device, type Work } from '@sv2/roles/device'
import type { NodeTemplate } from '@sv2/roles/ground'
import { Pool } from '@sv2/roles/pool'
import { Provider, type SubmitBlock } from '@sv2/roles/provider'
import { Relay } from '@sv2/roles/relay'
import { V1ToV2 } from '@sv2/roles/translator'
import { type AnyRole, RoleNetwork, seededRandom } from '@sv2/sim'
import { describe, expect, test } from 'vitest'
import { workSettings } from '../_aggregator.ts'
import { DEVICE, NBITS_EASY, NBITS_HARD, NOW, NTIME, poolSettings } from '../_fixtures.ts'
import { findFor } from '../_found-share.ts'
import { aNodeTemplate } from '../_node-templates.ts'
import { aMiner, codes } from '../_pool-shares.ts'
import { relaySettings } from '../_relay.ts'
import { Sv1Miner } from '../_sv1-miner.ts'
import { Sv1Peer } from '../_sv1-peer.ts'
import { EASY, translatorSettings } from '../_sv1-world.ts'
import { V1_CAPABILITIES } from '../_v1-pool.ts'

const MIDDLES = {
  aggregator: () => new Aggregator(workSettings({ rolled: { most: 8, least: 4 } }), { sha256d }),
  relay: () => new Relay(relaySettings(), { sha256d }),
} as const

type Middle = keyof typeof MIDDLES

/** Provider → pool → proxies → devices of each kind, and a translator with a V1 miner. */
function aTestnet(middles: readonly Middle[], edition: Edition) {
  const provider = new Provider(
    { feeThreshold: 1n, minIntervalMs: 0, firstTemplateId: 0n, keptBytes: 2 ** 28, workMaxAgeMs: 60_000 },
    { sha256d },
  )
  const pool = new Pool(poolSettings({ miners: { vardiff: true } }), { sha256d })
  const proxies = middles.map((kind) => MIDDLES[kind]())
  const devices = (['standard', 'grouped', 'extended'] as const).map(
    (mode) => new Device({ ...DEVICE, mode, nominalHashrate: 2 }, { sha256d }),
  )
  const random = seededRandom(7)
  const translator = new V1ToV2(translatorSettings({ rolled: { most: 2, least: 2 }, front: EASY }), {
    sha256d,
    randomBytes: (count) => Uint8Array.from({ length: count }, () => random() * 256),
  })
  const roles = [provider, pool, ...proxies, translator, ...devices] as unknown as AnyRole[]
  const works = new Map<AnyRole, Work>()
  const facts: { readonly kind: string }[] = []
  const blocks: SubmitBlock[] = []
  const network = new RoleNetwork({ roles, now: NOW }, (role, fact) => {
    facts.push(fact)
    if (fact.kind === 'work') works.set(role, (fact as unknown as { work: Work }).work)
    if (fact.kind === 'submitBlock') blocks.push(fact as unknown as SubmitBlock)
  })
  const [providerRole, poolRole, ...rest] = roles as [AnyRole, AnyRole, ...AnyRole[]]
  const publish = (template: NodeTemplate) =>
    network.tell(providerRole, { kind: 'nodeTemplate', template } as never)
  publish(template(NBITS_HARD, 0))
  const line = { edition, server: { role: providerRole, port: { kind: 'clients' } } }
  network.connect({ ...line, protocol: 'templates', client: { role: poolRole, port: { kind: 'templates' } } })
  let above = poolRole
  for (const role of rest.slice(0, middles.length)) {
    const server = { role: above, port: { kind: 'miners' } }
    network.connect({
      edition,
      protocol: 'mining',
      server,
      client: { role, port: { kind: 'upstream', index: 0 } },
    })
    above = role
  }
  const lower = translator as unknown as AnyRole
  const server = { role: above, port: { kind: 'miners' } }
  network.connect({
    edition,
    protocol: 'mining',
    server,
    client: { role: lower, port: { kind: 'upstream', index: 0 } },
  })
  const deviceRoles = devices as unknown as AnyRole[]
  for (const role of deviceRoles)
    network.connect({ edition, protocol: 'mining', server, client: { role, port: { kind: 'upstream' } } })
  const peer: Sv1Peer = new Sv1Peer(0, (event) => {
    if (event.kind === 'message') toTranslator(event.message)
  })
  const toTranslator = network.attach(lower, {
    port: { kind: 'v1', index: 0 },
    capabilities: V1_CAPABILITIES,
    arrive: (message) => peer.arrive(message),
  })
  const miner = new Sv1Miner(peer).login()
  network.advance(2)
  return { network, publish, deviceRoles, works, miner, blocks, facts }
}

/** One tip all the time; its target, and seconds since it came. */
function template(nbits: number, seconds: number): NodeTemplate {
  const curtime = NTIME + seconds
  return aNodeTemplate({ nbits, target: nbitsToTarget(nbits), curtime })
}

const chains: readonly (readonly Middle[])[] = [[], ['aggregator'], ['relay'], ['relay', 'aggregator']]
const cases = chains.flatMap((middles) => [current, draft].map((edition) => ({ middles, edition })))

describe.each(cases)('a tip whose target becomes easy after twenty minutes', ({ middles, edition }) => {
  const way = ['pool', ...middles].join(' → ')
  test(`(${edition.name}) every device, and a V1 miner, makes a block of the new target: ${way}`, () => {
    const { network, publish, deviceRoles, works, miner, blocks, facts } = aTestnet(middles, edition)
    const hardJobs = deviceRoles.map((role) => works.get(role)!.nbits)
    expect([...hardJobs, miner.job.nbits]).toEqual(Array(4).fill(NBITS_HARD))
    network.advance(1201)
    publish(template(NBITS_EASY, 1203))
    network.advance(1)
    for (const role of deviceRoles) {
      expect(works.get(role)!.nbits).toBe(NBITS_EASY)
      network.tell(role, findFor(works.get(role)!, network.now, true) as never)
    }
    expect(miner.job).toMatchObject({ nbits: NBITS_EASY, clean: true })
    const isBlock = (hash: Uint8Array) => meetsTarget(hash, nbitsToTarget(NBITS_EASY))
    expect(miner.mine({ hash: isBlock })).toBe(true)
    network.advance(5)
    expect(blocks).toHaveLength(4)
    for (const { block } of blocks) {
      const { header } = parseBlock(block)
      expect(header.nbits).toBe(NBITS_EASY)
      expect(header.ntime).toBeGreaterThan(NTIME + 1200)
    }
    expect(facts.filter(({ kind }) => kind === 'shareRefused')).toEqual([])
  })
})

test('work of the old target is stale once the same tip has the new one', () => {
  const { tip, miner, channel } = aMiner(current)
  const late = miner.find(channel)
  tip({ templateId: 2n }, { nbits: NBITS_EASY, target: nbitsToTarget(NBITS_EASY) })
  miner.peer.send(late)
  expect(codes(miner)).toEqual(['stale-share'])
})

test('a minimum time that rises beyond what was told is told, and running work stays good', () => {
  const { network, publish, deviceRoles, works, facts } = aTestnet([], current)
  const old = new Map(works)
  publish({ ...template(NBITS_HARD, 5), mintime: NTIME + 4_000 })
  const [role] = deviceRoles as [AnyRole]
  expect(works.get(role)!.ntime).toBe(NTIME + 4_000)
  network.tell(role, findFor(old.get(role)!, network.now, false) as never)
  network.advance(1)
  expect(facts.filter(({ kind }) => kind === 'shareRefused')).toEqual([])
})
