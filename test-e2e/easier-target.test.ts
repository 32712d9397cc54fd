import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AppProcess } from './process.ts'
import { ProcessStack } from './process-stack.ts'

/** No device of these tests finds a block of it. */
const HARD = 1
/** Seconds after a block from which on the next may be easy, as on testnet3 and testnet4. */
const LATE = 1_200

const stack = new ProcessStack('current')
let provider: AppProcess
let pool: AppProcess

beforeAll(async () => {
  await stack.startNode({ difficulty: HARD, minDifficultyAfterSec: LATE })
  stack.node.setClock(mined() + LATE)
  const upstream = await stack.startProvider()
  provider = upstream.provider
  const started = await stack.startPool(upstream.url)
  pool = started.pool
  await stack.startDevice(started.url, 'standard').logged('channel opened')
})
afterAll(() => stack.close())

/** The time of the newest block. */
const mined = (): number => stack.node.core.chain.tip.block.header.ntime

test('twenty minutes after a block the target becomes easy on the same tip, and a block of it is found', async () => {
  const { prevHash } = await pool.logged('new tip')
  const place = pool.place
  stack.node.setClock(mined() + LATE + 1)
  const easy = await pool.logged('new tip', place)
  expect(easy.prevHash).toBe(prevHash)
  expect(Number(easy.networkDifficulty)).toBeLessThan(1e-9)
  const { hash } = await provider.logged('block accepted')
  expect(stack.node.core.chain.entry(String(hash))!.block.header.nbits).toBe(0x207fffff)
  expect(provider.log.filter(({ msg }) => msg === 'block rejected')).toEqual([])
})
