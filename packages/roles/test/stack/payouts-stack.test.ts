import { concatBytes, parseBlock, sha256, sha256d, unhex } from '@sv2/bitcoin'
import type { Edition } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { Device, type Work } from '@sv2/roles/device'
import { JobClient, NegotiatorServer } from '@sv2/roles/negotiator'
import { type Distribution, firstPayouts, rewardOutputs } from '@sv2/roles/payouts'
import { Pool, type ProvenShare } from '@sv2/roles/pool'
import { Provider } from '@sv2/roles/provider'
import { type AnyRole, RoleNetwork } from '@sv2/sim'
import { describe, expect, test } from 'vitest'
import { DEVICE, filled, MINERS, NOW, poolSettings } from '../_fixtures.ts'
import { findFor } from '../_found-share.ts'
import { clientSettings, FRONT } from '../_job-client-settings.ts'
import { mac, NEGOTIATOR } from '../_negotiator.ts'
import { aNodeTemplate } from '../_node-templates.ts'
import { ALICE, aDistribution, POOL_SCRIPT, SHARED } from '../_payouts.ts'

type Fact = { readonly kind: string }
/** Mines by the pool's own jobs, or by jobs of its own node that the pool has agreed to. */
type Place = 'pool' | 'client'

/** A pool that splits blocks, its negotiator server, and a job client, each with a device, through the bytes of an edition. */
function aStack(edition: Edition, fullTemplate = true) {
  const provider = () =>
    new Provider(
      { feeThreshold: 1n, minIntervalMs: 0, firstTemplateId: 0n, keptBytes: 2 ** 28, workMaxAgeMs: 60_000 },
      { sha256d },
    ) as unknown as AnyRole
  const extensions = { supported: new Set([2, 3]), required: new Set<number>() }
  const customWork = { maxUsedTokens: 1_000, uncheckedTrust: Number.POSITIVE_INFINITY, negotiators: [] }
  const settings = poolSettings({
    payout: SHARED,
    miners: { ...MINERS, extensions },
    customWork,
    maxUnrecordedShares: 100,
  })
  const pool = new Pool(settings, { sha256d, mac }) as unknown as AnyRole
  let random = 0
  const randomBytes = (size: number) =>
    concatBytes(Uint8Array.of(++random & 0xff, random >> 8), new Uint8Array(size - 2))
  const server = new NegotiatorServer(
    { ...NEGOTIATOR, payout: SHARED, furtherOutputs: [] },
    { sha256d, sha256, mac, randomBytes },
  ) as unknown as AnyRole
  const own = clientSettings({ extensions: [3], fullTemplate })
  const client = new JobClient(
    { ...own, pairs: own.pairs.map((pair) => ({ ...pair, userIdentity: `${ALICE}.farm` })) },
    { sha256, sha256d, randomBytes, front: FRONT },
  ) as unknown as AnyRole
  const providers = { pool: provider(), client: provider() }
  const device = (): AnyRole =>
    new Device(
      { ...DEVICE, userIdentity: `${ALICE}.rig`, mode: 'extended', nominalHashrate: 2 },
      { sha256d },
    ) as unknown as AnyRole
  const devices = { pool: device(), client: device() }
  const roles = [...Object.values(providers), pool, server, client, ...Object.values(devices)]
  const works = new Map<AnyRole, Work | undefined>()
  const facts: Fact[] = []
  const network = new RoleNetwork({ roles, now: NOW }, (role, fact) => {
    facts.push(fact)
    if (fact.kind === 'work') works.set(role, (fact as unknown as { work: Work | undefined }).work)
    if (fact.kind === 'proposeBlock')
      network.tell(role, { ...fact, kind: 'proposalChecked', verdict: null } as Fact)
    if (fact.kind === 'keepJob') network.tell(role, { ...fact, kind: 'jobKept', isKept: true } as Fact)
    if (fact.kind === 'recordShare') network.tell(role, { kind: 'recorded', shares: 1 } as Fact)
  })
  /** What was told since the last call. */
  const told = <T>(kind: string): T[] => {
    const found = facts.filter((fact) => fact.kind === kind) as unknown as T[]
    facts.splice(0, facts.length, ...facts.filter((fact) => fact.kind !== kind))
    return found
  }
  const publish = (prevHash: Uint8Array, height: number) => {
    const template = aNodeTemplate({ prevHash, height })
    for (const role of [...Object.values(providers), server])
      network.tell(role, { kind: 'nodeTemplate', template } as Fact)
    network.advance(2)
  }
  const line = (
    protocol: 'mining' | 'templates' | 'negotiation',
    [above, door]: readonly [AnyRole, string],
    [below, port, index]: readonly [AnyRole, string, number?],
  ) => {
    const client = { role: below, port: index === undefined ? { kind: port } : { kind: port, index } }
    network.connect({ edition, protocol, server: { role: above, port: { kind: door } }, client })
  }
  network.tell(client, { kind: 'tick' } as Fact)
  publish(filled(0xaa), 200_000)
  line('templates', [providers.pool, 'clients'], [pool, 'templates'])
  line('templates', [providers.client, 'clients'], [client, 'templates'])
  line('mining', [pool, 'miners'], [client, 'pool', 0])
  line('negotiation', [server, 'clients'], [client, 'negotiator', 0])
  line('mining', [pool, 'miners'], [devices.pool, 'upstream'])
  line('mining', [client, 'miners'], [devices.client, 'upstream'])
  network.advance(2)
  let height = 200_000
  return {
    /** Somebody else finds a block: every job is made anew. */
    lose() {
      height++
      publish(filled(height & 0xff), height)
    },
    /** Time passes, until every miner has the present work under a new id. */
    refresh: () => network.advance(61),
    distribute(distribution: Distribution, voids: boolean) {
      for (const role of [pool, server])
        network.tell(role, { kind: 'distribution', distribution, voids } as Fact)
      network.advance(2)
    },
    /** A device finds a block; answers what its coinbase pays, as the pool's journal and the node have it. */
    mine(place: Place) {
      const work = works.get(devices[place])
      if (work === undefined) throw new Error(`no work for the device of the ${place}`)
      network.tell(devices[place], findFor(work, network.now, true) as Fact)
      const [record] = told<{ share: ProvenShare }>('recordBlock')
      const [submitted] = told<{ hash: string; block: Uint8Array }>('submitBlock')
      const { outputs } = parseBlock(submitted!.block).transactions[0]!
      height++
      publish(unhex(submitted!.hash).reverse(), height)
      return { outputs, reward: record?.share.job.reward }
    },
  }
}

