import { hex } from '@sv2/bitcoin'
import type { PartName, Topology } from '@sv2/topology'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  inChain,
  metric,
  metricUntil,
  nextBlock,
  PersistentMiner,
  POOL_SCRIPT_HEX,
  startFarm,
} from './farm.ts'

describe.each(['current', 'draft'] as const)(
  'V1 miner, translator, negotiator client, pool, edition %s',
  (edition) => {
    let topology: Topology
    let miner: PersistentMiner
    beforeAll(async () => {
      topology = await startFarm({
        edition,
        without: ['mining-proxy', 'sv1-miner', 'device-1', 'device-2', 'device-3'],
      })
      topology.nodes.connect({ blocksOnly: true })
      miner = new PersistentMiner(topology)
    })
    afterAll(async () => {
      miner?.stop()
      await topology?.stop()
    })

    test('a block has the transactions that the farm chose, which the pool had never seen, and both nodes take it', async () => {
      const { node, farmNode } = topology
      expect(farmNode.sendPayments(3)).toBe(3)
      const chosen = [...farmNode.core.mempool.entries()].map(({ loaded }) => loaded.id)
      expect(node.mempoolSize()).toBe(0)
      const transactionsOf = (hash: string) =>
        node.core.chain.entry(hash)?.block.transactions.map(({ id }) => id) ?? []
      const hash = await nextBlock(node, (found) => chosen.every((id) => transactionsOf(found).includes(id)))
      await inChain(farmNode, hash)
      expect(
        await metric(topology, 'negotiator-server', 'sv2_negotiator_transactions_requested_total'),
      ).toBeGreaterThanOrEqual(3)
      const solved = await topology
        .process('negotiator-client')
        .logged((line) => line.msg === 'block found' && line.hash === hash)
      expect(solved.pool).toBe(0)
    })

    test('its coinbase pays the pool all of it', async () => {
      const hash = await nextBlock(topology.node)
      const coinbase = topology.node.core.chain.entry(hash)?.block.transactions[0]
      const paid = coinbase?.tx.outputs.filter(({ value }) => value > 0n) ?? []
      expect(paid.map(({ script }) => hex(script))).toEqual([POOL_SCRIPT_HEX])
      expect(paid[0]?.value).toBeGreaterThanOrEqual(5_000_000_000n)
    })

    test('the pool credits the shares of the job, and tells the server in its process of the block', async () => {
      const { hash } = await topology.process('pool').logged('block found')
      await topology.process('negotiator-server').logged((line) => line.hash === hash)
      await miner.acceptedMore(3)
      expect(
        await metricUntil(topology, { part: 'pool', name: 'sv2_client_shares_accepted_total' }, (n) => n > 3),
      ).toBeGreaterThan(3)
      // an acknowledgement may stand for all shares of a second
      const acknowledged = { part: 'negotiator-client', name: 'sv2_server_shares_accepted_total' } as const
      expect(await metricUntil(topology, acknowledged, (n) => n > 0)).toBeGreaterThan(0)
    })

    test('what the roles of negotiation serve says the same in numbers and in words', async () => {
      const health = async (part: PartName) => {
        const answer = await fetch(`${topology.monitoring(part)}/healthz`)
        const told = (await answer.json()) as Record<string, unknown>
        return { ...told, status: answer.status } as Record<string, unknown>
      }
      const pool = `127.0.0.1:${topology.port('pool')}`
      expect(await health('negotiator-client')).toMatchObject({ status: 200, ok: true, pool })
      expect(await health('negotiator-server')).toMatchObject({ status: 200, ok: true })
      const numbers = {
        pool: await metric(topology, 'negotiator-client', 'sv2_jdc_pool'),
        clients: await metric(topology, 'negotiator-client', 'sv2_clients_total'),
        channels: await metric(topology, 'negotiator-client', 'sv2_client_channels'),
        serverClients: await metric(topology, 'negotiator-server', 'sv2_negotiator_clients'),
      }
      const { connections, channels } = await health('negotiator-client')
      expect(numbers).toEqual({ pool: 0, clients: connections, channels, serverClients: 2 })
      const found = await metric(topology, 'negotiator-client', 'sv2_jdc_blocks_found_total')
      expect(found).toBeGreaterThan(0)
      const unknown = await fetch(`${topology.monitoring('negotiator-client')}/other`)
      expect(unknown.status).toBe(404)
    })
  },
)
