import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProcessStack } from './process-stack.ts'

const stack = new ProcessStack('current')
beforeAll(() => stack.startNode())
afterAll(() => stack.close())

test('while the socket of the first node is not there, templates come by the RPC of the second, and it takes the block', async () => {
  const ipc = join(stack.dataDir, 'node.sock')
  const { provider, url } = await stack.startProvider([{ ipc }])
  const warned = await provider.logged((line) => String(line.msg).includes('bitcoin-node -ipcbind=unix'))
  expect(warned.msg).toContain(ipc)
  await provider.logged(
    (line) => line.msg.startsWith('templates come from this node') && line.node === stack.node.url,
  )
  const pool = await stack.startPool(url)
  stack.startDevice(pool.url, 'standard')
  const { hash } = await provider.logged(
    (line) => line.msg === 'block accepted' && line.node === stack.node.url,
  )
  expect(stack.node.block(String(hash))).toBeDefined()
})
