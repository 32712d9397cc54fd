import { join } from 'node:path'
import { scriptToAddress } from '@sv2/bitcoin'
import { freePort } from '@sv2/topology'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type BookedBlock, Books, scriptHex } from './books.ts'
import { type AppProcess, runCommand } from './process.ts'
import { ProcessStack } from './process-stack.ts'
import { type RpcNode, rpc } from './rpc-nodes.ts'

const POOL = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
/** Three miners, and what each is allowed to do, H/s. */
const MINERS = [12_000, 6_000, 3_000].map((hashrate, n) => ({ name: addressOf(n), hashrate }))
/** A miner behind a solo door. */
const ALONE = addressOf(3)
const FEE_PPM = 20_000
const CONFIRMATIONS = 3

const stack = new ProcessStack('current')
let pool: AppProcess
let providerUrl: string
let books: Books
/** Ports of the doors: one whose blocks are split, and a solo one. */
let ports: readonly [shared: number, solo: number]
const devices: AppProcess[] = []

async function startPool(): Promise<string> {
  const node = { url: stack.node.url, cookie_file: join(stack.dataDir, '.cookie') }
  const started = await stack.startPool(providerUrl, {
    payout: {
      mode: 'pplns',
      address: POOL,
      fee_ppm: FEE_PPM,
      window_blocks: 4,
      refresh_sec: 1,
      confirmations: CONFIRMATIONS,
    },
    ledger: { nodes: [node] },
    listen: [
      { host: '127.0.0.1', port: ports[0] },
      { host: '127.0.0.1', port: ports[1], payout_mode: 'solo' },
    ],
  })
  pool = started.pool
  await pool.logged('ledger ready')
  return started.url
}

/** An address of its own for each miner. */
function addressOf(miner: number): string {
  return scriptToAddress(Uint8Array.of(0, 20, ...new Array(20).fill(miner + 1)), 'regtest')!
}

beforeAll(async () => {
  stack.monitoring.pool = await freePort(0)
  await stack.startNode({ difficulty: 6e-6 })
  const node: RpcNode = { url: stack.node.url, cookie_file: join(stack.dataDir, '.cookie') }
  books = new Books({
    apiPort: stack.monitoring.pool,
    rawBlock: (hash) => rpc(node, 'getblock', hash, 0),
    poolAddress: POOL,
    feePpm: FEE_PPM,
  })
  providerUrl = (await stack.startProvider()).url
  ports = [await freePort(0), await freePort(0)]
  const url = await startPool()
  const soloUrl = url.replace(`:${ports[0]}`, `:${ports[1]}`)
  devices.push(stack.startDevice(soloUrl, 'extended', { user: `${ALONE}.rig`, hashrate: 4_000 }))
  for (const { name, hashrate } of MINERS)
    devices.push(stack.startDevice(url, 'extended', { user: `${name}.rig`, hashrate }))
})
afterAll(() => stack.close())

test('the coinbase pays three miners and the pool, and the books say what it paid', async () => {
  const confirmed = await vi.waitFor(
    async () => {
      const found = (await books.blocks()).filter(({ state }) => state === 'confirmed')
      expect(found.length).toBeGreaterThan(12)
      const alone = await books.earnings(ALONE)
      expect(alone.some((one) => found.some(({ hash }) => hash === one.hash))).toBe(true)
      return found
    },
    { timeout: 120_000, interval: 500 },
  )
  const shared: BookedBlock[] = []
  for (const block of confirmed) {
    const paid = await books.paidBy(block.hash)
    if (paid.every(({ script }) => script !== scriptHex(ALONE))) shared.push(block)
    else
      expect(paid).toEqual([
        { script: scriptHex(POOL), value: block.fee_sat },
        { script: scriptHex(ALONE), value: block.total_sat - block.fee_sat },
      ])
  }
  expect(shared.length).toBeLessThan(confirmed.length)
  const withAll = await books.expectBooked(
    shared,
    MINERS.map(({ name }) => name),
  )
  expect(withAll).toBeGreaterThan(2)
}, 150_000)

test('a pool that is killed has its books again, and goes on paying', async () => {
  const before = await books.blocks()
  await pool.kill('SIGKILL')
  await startPool()
  const after = await vi.waitFor(
    async () => {
      const found = await books.blocks()
      expect(found.length).toBeGreaterThan(before.length + 2)
      return found
    },
    { timeout: 60_000, interval: 500 },
  )
  const hashes = after.map(({ hash }) => hash)
  for (const { hash } of before) expect(hashes).toContain(hash)
  expect(new Set(hashes).size).toBe(hashes.length)
}, 90_000)

test('a miner verifies the books, and its blocks in its own node', async () => {
  const node = ['--node', stack.node.url, '--cookie', join(stack.dataDir, '.cookie')]
  const url = `http://127.0.0.1:${stack.monitoring.pool}`
  const { code, stdout, stderr } = await runCommand(
    'verify',
    ...['--pool', url, '--account', MINERS[0]!.name, ...node],
  )
  expect({ code, stderr, broken: stdout.includes('BROKEN') }, stdout).toEqual({
    code: 0,
    stderr: '',
    broken: false,
  })
  expect(stdout).toMatch(/ok {6}Each of \d{2,} shares proves the work it is credited with/)
  expect(stdout).toMatch(/ok {6}The coinbases of \d+ jobs and \d{2} blocks pay what the journal says/)
  expect(stdout).toMatch(/ok {6}In your node, \d{2} blocks have the coinbase that the pool has booked/)
}, 60_000)
