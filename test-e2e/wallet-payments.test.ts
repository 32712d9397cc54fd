import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addressToScript, encodeTransaction, hex, scriptToAddress } from '@sv2/bitcoin'
import { freePort } from '@sv2/topology'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runCommand } from './process.ts'
import { ProcessStack } from './process-stack.ts'

const POOL = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const MINER = scriptToAddress(Uint8Array.of(0, 20, ...new Array(20).fill(5)), 'regtest')!
const STRANGER = scriptToAddress(Uint8Array.of(0, 20, ...new Array(20).fill(6)), 'regtest')!

const stack = new ProcessStack('current')
let tokenFile: string
let configFile: string

async function balance(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${stack.monitoring.pool}/api/v1/accounts/${MINER}`)
  const { books } = (await answer.json()) as { books?: { balance_sat: number } }
  return books?.balance_sat ?? 0
}

/** A transaction that pays these; its input is of no meaning to the books. */
function paying(outputs: readonly (readonly [address: string, value: bigint])[]): string {
  return hex(
    encodeTransaction({
      version: 2,
      inputs: [
        {
          prevTxid: new Uint8Array(32).fill(7),
          prevIndex: 0,
          scriptSig: new Uint8Array(0),
          sequence: 0,
          witness: [],
        },
      ],
      outputs: outputs.map(([address, value]) => ({ value, script: addressToScript(address, 'regtest') })),
      locktime: 0,
    }),
  )
}

const record = (tx: string) =>
  runCommand('ledger', 'record', '--config', configFile, '--tx', tx, '--token-file', tokenFile)

beforeAll(async () => {
  stack.monitoring.pool = await freePort(0)
  await stack.startNode({ difficulty: 6e-6 })
  const { url: providerUrl } = await stack.startProvider()
  tokenFile = join(stack.dataDir, 'token')
  configFile = join(stack.dataDir, 'ledger.toml')
  writeFileSync(tokenFile, 'a token of the API\n')
  const { url } = await stack.startPool(providerUrl, {
    payout: { mode: 'fpps', address: POOL },
    api: { token_file: tokenFile },
  })
  writeFileSync(
    configFile,
    [
      `data_dir = "${join(stack.dataDir, 'pool')}"`,
      `[payout]\nmode = "fpps"\naddress = "${POOL}"`,
      `[template_provider]\nhost = "127.0.0.1"\nnoise = false`,
      `[monitoring]\nport = ${stack.monitoring.pool}`,
    ].join('\n'),
  )
  stack.startDevice(url, 'extended', { user: `${MINER}.rig`, hashrate: 10_000 })
  await vi.waitFor(async () => expect(await balance()).toBeGreaterThan(1_000_000), {
    timeout: 60_000,
    interval: 200,
  })
}, 120_000)
afterAll(() => stack.close())

test('an operator proposes a payment while the pool runs, and the balance is its output', async () => {
  const { code, stdout } = await runCommand(
    'ledger',
    ...[
      'propose',
      '--config',
      configFile,
      '--fee-rate',
      '2',
      '--utxo',
      `${'ab'.repeat(32)}:0:500000000000000`,
    ],
  )
  expect(code, stdout).toBe(0)
  expect(stdout).toMatch(new RegExp(`\\d{7,} sat {2}to ${MINER}`))
  expect(stdout.trim().split('\n').at(-1)).toMatch(/^cHNidP8/)
})

test('a payment is booked by the running pool, and once', async () => {
  const paid = 10_000_000_000_000n
  const tx = paying([
    [MINER, paid],
    [POOL, 5n],
  ])
  const first = await record(tx)
  expect(first.code, first.stderr).toBe(0)
  expect(first.stdout).toContain(`${paid} sat  to ${MINER}`)
  expect(first.stdout).toMatch(/[0-9a-f]{64} is booked/)
  const after = await balance()
  // it was paid far more than its shares have earned, and has to pay that back
  expect(after).toBeLessThan(-5_000_000_000_000)
  const again = await record(tx)
  expect(again.stdout).toContain('was booked before: nothing changed')
  expect(await balance()).toBeGreaterThanOrEqual(after)
})

test('a transaction that pays somebody else is refused, and names whom', async () => {
  const before = await balance()
  const { code, stderr } = await record(
    paying([
      [MINER, 9_000_000_000_000n],
      [STRANGER, 7n],
    ]),
  )
  expect(code).not.toBe(0)
  expect(stderr).toContain(`outputs of no account: ${STRANGER} (7 sat)`)
  expect(await balance()).toBeGreaterThanOrEqual(before)
})
