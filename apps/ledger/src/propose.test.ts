import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Transaction } from '@scure/btc-signer'
import { addressToScript, hex, unhex } from '@sv2/bitcoin'
import type { JournalRecord } from '@sv2/journal'
import type { NodeRpc } from '@sv2/runtime'
import { JournalWriter, openJournalFolder } from '@sv2/runtime/journal'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { propose } from './propose.ts'

const POOL = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const POOL_SCRIPT = addressToScript(POOL, 'regtest')
const ALICE = Uint8Array.of(0, 20, ...new Array(20).fill(1))
const TXID = 'ab'.repeat(32)
const NOW = 1_800_000_000_000

let folder: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-propose-'))
  const writer = new JournalWriter(
    {
      folder: join(folder, 'j'),
      node: 0,
      flushMs: 1,
      maxBytes: 4096,
      segmentBytes: 1e6,
      segmentMs: 1e6,
      retryMs: 1,
    },
    openJournalFolder(join(folder, 'j'), 0, () => new Uint8Array(16)),
    { flushed() {}, failed() {}, recovered() {} },
  )
  for (const record of RECORDS) writer.append(record)
  await writer.close()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Alice has earned 5,000,000 sat by fpps, and a name without an address 5,000. */
const share = (account: number, part: bigint): JournalRecord => ({
  kind: 'share',
  time: NOW,
  job: 1,
  account,
  worker: 0,
  work: (1n << 40n) / part,
  networkWork: 1n << 40n,
  rewardToPool: 0n,
  rewardTotal: 0n,
  distributionId: 0n,
  header: new Uint8Array(80),
  extranonce: new Uint8Array(4),
})
const RECORDS: readonly JournalRecord[] = [
  { kind: 'account', account: 1, name: 'alice', script: ALICE },
  { kind: 'account', account: 2, name: 'bob', script: new Uint8Array(0) },
  {
    kind: 'job',
    job: 1,
    time: NOW,
    distributionId: 0n,
    isOwn: true,
    value: 5_000_000n,
    coinbasePrefix: Uint8Array.of(1),
    coinbaseSuffix: Uint8Array.of(1),
    merklePath: [],
  },
  share(1, 1n),
  share(2, 1_000n),
]

const settings = () => ({
  folder: join(folder, 'j'),
  node: 0,
  ledger: {
    network: 'regtest' as const,
    scheme: { scheme: 'fpps' as const, feeBlocks: 0 },
    feePpm: 0n,
    poolScript: POOL_SCRIPT,
    dustLimit: 546,
    maxPayouts: 10,
    refreshMs: 1_000,
    confirmations: 6,
  },
  store: { url: 'memory' },
  nodes: [],
  apiUrl: 'http://127.0.0.1:1',
})

/** A node with one output of the pool. */
function aNode(unspent: object | null): NodeRpc {
  const answers: Readonly<Record<string, unknown>> = {
    gettxout: unspent,
    listunspent: [{ txid: TXID, vout: 1, amount: 0.07, scriptPubKey: hex(POOL_SCRIPT) }],
  }
  return { call: async (method: string) => answers[method] } as never
}
const UNSPENT = {
  value: 0.07,
  coinbase: true,
  confirmations: 100,
  scriptPubKey: { hex: hex(POOL_SCRIPT) },
}

async function run(node: NodeRpc | undefined, change: object = {}): Promise<string[]> {
  const lines: string[] = []
  const proposal = { above: 1_000n, feeRate: 2, utxo: [], ...change }
  await propose(settings(), proposal, { node, print: (text) => lines.push(text) })
  return lines
}

test('a PSBT pays balances out of what the wallet of the node has, and the change is the pool’s', async () => {
  const out = join(folder, 'payments.psbt')
  const lines = await run(aNode(UNSPENT), { out })
  expect(lines.slice(0, 2)).toEqual([
    '            4999 sat  bob stays owed: no address',
    '         5000000 sat  to alice',
  ])
  const made = Transaction.fromPSBT(Buffer.from(readFileSync(out, 'utf8'), 'base64'))
  expect(made.getInput(0)).toMatchObject({
    index: 1,
    txid: unhex(TXID),
    witnessUtxo: { amount: 7_000_000n, script: POOL_SCRIPT },
  })
  expect(made.getOutput(0)).toMatchObject({ script: ALICE, amount: 5_000_000n })
  // 141 virtual bytes for one P2WPKH input and two such outputs, and two for a longer count of outputs
  expect(made.getOutput(1)).toMatchObject({ script: POOL_SCRIPT, amount: 2_000_000n - 2n * 143n })
  await expect(run(aNode(UNSPENT), { out })).rejects.toThrow(/EEXIST/)
})

test.each([
  ['is spent, or not known', null],
  ['99 of 100 confirmations', { ...UNSPENT, confirmations: 99 }],
  ['does not pay the script of the pool', { ...UNSPENT, scriptPubKey: { hex: '51' } }],
  ['has 6000000 sat, not 7000000', { ...UNSPENT, value: 0.06 }],
  ['is not confirmed', { ...UNSPENT, coinbase: false, confirmations: 0 }],
])('an output that %s is not spent', async (reason, unspent) => {
  const lines: string[] = []
  const print = (text: string) => lines.push(text)
  const proposal = { above: 1_000n, feeRate: 2, utxo: [`${TXID}:1:7000000`] }
  await expect(propose(settings(), proposal, { node: aNode(unspent), print })).rejects.toThrow(
    /named can be spent/,
  )
  expect(lines[0]).toContain(reason)
})

test('without a node, outputs are taken as they are named', async () => {
  const lines = await run(undefined, { utxo: [`${TXID}:1:7000000`] })
  const made = Transaction.fromPSBT(Buffer.from(lines.at(-1)!, 'base64'))
  expect(made.getOutput(0)).toMatchObject({ script: ALICE, amount: 5_000_000n })
  await expect(run(undefined)).rejects.toThrow(/--utxo/)
  await expect(run(undefined, { utxo: ['abc:1'] })).rejects.toThrow(/txid:vout:satoshi/)
})
