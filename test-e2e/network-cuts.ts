import { setTimeout as pause } from 'node:timers/promises'
import type { Link, PartName, Topology } from '@sv2/topology'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bothMineOn, loggedNext, PersistentMiner, startFarm } from './farm.ts'
import { Relay } from './relay.ts'

const LINKS = [
  ['negotiator-client', 'pool'],
  ['negotiator-client', 'negotiator-server'],
  ['negotiator-client', 'farm-template-provider'],
  ['mining-proxy', 'negotiator-client'],
  ['pool', 'template-provider'],
  ['pool', 'negotiator-server'],
] as const satisfies readonly (readonly [PartName, PartName])[]

const nameOf = (from: PartName, to: PartName): string => `${from} ${to}`

/** Cuts every kind of connection, one after the other, for as long in real time. */
export function cutEveryLink(cutMs: number, edition: 'current' | 'draft'): void {
  describe(`a connection that is cut for ${cutMs / 1000} s (${edition})`, () => cutting(cutMs, edition))
}

function cutting(cutMs: number, edition: 'current' | 'draft'): void {
  const relays = new Map<string, Relay>()
  let topology: Topology
  let miner: PersistentMiner

  beforeAll(async () => {
    topology = await startFarm({ edition, through })
    miner = new PersistentMiner(topology)
    await miner.acceptedMore()
  })
  afterAll(async () => {
    miner?.stop()
    await topology?.stop()
    for (const relay of relays.values()) relay.close()
  })

  async function through({ from, to, port }: Link): Promise<number> {
    if (!LINKS.some(([left, right]) => left === from && right === to)) return port
    const relay = await Relay.open({ host: '127.0.0.1', port })
    relays.set(nameOf(from, to), relay)
    return relay.port
  }

  test.each(LINKS)(
    'between %s and %s: both go on, and a share and a block come through afterwards',
    async (from, to) => {
      const relay = relays.get(nameOf(from, to))
      relay?.cut()
      await pause(cutMs)
      relay?.mend()
      await loggedNext(topology.process('pool'), 'share accepted')
      await miner.acceptedMore()
      await bothMineOn(topology)
      expect(topology.names.filter((name) => !topology.process(name).isRunning)).toEqual([])
    },
  )
}
