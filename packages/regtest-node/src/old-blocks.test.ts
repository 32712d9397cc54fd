import { afterEach, expect, test } from 'vitest'
import { rpc } from './_rpc-client.ts'
import type { RegtestNode } from './regtest-node.ts'
import { startRegtestNode } from './start-regtest-node.ts'

const running: RegtestNode[] = []
afterEach(async () => {
  for (const node of running.splice(0)) await node.stop()
})

async function aNode(): Promise<RegtestNode> {
  const node = await startRegtestNode({ coinbaseMaturity: 2, initialBlocks: 20 })
  running.push(node)
  return node
}

test('a block more than 288 deep leaves memory, and is read as it was', async () => {
  const node = await aNode()
  node.sendPayments(3)
  const [hash] = await node.generate(1)
  const { block } = node.core.chain.entry(hash!)!
  const before = { bytes: block.bytes, ids: block.transactions.map(({ id }) => id) }
  expect(before.ids).toHaveLength(4)
  expect(block.bytes).toBe(before.bytes)
  await node.generate(288)
  expect(block.bytes).not.toBe(before.bytes)
  expect(block.bytes).toEqual(before.bytes)
  expect(block.transactions.map(({ id }) => id)).toEqual(before.ids)
  const tested = { url: node.url, login: node.cookie, stop: () => node.stop() }
  expect(await rpc(tested, 'getblock', hash, 0)).toBe(Buffer.from(before.bytes).toString('hex'))
})

test('288 blocks can be taken back, and not more', async () => {
  const node = await aNode()
  await node.generate(300)
  const at = (depth: number) => node.core.chain.at(node.height() - depth)!.block.id
  expect(() => node.invalidate(at(288))).toThrow('cannot be taken back')
  node.invalidate(at(286))
  expect(node.height()).toBe(33)
  await node.generate(1)
  expect(node.height()).toBe(34)
})
