import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { startRegtestNode } from './start-regtest-node.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Heap in use, and the memory of buffers, bytes. */
function used(): number {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

test('a node that is left running stays as large as it is after its first hour', async () => {
  const node = await startRegtestNode({ coinbaseMaturity: 2, initialBlocks: 30 })
  let seconds = node.core.clock.now()
  /** Blocks of nine seconds, with a payment each; 400 of them are an hour. */
  const run = async (blocks: number): Promise<void> => {
    for (let n = 0; n < blocks; n++) {
      seconds += 9
      node.setClock(seconds)
      node.sendPayments(1)
      await node.generate(1)
    }
  }
  // until the 288 young blocks hold payments of many coins, as they will from then on
  await run(750)
  const afterAnHour = used()
  await run(400)
  const growth = used() - afterAnHour
  await node.stop()
  // headers, hashes and coinbase outputs: 1,460 bytes a block; before, each stayed as objects: 14,800
  expect(growth / 400).toBeLessThan(4_000)
}, 900_000)
