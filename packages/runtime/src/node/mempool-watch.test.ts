import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseTransaction } from '@sv2/bitcoin'
import { startRegtestNode } from '@sv2/regtest-node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Signal } from '../_fixtures.ts'
import { MempoolWatch, type MempoolWatchSettings } from './mempool-watch.ts'
import { type NodeRpc, NodeRpcError, nodeRpc } from './node-rpc.ts'
import { proposeBlock } from './propose-block.ts'

let folder = ''
const cleanUp: (() => unknown)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-mempool-'))
})
afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
})

async function aNode() {
  const cookieFile = join(folder, '.cookie')
  const node = await startRegtestNode({ cookieFile, initialBlocks: 120 })
  cleanUp.push(() => node.stop())
  return { node, rpc: nodeRpc({ url: node.url, cookieFile, user: undefined, password: undefined }) }
}

function watching(rpc: NodeRpc, settings: Partial<MempoolWatchSettings> = {}) {
  const transactions = new Signal<Uint8Array>()
  const trouble = new Signal<string>()
  const watch = new MempoolWatch(rpc, {
    settings: { intervalMs: 5, concurrency: 2, perLook: 100, maxTransactions: 1_000, ...settings },
    observer: {
      onTransactions(found) {
        for (const data of found) transactions.give(data)
      },
      onTrouble: (message) => trouble.give(message),
    },
  })
  cleanUp.push(() => watch.stop())
  void watch.run()
  return { transactions, trouble }
}

test('JDS-11 (current): every transaction of the mempool is told once, new ones as they come', async () => {
  const { node, rpc } = await aNode()
  node.sendPayments(5)
  const { transactions } = watching(rpc, { perLook: 2 })
  await transactions.count(5)
  node.sendPayments(1)
  await transactions.count(6)
  expect(new Set(transactions.seen.map(String)).size).toBe(6)
  for (const data of transactions.seen) expect(parseTransaction(data).inputs.length).toBeGreaterThan(0)
})

test('a node that fails, lies or has lost a transaction is asked again', async () => {
  const { node, rpc } = await aNode()
  node.sendPayments(2)
  let calls = 0
  const answers: readonly (() => unknown)[] = [
    () => {
      throw new NodeRpcError('away', { code: undefined, cause: undefined })
    },
    () => ({ not: 'a list' }),
    () => ['00'.repeat(32)],
  ]
  const { transactions, trouble } = watching({
    url: rpc.url,
    async call(method, parameters) {
      const answer = method === 'getrawmempool' ? answers[calls++] : undefined
      return answer === undefined ? rpc.call(method, parameters) : answer()
    },
  })
  await transactions.count(2)
  expect(trouble.seen).toHaveLength(2)
  expect(trouble.seen[0]).toBe('away')
})

test('a proposal is put to the first node that can be asked; without one there is no verdict', async () => {
  const { node, rpc } = await aNode()
  const away: NodeRpc = {
    url: 'http://away',
    call: () => Promise.reject(new NodeRpcError('away', { code: undefined, cause: undefined })),
  }
  const block = node.block(node.bestHash())!
  expect(await proposeBlock([away, rpc], block)).toBe('duplicate')
  expect(await proposeBlock([away, rpc], block.subarray(1))).toMatch(/./)
  expect(await proposeBlock([away], block)).toBeUndefined()
})
