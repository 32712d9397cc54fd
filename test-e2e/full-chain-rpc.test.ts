import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PartName, Topology } from '@sv2/topology'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loggedNext, PersistentMiner, POOL_SCRIPT_HEX, startFarm } from './farm.ts'
import {
  bitcoindNodes,
  bitcoinNodeNodes,
  embeddedNodes,
  type RpcNodes,
  rpc,
  whyNoBitcoind,
} from './rpc-nodes.ts'

/** Every block of a real regtest is easier than this: each share is one, and they come every few seconds. */
const SHARE_DIFFICULTY = 2 ** -15

const whyNot = whyNoBitcoind()
const whyNoSockets = whyNoBitcoind('BITCOIN_NODE')
const KINDS: readonly (readonly [string, (folder: string) => Promise<RpcNodes>])[] = [
  ['two embedded nodes', (folder) => embeddedNodes(folder, SHARE_DIFFICULTY)],
  ...(whyNot === undefined ? [['two of Bitcoin Core', bitcoindNodes] as const] : []),
  ...(whyNoSockets === undefined
    ? [['two of Bitcoin Core whose templates come by their sockets', bitcoinNodeNodes] as const]
    : []),
]

if (whyNot !== undefined) test.skip(`the whole chain on two of Bitcoin Core: ${whyNot}`, () => undefined)

if (whyNoSockets !== undefined)
  test.skip(`the whole chain on the sockets of two of Bitcoin Core: ${whyNoSockets}`, () => undefined)

describe.each(KINDS)(
  'V1 miner, translator, negotiator client, pool on %s, known from outside alone',
  (_, start) => {
    const folder = mkdtempSync(join(tmpdir(), 'sv2-rpc-nodes-'))
    let nodes: RpcNodes
    let topology: Topology
    let miner: PersistentMiner

    beforeAll(async () => {
      nodes = await start(folder)
      topology = await startFarm({
        access: nodes,
        config: (part, config) => withHardShares(part, onSockets(nodes, part, config)),
        without: ['mining-proxy', 'sv1-miner', 'device-1', 'device-2', 'device-3'],
      })
      miner = new PersistentMiner(topology)
    })
    afterAll(async () => {
      miner?.stop()
      await topology?.stop()
      await nodes?.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    test('a block of the farm is taken by both nodes, pays the pool, and its share is credited', async () => {
      const client = topology.process('negotiator-client')
      const provider = topology.process('farm-template-provider')
      await topology.process('pool').logged('share accepted')
      const { hash } = await provider.logged('block accepted')
      const solved = await client.logged((line) => line.msg === 'block found' && line.hash === hash)
      expect(solved.pool).toBe(0)
      await loggedNext(topology.process('template-provider'), 'template sent')
      for (const node of [nodes.node, nodes.farmNode]) {
        const block = await rpc(node, 'getblock', hash, 2)
        expect(block.confirmations).toBeGreaterThan(0)
        const paid = block.tx[0].vout.filter(({ value }: { value: number }) => value > 0)
        expect(paid).toMatchObject([{ scriptPubKey: { hex: POOL_SCRIPT_HEX } }])
      }
    })
  },
)

/** The providers' nodes by their sockets, where they have some. */
function onSockets(
  { sockets }: RpcNodes,
  part: PartName,
  config: Record<string, unknown>,
): Record<string, unknown> {
  if (sockets === undefined) return config
  if (part === 'template-provider') return { ...config, nodes: [{ ipc: sockets.node }] }
  if (part === 'farm-template-provider') return { ...config, nodes: [{ ipc: sockets.farmNode }] }
  return config
}

/** Where every share is a block, shares have to be as hard as blocks are elsewhere. */
function withHardShares(part: PartName, config: Record<string, unknown>): Record<string, unknown> {
  const difficulty = { min_difficulty: SHARE_DIFFICULTY, start_difficulty: SHARE_DIFFICULTY }
  if (part === 'pool' || part === 'negotiator-client')
    return { ...config, difficulty: { ...difficulty, vardiff: false } }
  if (part !== 'translator') return config
  return { ...config, v1_to_v2: { ...(config.v1_to_v2 as object), difficulty } }
}
