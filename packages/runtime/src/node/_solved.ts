import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, vi } from 'vitest'
import { Signal } from '../_fixtures.ts'
import type { SafeWriter } from '../write-file-safely.ts'
import type { BlockFate } from './block-submitter.ts'
import { type NodeRpc, NodeRpcError } from './node-rpc.ts'
import { type SolvedBlock, SolvedBlocks } from './solved-blocks.ts'

export const BLOCK: SolvedBlock = { hash: 'ab'.repeat(32), height: 7, block: Uint8Array.of(1, 2, 3) }
export const FILE = `00000007-${BLOCK.hash}.block`

let dataDir = ''
/** The data folder of this test. */
export const folder = (): string => dataDir
const stops: SolvedBlocks[] = []
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sv2-blocks-'))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  for (const blocks of stops.splice(0)) blocks.stop()
  vi.useRealTimers()
  rmSync(dataDir, { recursive: true, force: true })
})

export const pending = (): readonly string[] =>
  readdirSync(join(dataDir, 'blocks')).filter((name) => name !== 'decided')
export const decided = (): readonly string[] => readdirSync(join(dataDir, 'blocks', 'decided'))

/** A node that answers as told; an Error is thrown. */
export function aNode(...answers: readonly unknown[]) {
  const calls = new Signal<readonly unknown[]>()
  const left = [...answers]
  const node: NodeRpc = {
    url: `http://node${Math.floor(answers.length)}`,
    async call(method, parameters) {
      calls.give([method, ...parameters])
      const answer = left.length > 1 ? left.shift() : left[0]
      if (answer instanceof Error) throw answer
      return answer
    },
  }
  return { node, calls }
}

export const DOWN = new NodeRpcError('node cannot be reached', { code: undefined, cause: undefined })

export async function keeper(nodes: readonly NodeRpc[], write?: SafeWriter) {
  const fates = new Signal<BlockFate>()
  const trouble = new Signal<string>()
  const blocks = new SolvedBlocks(dataDir, {
    nodes,
    onFate: (fate) => fates.give(fate),
    onDiskTrouble: (hash) => trouble.give(hash),
    ...(write && { write }),
  })
  stops.push(blocks)
  return { blocks, fates, trouble, left: await blocks.start() }
}

/** A block of this parent: version, parent, and a byte that tells it from others. */
export function child(parent: string, height: number, mark: number): SolvedBlock {
  const block = new Uint8Array(81)
  block.set(Buffer.from(parent, 'hex').reverse(), 4)
  block[80] = mark
  return { hash: mark.toString(16).padStart(64, '0'), height, block }
}

export const PARENT = 'cd'.repeat(32)
export const tip = (height: number, hash = `${height}`.padStart(64, 'f')) => ({ hash, height })
export const submits = (calls: Signal<readonly unknown[]>): number =>
  calls.seen.filter(([method]) => method === 'submitblock').length
