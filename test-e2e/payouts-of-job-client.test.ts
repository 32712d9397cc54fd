import { join } from 'node:path'
import { addressToScript, hex, parseBlock, scriptToAddress, unhex } from '@sv2/bitcoin'
import { type NodeRpc, nodeRpc } from '@sv2/runtime'
import { freePort } from '@sv2/topology'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { AppProcess } from './process.ts'
import { ProcessStack } from './process-stack.ts'

const POOL = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const FEE_PPM = 20_000
/** One miner mines the pool's jobs, the other one those of its own node. */
const [AT_POOL, AT_CLIENT] = [7, 8].map(
  (n) => scriptToAddress(Uint8Array.of(0, 20, ...new Array(20).fill(n)), 'regtest')!,
) as [string, string]
const WITHOUT_LIMITS = { jobs_per_minute: 6_000, tokens_per_minute: 6_000 }

interface Block {
  readonly hash: string
  readonly state: string
  readonly total_sat: number
  readonly fee_sat: number
}

interface Earning {
  readonly hash: string
  readonly earned_sat: number
  readonly paid_sat: number
}

const stack = new ProcessStack('current')
let pool: AppProcess
let client: AppProcess
let rpc: NodeRpc

async function api<T>(path: string): Promise<T> {
  const answer = await fetch(`http://127.0.0.1:${stack.monitoring.pool}/api/v1/${path}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as T
}

const key = (address: string) => hex(addressToScript(address, 'regtest'))

/** What the coinbase of a block pays, in the order of its outputs, without those of no value. */
async function paidBy(hash: string): Promise<{ script: string; value: number }[]> {
  const block = parseBlock(unhex(String(await rpc.call('getblock', [hash, 0]))))
  return block.transactions[0]!.outputs.filter(({ value }) => value > 0n).map(({ script, value }) => ({
    script: hex(script),
    value: Number(value),
  }))
}

beforeAll(async () => {
  stack.monitoring.pool = await freePort(0)
  await stack.startNode({ difficulty: 6e-6 })
  const node = { url: stack.node.url, cookie_file: join(stack.dataDir, '.cookie') }
  rpc = nodeRpc({
    url: node.url,
    cookieFile: node.cookie_file,
    user: undefined,
    password: undefined,
  })
  const { url: providerUrl } = await stack.startProvider()
  const started = await stack.startPool(providerUrl, {
    payout: {
      mode: 'pplns',
      address: POOL,
      fee_ppm: FEE_PPM,
      window_blocks: 4,
      refresh_sec: 1,
      confirmations: 3,
    },
    ledger: { nodes: [node] },
    job_negotiator: {
      enabled: true,
      nodes: [node],
      listen: [{ host: '127.0.0.1', port: 0 }],
      negotiation: WITHOUT_LIMITS,
      transactions: { interval_sec: 1 },
    },
  })
  pool = started.pool
  await pool.logged('ledger ready')
  const [negotiatorUrl, poolUrl] = await vi.waitFor(() => {
    const urls = pool.log.filter(({ msg }) => msg === 'listening').map(({ url }) => String(url))
    expect(urls).toHaveLength(2)
    return urls as [string, string]
  })
  stack.startDevice(poolUrl, 'extended', { user: `${AT_POOL}.rig`, hashrate: 6_000 })
  client = new AppProcess(
    { app: 'job-negotiator', subcommand: 'client' },
    {
      data_dir: join(stack.dataDir, 'client'),
      payout: { address: AT_CLIENT },
      extensions: [2, 3],
      difficulty: { shares_per_minute: 600, min_difficulty: 1e-8, start_difficulty: 1e-7 },
      template_provider: { url: providerUrl },
      upstreams: [
        {
          user_identity: `${AT_CLIENT}.farm`,
          pool: { url: poolUrl },
          negotiator: { url: negotiatorUrl },
        },
      ],
      listen: [{ host: '127.0.0.1', port: 0 }],
      monitoring: { port: 0 },
    },
  )
  const { url } = await client.logged('listening')
  stack.startDevice(String(url), 'extended', { user: 'farm.rig', hashrate: 6_000 })
}, 60_000)
afterAll(async () => {
  await client.kill('SIGKILL')
  await stack.close()
})

test('blocks of a job client pay the pool and its miners by the distribution, and the books close', async () => {
  const both = [AT_POOL, AT_CLIENT].map(key)
  const own = () =>
    pool.log
      .filter(({ msg, templateId }) => msg === 'block found' && templateId === undefined)
      .map(({ hash }) => String(hash))
  const booked = await vi.waitFor(
    async () => {
      const { items } = await api<{ items: Block[] }>('blocks?limit=100')
      const confirmed = items.filter(({ state, hash }) => state === 'confirmed' && own().includes(hash))
      const paying: { readonly block: Block; readonly paid: { script: string; value: number }[] }[] = []
      for (const block of confirmed) {
        const paid = await paidBy(block.hash)
        if (both.every((script) => paid.some((output) => output.script === script)))
          paying.push({ block, paid })
      }
      expect(paying.length).toBeGreaterThan(1)
      return paying
    },
    { timeout: 120_000, interval: 500 },
  )
  const earnings = new Map<string, Earning[]>()
  for (const address of [AT_POOL, AT_CLIENT])
    earnings.set(address, (await api<{ items: Earning[] }>(`accounts/${address}/earnings?limit=100`)).items)
  for (const { block, paid } of booked) {
    // the pool first, and nobody but its miners
    expect(paid[0]?.script).toBe(key(POOL))
    expect(
      paid
        .slice(1)
        .map(({ script }) => script)
        .toSorted(),
    ).toEqual(both.toSorted())
    expect(paid.reduce((sum, { value }) => sum + value, 0)).toBe(block.total_sat)
    expect(block.fee_sat).toBe(Math.floor((block.total_sat * FEE_PPM) / 1_000_000))
    const earned = [AT_POOL, AT_CLIENT].map((address) => {
      const one = earnings.get(address)?.find(({ hash }) => hash === block.hash)
      expect(one?.paid_sat).toBe(paid.find(({ script }) => script === key(address))?.value)
      return one?.earned_sat ?? 0
    })
    expect(earned.reduce((sum, value) => sum + value, 0)).toBe(block.total_sat - block.fee_sat)
  }
  const refused = client.log.filter(({ msg, level }) => level >= 50 && msg !== 'listening')
  expect(refused).toEqual([])
}, 150_000)
