import type { LogLine, PartName, Topology } from '@sv2/topology'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agreed, bothMineOn, inChain, loggedNext, nextBlock, PersistentMiner, startFarm } from './farm.ts'

const NODES = ['node', 'farm-node'] as const
const PARTS = [
  'pool',
  'negotiator-server',
  'negotiator-client',
  'template-provider',
  'farm-template-provider',
  'mining-proxy',
  'translator',
] as const satisfies readonly PartName[]

/** Five seconds after a part is up again shares are to be credited again; slow machines get three times that. */
const SOON_MS = 15_000

/** Kills every part of pool and farm while a V1 miner works, and starts it again. */
export function restartEveryPart(edition: 'current' | 'draft'): void {
  describe(`each part of pool and farm is killed while miners work (${edition})`, () => restarting(edition))
}

function restarting(edition: 'current' | 'draft'): void {
  let topology: Topology
  let miner: PersistentMiner
  /** Shares that the pool accepted, and those it told the client it had, over all their lives. */
  const shares = { accepted: 0, acknowledged: 0 }
  const recovery = new Map<string, number>()

  beforeAll(async () => {
    topology = await startFarm({
      edition,
      config: withOneUpstream,
      onLine: count,
    })
    miner = new PersistentMiner(topology)
    await miner.acceptedMore()
  })
  afterAll(async () => {
    miner?.stop()
    await topology?.stop()
  })

  function count(part: PartName, line: LogLine): void {
    if (part === 'pool' && line.msg === 'share accepted') shares.accepted++
    if (part === 'negotiator-client' && line.msg === 'shares acknowledged')
      shares.acknowledged += Number(line.shares)
  }

  /** A share that was found now is credited by the pool, and so is a block, which both nodes take. */
  async function recovered(name: string, since: number): Promise<void> {
    await loggedNext(topology.process('pool'), 'share accepted')
    recovery.set(name, Math.round(performance.now() - since))
    await miner.acceptedMore()
    await bothMineOn(topology)
  }

  test.each(PARTS)('%s comes back, and mining goes on', async (name) => {
    await topology.kill(name)
    await topology.restart(name)
    await recovered(name, performance.now())
  })

  test.each(NODES)('%s comes back with its chain, and mining goes on', async (name) => {
    await topology.nodes.stop(name)
    await topology.nodes.startAgain(name)
    await recovered(name, performance.now())
  })

  test('the others stay: a miner below keeps its connection when anything above the translator is gone', async () => {
    const translator = topology.process('translator')
    const place = translator.place
    for (const name of ['template-provider', 'negotiator-server', 'farm-template-provider'] as const) {
      await topology.kill(name)
      await topology.restart(name)
      await miner.acceptedMore()
    }
    expect(translator.log.slice(place).filter(({ msg }) => msg === 'V1 session over')).toEqual([])
  })

  test('no share was lost that the client was told the pool has', () => {
    expect(shares.acknowledged).toBeGreaterThan(0)
    expect(shares.acknowledged).toBeLessThanOrEqual(shares.accepted)
  })

  describe('a block that is found meanwhile is in the chain afterwards', () => {
    /** Waits for the next block of ours, found while something is away. */
    const found = async () => {
      const line = loggedNext(topology.process('negotiator-client'), 'block found')
      miner.resume()
      return String((await line).hash)
    }

    test.each(['farm-template-provider', 'template-provider', 'negotiator-server'] as const)(
      'without %s',
      async (name) => {
        await agreed(topology, miner)
        await topology.kill(name)
        const hash = await found()
        await topology.restart(name)
        await inChain(topology.node, hash)
        await inChain(topology.farmNode, hash)
      },
    )

    test.each(NODES)('without %s', async (name) => {
      await agreed(topology, miner)
      await topology.nodes.stop(name)
      const hash = await found()
      await topology.nodes.startAgain(name)
      await inChain(topology.node, hash)
      await inChain(topology.farmNode, hash)
      await nextBlock(topology.node)
    })
  })

  test('shares are credited again soon after each of them is up', () => {
    expect([...recovery].filter(([, ms]) => ms > SOON_MS)).toEqual([])
  })
}

/** The proxy would go on with the pool itself; here it is to wait for the client. */
function withOneUpstream(name: PartName, config: Record<string, unknown>): Record<string, unknown> {
  if (name !== 'mining-proxy') return config
  return { ...config, upstreams: (config.upstreams as readonly unknown[]).slice(0, 1) }
}
