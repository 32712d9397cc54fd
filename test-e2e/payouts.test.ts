import { join } from 'node:path'
import { addressToScript, hex, parseBlock, scriptToAddress, unhex } from '@sv2/bitcoin'
import { type NodeRpc, nodeRpc } from '@sv2/runtime'
import { freePort } from '@sv2/topology'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type AppProcess, runCommand } from './process.ts'
import { ProcessStack } from './process-stack.ts'

const POOL = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
/** Three miners, and what each is allowed to do, H/s. */
const MINERS = [12_000, 6_000, 3_000].map((hashrate, n) => ({ name: addressOf(n), hashrate }))
/** A miner behind a solo door. */
const ALONE = addressOf(3)
const FEE_PPM = 20_000
const CONFIRMATIONS = 3

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
let providerUrl: string
let rpc: NodeRpc
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

async function api<T>(path: string): Promise<T> {
  const answer = await fetch(`http://127.0.0.1:${stack.monitoring.pool}/api/v1/${path}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as T
}

const blocks = async () => (await api<{ items: Block[] }>('blocks?limit=100')).items

/** An address of its own for each miner. */
function addressOf(miner: number): string {
  return scriptToAddress(Uint8Array.of(0, 20, ...new Array(20).fill(miner + 1)), 'regtest')!
}

/** What the coinbase of a block pays each script, as the node has it. */
async function paidBy(hash: string): Promise<Map<string, number>> {
  const block = parseBlock(unhex(String(await rpc.call('getblock', [hash, 0]))))
  const paid = new Map<string, number>()
  for (const { script, value } of block.transactions[0]!.outputs)
    if (value > 0n) paid.set(hex(script), (paid.get(hex(script)) ?? 0) + Number(value))
  return paid
}

const keyOf = (address: string) => hex(addressToScript(address, 'regtest'))

beforeAll(async () => {
  stack.monitoring.pool = await freePort(0)
  await stack.startNode({ difficulty: 6e-6 })
  rpc = nodeRpc({
    url: stack.node.url,
    cookieFile: join(stack.dataDir, '.cookie'),
    user: undefined,
    password: undefined,
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
  await vi.waitFor(
    async () => {
      const confirmed = (await blocks()).filter(({ state }) => state === 'confirmed')
      expect(confirmed.length).toBeGreaterThan(12)
      const alone = (await api<{ items: Earning[] }>(`accounts/${ALONE}/earnings?limit=100`)).items
      expect(alone.some((one) => confirmed.some(({ hash }) => hash === one.hash))).toBe(true)
    },
    { timeout: 120_000, interval: 500 },
  )
  const confirmed = (await blocks()).filter(({ state }) => state === 'confirmed')
  const earnings = new Map<string, Earning[]>()
  for (const { name } of MINERS)
    earnings.set(name, (await api<{ items: Earning[] }>(`accounts/${name}/earnings?limit=100`)).items)
  let withAll = 0
  let alone = 0
  for (const { hash, total_sat, fee_sat } of confirmed) {
    const paid = await paidBy(hash)
    if (paid.has(keyOf(ALONE))) {
      alone++
      expect([...paid]).toEqual([
        [keyOf(POOL), fee_sat],
        [keyOf(ALONE), total_sat - fee_sat],
      ])
      continue
    }
    const toMiners = MINERS.map(({ name }) => paid.get(keyOf(name)) ?? 0)
    if (toMiners.every((value) => value > 0)) withAll++
    const all = [...paid.values()].reduce((a, b) => a + b, 0)
    expect(all).toBe(total_sat)
    expect(fee_sat).toBe(Math.floor((total_sat * FEE_PPM) / 1_000_000))
    // nobody but the pool and its miners
    expect((paid.get(keyOf(POOL)) ?? 0) + toMiners.reduce((a, b) => a + b, 0)).toBe(total_sat)
    const earned = MINERS.map(({ name }) => earnings.get(name)?.find((one) => one.hash === hash))
    expect(earned.map((one) => one?.paid_sat ?? 0)).toEqual(toMiners)
    if (earned.some((one) => one !== undefined))
      expect(earned.reduce((sum, one) => sum + (one?.earned_sat ?? 0), 0)).toBe(total_sat - fee_sat)
  }
  expect(withAll).toBeGreaterThan(2)
  expect(alone).toBeGreaterThan(0)
}, 150_000)

test('a pool that is killed has its books again, and goes on paying', async () => {
  const before = await blocks()
  await pool.kill('SIGKILL')
  await startPool()
  const after = await vi.waitFor(
    async () => {
      const found = await blocks()
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
