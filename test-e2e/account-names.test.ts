import { join } from 'node:path'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { p2pkh } from '@scure/btc-signer'
import { pubECDSA } from '@scure/btc-signer/utils.js'
import { concatBytes, scriptToAddress, sha256d } from '@sv2/bitcoin'
import { payoutMessage } from '@sv2/roles/ledger'
import { freePort } from '@sv2/topology'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runCommand } from './process.ts'
import { ProcessStack } from './process-stack.ts'

const POOL = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const OTHER = scriptToAddress(Uint8Array.of(0, 20, ...new Array(20).fill(5)), 'regtest')!
const KEY = new Uint8Array(32).fill(9)
const ADDRESS = scriptToAddress(p2pkh(pubECDSA(KEY)).script, 'regtest')!

const stack = new ProcessStack('current')

async function api<T>(path: string): Promise<T> {
  const answer = await fetch(`http://127.0.0.1:${stack.monitoring.pool}/api/v1/${path}`)
  expect(answer.status, path).toBe(200)
  return (await answer.json()) as T
}

const balance = async (account: string) =>
  (await api<{ books: { balance_sat: number } | null }>(`accounts/${account}`)).books?.balance_sat ?? 0

/** Signs in the form of `signmessage`. */
function sign(text: string): string {
  const utf8 = (of: string) => new TextEncoder().encode(of)
  const message = utf8(text)
  const magic = utf8('\u0018Bitcoin Signed Message:\n')
  const digest = sha256d(concatBytes(magic, Uint8Array.of(message.length), message))
  const signature = secp256k1.sign(digest, KEY, { prehash: false, format: 'recovered' })
  return Buffer.from(concatBytes(Uint8Array.of(31 + signature[0]!), signature.subarray(1))).toString('base64')
}

const setAddress = (body: object) =>
  fetch(`http://127.0.0.1:${stack.monitoring.pool}/api/v1/accounts/carol/address`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

beforeAll(async () => {
  stack.monitoring.pool = await freePort(0)
  await stack.startNode({ difficulty: 6e-6 })
  const node = { url: stack.node.url, cookie_file: join(stack.dataDir, '.cookie') }
  const { url: providerUrl } = await stack.startProvider()
  const { pool, url } = await stack.startPool(providerUrl, {
    payout: { mode: 'pplns', address: POOL, names: true, window_blocks: 4, refresh_sec: 1, confirmations: 2 },
    ledger: { nodes: [node] },
  })
  await pool.logged('ledger ready')
  stack.startDevice(url, 'extended', { user: 'carol.rig', hashrate: 8_000 })
  stack.startDevice(url, 'extended', { user: `${OTHER}.rig`, hashrate: 8_000 })
}, 60_000)
afterAll(() => stack.close())

test('what a name earns is owed to it, and paid when its address has signed', async () => {
  await vi.waitFor(async () => expect(await balance('carol')).toBeGreaterThan(100_000), {
    timeout: 90_000,
    interval: 300,
  })
  const signedAt = Date.now()
  const forged = await setAddress({
    address: ADDRESS,
    signed_at: signedAt,
    signature: sign(payoutMessage('carol', OTHER, signedAt)),
  })
  expect([forged.status, await forged.text()]).toEqual([403, expect.stringContaining('is not a signature')])
  await vi.waitFor(
    async () => {
      const signature = sign(payoutMessage('carol', ADDRESS, signedAt))
      const set = await setAddress({ address: ADDRESS, signed_at: signedAt, signature })
      expect(await set.json()).toEqual({ account: 'carol', address: ADDRESS, signed_at: signedAt })
    },
    { timeout: 10_000, interval: 500 },
  )
  await vi.waitFor(
    async () => {
      const { items } = await api<{ items: { paid_sat: number; state: string }[] }>('accounts/carol/earnings')
      expect(items.some(({ paid_sat, state }) => paid_sat > 0 && state === 'confirmed')).toBe(true)
    },
    { timeout: 60_000, interval: 300 },
  )
  // by its name or by its address, it is one account
  const [byName, byAddress] = await Promise.all(
    ['carol', ADDRESS].map((name) => api<object>(`accounts/${name}/earnings`)),
  )
  expect(byName).toEqual(byAddress)
}, 180_000)

test('a miner who verifies the books finds nothing broken', async () => {
  const url = `http://127.0.0.1:${stack.monitoring.pool}`
  const { code, stdout } = await runCommand('verify', ...['--pool', url, '--account', 'carol'])
  expect({ code, broken: stdout.includes('BROKEN') }, stdout).toEqual({ code: 0, broken: false })
}, 60_000)