const VALUE = aNodeTemplate().coinbaseValue
const PLACES: readonly Place[] = ['pool', 'client']

describe('blocks of a pool that splits them, and of its job client', () => {
  test.each([true, false])(
    'pay by the newest distribution (current, transactions shown: %s)',
    (fullTemplate) => {
      const { mine, distribute, lose } = aStack(current, fullTemplate)
      for (let id = 1n; id <= 6n; id++) {
        const distribution = aDistribution(id, 3 + Number(id))
        const voids = id % 2n === 0n
        distribute(distribution, voids)
        if (!voids) lose()
        for (const place of PLACES) {
          const { outputs, reward } = mine(place)
          expect([place, outputs.slice(0, -1)]).toEqual([place, rewardOutputs(distribution, VALUE)])
          expect(outputs.at(-1)?.value).toBe(0n)
          expect(reward).toEqual({ toPool: VALUE, total: VALUE, distributionId: id })
        }
      }
    },
  )

  test('the draft has no extension: the pool’s own blocks are split, those of the client pay the pool', () => {
    const { mine, distribute, lose, refresh } = aStack(draft)
    const distribution = aDistribution(1n, 4)
    distribute(distribution, false)
    lose()
    const own = mine('pool')
    expect(own.outputs.slice(0, -1)).toEqual(rewardOutputs(distribution, VALUE))
    // a client of the draft works for itself until the pool says what its coinbase is
    refresh()
    const { outputs, reward } = mine('client')
    expect(outputs[0]).toEqual({ value: VALUE, script: POOL_SCRIPT })
    expect(outputs.slice(1).every(({ value }) => value === 0n)).toBe(true)
    expect(reward).toEqual({ toPool: VALUE, total: VALUE, distributionId: 0n })
  })

  test('before the first distribution all is the pool’s', () => {
    const { mine } = aStack(current)
    expect(mine('pool').outputs[0]).toEqual({ value: VALUE, script: POOL_SCRIPT })
  })

  test('more miners than a template has room for: the next one has it', () => {
    const { mine, distribute, lose } = aStack(current)
    distribute(aDistribution(1n, 4), false)
    const many = aDistribution(2n, 300)
    distribute(many, true)
    lose()
    for (const place of PLACES) {
      const { outputs } = mine(place)
      // the coinbase of the device's own class lists as many as it has room for
      expect(outputs.slice(0, -1)).toEqual(rewardOutputs(firstPayouts(many, outputs.length - 2), VALUE))
      expect(outputs.length).toBeGreaterThan(300)
    }
  })
})
