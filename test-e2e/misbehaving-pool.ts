import { hex } from '@sv2/bitcoin'
import type { PartName, Topology } from '@sv2/topology'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loggedNext, metric, nextBlock, PersistentMiner, startFarm } from './farm.ts'
import { ScriptedPool, type Vice } from './scripted-pool.ts'

/** What the farm is paid to when no pool is. */
const FARM_SCRIPT_HEX = '0014751e76e8199196d454941c45d1b3a323f1433bd6'

/** A pool that fails us is noticed within seconds, and worked for again a second after it is well. */
const FALLBACK = {
  token_within_sec: 2,
  proposal_within_sec: 2,
  custom_job_within_sec: 2,
  return_after_sec: 1,
  race_sec: 0,
  refused_shares: 3,
}

/** A first pool that has these vices, one after the other, and then is gone. */
export function misbehave(vices: readonly Vice[]): void {
  describe('a farm whose first pool misbehaves', () => misbehaving(vices))
}

function misbehaving(vices: readonly Vice[]): void {
  let topology: Topology
  let scripted: ScriptedPool
  let miner: PersistentMiner

  beforeAll(async () => {
    scripted = await ScriptedPool.open()
    topology = await startFarm({
      config: withTwoPools,
      without: ['mining-proxy', 'sv1-miner', 'device-1', 'device-2', 'device-3'],
    })
    await worksFor(scripted.name, 0)
    miner = new PersistentMiner(topology)
    await miner.acceptedMore()
  })
  afterAll(async () => {
    miner?.stop()
    await topology?.stop()
    scripted.close()
  })

  function withTwoPools(part: PartName, config: Record<string, unknown>): Record<string, unknown> {
    if (part !== 'negotiator-client') return config
    const upstreams = [scripted.upstream, ...(config.upstreams as readonly unknown[])]
    return { ...config, upstreams, fallback: FALLBACK, extensions: [] }
  }

  /** Waits until miners work for this pool, or for `solo`, by a line after this place; answers the place of that line. */
  async function worksFor(name: string, from: number): Promise<number> {
    const client = topology.process('negotiator-client')
    const line = await client.logged(
      ({ msg, pool }) => msg.startsWith('miners work for ') && pool === name,
      from,
    )
    return client.log.indexOf(line)
  }

  /** For whom miners worked, one after the other, by the lines from one place to another. */
  function turns(from: number, to: number): readonly unknown[] {
    const lines = topology.process('negotiator-client').log.slice(from, to)
    return lines.filter(({ msg }) => msg.startsWith('miners work for ')).map(({ pool }) => pool)
  }

  /** Lets the first pool fail, and come to its senses when the second is worked for. */
  async function failover(fail: () => void, recover: () => void): Promise<void> {
    const second = `127.0.0.1:${topology.port('pool')}`
    const start = topology.process('negotiator-client').place
    fail()
    const there = await worksFor(second, start)
    expect(turns(start, there)).toEqual(['solo'])
    expect(await metric(topology, 'negotiator-client', 'sv2_jdc_pool')).toBe(1)
    await loggedNext(topology.process('pool'), 'share accepted')
    recover()
    const back = await worksFor(scripted.name, there)
    expect(turns(there, back)).toEqual([second])
    expect(await metric(topology, 'negotiator-client', 'sv2_jdc_pool')).toBe(0)
    const { acknowledged } = scripted
    await miner.acceptedMore()
    while (scripted.acknowledged === acknowledged) await miner.acceptedMore()
  }

  test.each(vices)(
    'that %s: miners work for the second, and for the first again when it is well',
    async (vice) => {
      await failover(
        () => {
          scripted.vice = vice
        },
        () => {
          scripted.vice = 'none'
        },
      )
    },
  )

  test('that is gone: the same', async () => {
    await failover(
      () => scripted.leave(),
      () => scripted.comeBack(),
    )
  })

  test('and whose second is gone too: miners work for the farm itself, which a block pays, and return', async () => {
    await topology.kill('pool')
    const start = topology.process('negotiator-client').place
    scripted.leave()
    const alone = await worksFor('solo', start)
    expect(await metric(topology, 'negotiator-client', 'sv2_jdc_pool')).toBe(-1)
    await miner.acceptedMore()
    const hash = await nextBlock(topology.farmNode)
    const outputs = topology.farmNode.core.chain.entry(hash)?.block.transactions[0]?.tx.outputs ?? []
    expect(outputs.filter(({ value }) => value > 0n).map(({ script }) => hex(script))).toEqual([
      FARM_SCRIPT_HEX,
    ])
    scripted.comeBack()
    const back = await worksFor(scripted.name, alone)
    expect(turns(alone, back)).toEqual(['solo'])
    await miner.acceptedMore()
  })
}
