import { join } from 'node:path'
import { scriptToAddress } from '@sv2/bitcoin'
import { freePort } from '@sv2/topology'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type BookedBlock, Books, scriptHex } from './books.ts'
import { AppProcess } from './process.ts'
import { ProcessStack } from './process-stack.ts'
import { rpc } from './rpc-nodes.ts'

const POOL = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const FEE_PPM = 20_000
/** One miner mines the pool's jobs, the other one those of its own node. */
const [AT_POOL, AT_CLIENT] = [7, 8].map(
  (n) => scriptToAddress(Uint8Array.of(0, 20, ...new Array(20).fill(n)), 'regtest')!,
) as [string, string]
const WITHOUT_LIMITS = { jobs_per_minute: 6_000, tokens_per_minute: 6_000 }

const stack = new ProcessStack('current')
let pool: AppProcess
let client: AppProcess
let negotiator: AppProcess | undefined
let books: Books

beforeAll(async () => {
  stack.monitoring.pool = await freePort(0)
  await stack.startNode({ difficulty: 6e-6 })
  const node = { url: stack.node.url, cookie_file: join(stack.dataDir, '.cookie') }
  books = new Books({
    apiPort: stack.monitoring.pool,
    rawBlock: (hash) => rpc(node, 'getblock', hash, 0),
    poolAddress: POOL,
    feePpm: FEE_PPM,
  })
  const { url: providerUrl } = await stack.startProvider()
  const server = {
    nodes: [node],
    listen: [{ host: '127.0.0.1', port: 0 }],
    negotiation: WITHOUT_LIMITS,
    transactions: { interval_sec: 1 },
  }
  /** The server in a process of its own, which hears distributions at the door of the pool. */
  const beside = async (poolUrl: string): Promise<string> => {
    negotiator = new AppProcess(
      { app: 'job-negotiator', subcommand: 'server' },
      {
        ...server,
        data_dir: join(stack.dataDir, 'negotiator'),
        token_key_file: join(stack.dataDir, 'pool', 'token.key'),
        payout: { mode: 'shared', address: POOL },
        pool: { url: poolUrl },
        monitoring: { port: 0 },
      },
    )
    const { url } = await negotiator.logged('listening')
    await negotiator.logged('the pool tells its payout distributions')
    return String(url)
  }
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
    custom_work: { enabled: true },
  })
  pool = started.pool
  await pool.logged('ledger ready')
  const poolUrl = started.url
  const negotiatorUrl = await beside(poolUrl)
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
  await negotiator?.kill('SIGKILL')
  await stack.close()
})

test('with a negotiator server in a process of its own, blocks of a job client pay the pool and its miners by the distribution, and the books close', async () => {
  const both = [AT_POOL, AT_CLIENT]
  const own = () =>
    pool.log
      .filter(({ msg, templateId }) => msg === 'block found' && templateId === undefined)
      .map(({ hash }) => String(hash))
  const booked = await vi.waitFor(
    async () => {
      const confirmed = (await books.blocks()).filter(
        ({ state, hash }) => state === 'confirmed' && own().includes(hash),
      )
      const paying: BookedBlock[] = []
      for (const block of confirmed) {
        const scripts = (await books.paidBy(block.hash)).map(({ script }) => script)
        if (both.every((address) => scripts.includes(scriptHex(address)))) paying.push(block)
      }
      expect(paying.length).toBeGreaterThan(1)
      return paying
    },
    { timeout: 120_000, interval: 500 },
  )
  expect(await books.expectBooked(booked, both)).toBe(booked.length)
  const refused = client.log.filter(({ msg, level }) => level >= 50 && msg !== 'listening')
  expect(refused).toEqual([])
}, 150_000)
