import { hex, parseBlock, sha256d, unhex } from '@sv2/bitcoin'
import type { Edition } from '@sv2/messages'
import { Device, type Work } from '@sv2/roles/device'
import type { NodeTemplate } from '@sv2/roles/ground'
import { Pool } from '@sv2/roles/pool'
import { Provider, type SubmitBlock } from '@sv2/roles/provider'
import { type AnyRole, RoleNetwork } from '@sv2/sim'
import { describe, expect } from 'vitest'
import { DEVICE, filled, NBITS_EASY, NOW, poolSettings, proves } from '../_fixtures.ts'
import { findFor } from '../_found-share.ts'
import { aNodeTemplate } from '../_node-templates.ts'

/** Provider, pool and three devices, the shipped ones, connected through the bytes of an edition. */
function aStack(edition: Edition) {
  const provider = new Provider(
    { feeThreshold: 1n, minIntervalMs: 0, firstTemplateId: 0n, keptBytes: 2 ** 28, workMaxAgeMs: 60_000 },
    { sha256d },
  )
  const pool = new Pool(poolSettings({ miners: { vardiff: true } }), { sha256d })
  const devices = (['standard', 'grouped', 'extended'] as const).map(
    (mode) => new Device({ ...DEVICE, mode, nominalHashrate: 2 }, { sha256d }),
  )
  const roles = [provider, pool, ...devices] as unknown as AnyRole[]
  const [providerRole, poolRole, ...deviceRoles] = roles as [AnyRole, AnyRole, ...AnyRole[]]
  const works = new Map<AnyRole, Work | undefined>()
  const blocks: SubmitBlock[] = []
  const facts: { readonly kind: string }[] = []
  const network = new RoleNetwork({ roles, now: NOW }, (role, fact) => {
    facts.push(fact)
    if (fact.kind === 'work') works.set(role, (fact as unknown as { work: Work | undefined }).work)
    if (fact.kind === 'submitBlock') blocks.push(fact as unknown as SubmitBlock)
  })
  let node: NodeTemplate = aNodeTemplate()
  const publish = (next: NodeTemplate) => {
    node = next
    network.tell(providerRole, { kind: 'nodeTemplate', template: node } as never)
  }
  publish(node)
  const line = { edition, server: { role: providerRole, port: { kind: 'clients' } } }
  network.connect({ ...line, protocol: 'templates', client: { role: poolRole, port: { kind: 'templates' } } })
  for (const role of deviceRoles) {
    const server = { role: poolRole, port: { kind: 'miners' } }
    network.connect({ edition, protocol: 'mining', server, client: { role, port: { kind: 'upstream' } } })
  }
  /** One device finds one share, as late as its time may be. */
  const mine = (role: AnyRole, isBlock: boolean) => {
    const work = works.get(role)
    if (work === undefined) throw new Error('no work')
    network.tell(role, findFor(work, network.now, isBlock))
  }
  return { network, deviceRoles, works, blocks, facts, publish, mine, node: () => node }
}

describe('the whole stack', () => {
  proves(
    'TP-25, POOL-62, TPC-02',
    'both',
    'a block of any device reaches the node in the moment it is found',
    (edition) => {
      const { deviceRoles, blocks, mine, publish } = aStack(edition)
      for (const [index, role] of deviceRoles.entries()) {
        mine(role, true)
        expect(blocks).toHaveLength(index + 1)
        const { header, transactions } = parseBlock(blocks[index]!.block)
        expect(header.nbits).toBe(NBITS_EASY)
        expect(transactions).toHaveLength(3)
        // the next one builds on it
        const prevHash = unhex(blocks[index]!.hash).reverse()
        publish(aNodeTemplate({ prevHash, height: 200_001 + index }))
        expect(hex(prevHash)).toBe(hex(sha256d(blocks[index]!.block.subarray(0, 80))))
      }
    },
  )

  proves(
    'TPC-04',
    'both',
    'the time of a solution lies between that of SetNewPrevHash and the seconds since',
    (edition) => {
      const { network, deviceRoles, blocks, mine } = aStack(edition)
      for (let second = 0; second < 5; second++) {
        for (const role of deviceRoles) mine(role, true)
        network.advance(1)
      }
      expect(blocks).toHaveLength(15)
      const { curtime } = aNodeTemplate()
      for (const [index, { block }] of blocks.entries()) {
        const { ntime } = parseBlock(block).header
        expect(ntime).toBeGreaterThanOrEqual(curtime)
        expect(ntime).toBeLessThanOrEqual(curtime + Math.floor(index / 3))
      }
    },
  )

  proves(
    'DEV-09, POOL-40, TPC-07',
    'current',
    'all devices are on the new tip before the node says more',
    (edition) => {
      const { deviceRoles, works, publish } = aStack(edition)
      for (let block = 1; block < 20; block++) {
        publish(aNodeTemplate({ prevHash: filled(block), height: 200_000 + block }))
        for (const role of deviceRoles) expect(works.get(role)?.prevHash).toEqual(filled(block))
      }
    },
  )

  proves('DEV-09, TPC-08', 'draft', 'all devices are on the new tip before the node says more', (edition) => {
    const { deviceRoles, works, publish } = aStack(edition)
    for (let block = 1; block < 20; block++) {
      publish(aNodeTemplate({ prevHash: filled(block), height: 200_000 + block }))
      for (const role of deviceRoles) expect(works.get(role)?.prevHash).toEqual(filled(block))
    }
  })

  proves(
    'POOL-43, POOL-44',
    'current',
    'a named future job is made of the very tip it is named for',
    (edition) => {
      const { blocks, deviceRoles, mine, publish } = aStack(edition)
      const old = aNodeTemplate().transactions
      const fresh = aNodeTemplate({ prevHash: filled(7), height: 200_001, transactions: [old[1]!] })
      publish(fresh)
      mine(deviceRoles[0]!, true)
      // no transaction that the new block may have confirmed is left in
      const { transactions } = parseBlock(blocks.at(-1)!.block)
      expect(transactions).toHaveLength(2)
    },
  )

  proves(
    'POOL-26, POOL-33',
    'both',
    'what devices submit is accepted and acknowledged, all of it',
    (edition) => {
      const { network, deviceRoles, facts, mine } = aStack(edition)
      for (let second = 0; second < 30; second++) {
        for (const role of deviceRoles) mine(role, false)
        network.advance(1)
      }
      network.advance(2)
      const count = (kind: string) => facts.filter((fact) => fact.kind === kind).length
      expect(count('shareSubmitted')).toBe(90)
      expect(count('shareAccepted')).toBe(90)
      expect(count('shareRefused') + count('shareDropped') + count('messageIgnored')).toBe(0)
      const acknowledged = facts.filter(({ kind }) => kind === 'sharesAccepted') as unknown as {
        count: number
      }[]
      expect(acknowledged.reduce((sum, each) => sum + each.count, 0)).toBe(90)
    },
  )
})
