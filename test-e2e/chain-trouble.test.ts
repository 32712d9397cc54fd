import type { PartName, Topology } from '@sv2/topology'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  agreed,
  bothMineOn,
  isInChain,
  loggedNext,
  nextBlock,
  PersistentMiner,
  startFarm,
  timesLogged,
} from './farm.ts'

const HOUR_SEC = 3_600
/** A certificate of the pool ends so long after it was signed: an hour's difference is more than it forgives. */
const VALID_SEC = 600

describe('a farm whose chain is not the one of its pool for a while', () => {
  let topology: Topology
  let miner: PersistentMiner
  /** Seconds that the client's clock is ahead, at its next start. */
  let clientAheadSec: number | undefined

  beforeAll(async () => {
    topology = await startFarm({
      without: ['mining-proxy', 'sv1-miner', 'device-1', 'device-2', 'device-3'],
      config: (part, config) => (part === 'pool' ? { ...config, cert_validity_sec: VALID_SEC } : config),
      clockOffsetSec: (part: PartName) => (part === 'negotiator-client' ? clientAheadSec : undefined),
    })
    miner = new PersistentMiner(topology)
    await miner.acceptedMore()
  })
  afterAll(async () => {
    miner?.stop()
    await topology?.stop()
  })

  /** The pool pays for shares, a block of ours is in both chains, and the pool was never left since this place. */
  async function goesOn(from: number): Promise<void> {
    await bothMineOn(topology)
    await loggedNext(topology.process('pool'), 'share accepted')
    await miner.acceptedMore()
    expect(timesLogged(topology.process('negotiator-client'), 'miners work for ourselves', from)).toBe(0)
  }

  test("the farm's own node is started again: no fallback", async () => {
    const { place } = topology.process('negotiator-client')
    await topology.nodes.stop('farm-node')
    await topology.nodes.startAgain('farm-node')
    await goesOn(place)
  })

  test("the farm is behind: miners work on the pool's own jobs meanwhile, the pool takes their blocks, and they come back at once", async () => {
    const client = topology.process('negotiator-client')
    const { place } = client
    // a block of the farm's own would make its node the one that is ahead
    miner.pause()
    topology.nodes.part()
    await topology.node.generate(2)
    const lags = await client.logged(
      ({ msg }) => String(msg).startsWith('our node lags behind the pool'),
      place,
    )
    expect(lags).toMatchObject({ pool: expect.any(String) })
    miner.resume()
    const accepted = miner.acceptedMore(5)
    await nextBlock(topology.node)
    await accepted
    const back = client.logged(({ msg }) => String(msg).startsWith('our node has caught up'), client.place)
    topology.nodes.connect()
    await back
    await goesOn(place)
  })

  test("the farm is ahead: its node has blocks that the pool's has not: the same", async () => {
    const client = topology.process('negotiator-client')
    const { place } = client
    topology.nodes.part()
    const tip = client.logged('new tip', place)
    await topology.farmNode.generate(1)
    await tip
    topology.nodes.connect()
    await goesOn(place)
  })

  test('two blocks are replaced by three others: miners work on those, and no fallback', async () => {
    const { place } = topology.process('negotiator-client')
    await bothMineOn(topology)
    await bothMineOn(topology)
    await agreed(topology, miner)
    const replaced = topology.node.bestHash()
    const hashes = await topology.node.reorg(2)
    miner.resume()
    await goesOn(place)
    expect(hashes.map((hash) => isInChain(topology.farmNode, hash))).toEqual([true, true, true])
    expect(isInChain(topology.farmNode, replaced)).toBe(false)
  })

  test('a clock that is an hour off: the certificate is refused with a message that says by how much', async () => {
    clientAheadSec = HOUR_SEC
    await topology.kill('negotiator-client')
    const client = await topology.restart('negotiator-client')
    const { reason } = await client.logged(
      ({ msg, reason }) => msg === 'pool cannot be reached' && String(reason).includes('clock'),
    )
    const [, tooLate] =
      /this machine's clock is (\d+) s after the end of the certificate/.exec(String(reason)) ?? []
    // the certificate was signed at some time since the pool has started
    expect(Number(tooLate)).toBeGreaterThanOrEqual(HOUR_SEC - VALID_SEC)
    expect(Number(tooLate)).toBeLessThanOrEqual(HOUR_SEC)
    await client.logged('miners work for ourselves')

    clientAheadSec = undefined
    await topology.kill('negotiator-client')
    await topology.restart('negotiator-client')
    await goesOn(0)
  })
})
