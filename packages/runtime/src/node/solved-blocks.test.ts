import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Signal } from '../_fixtures.ts'
import { DISK_STEPS, writerToFullDisk } from '../_full-disk.ts'
import type { SafeWriter } from '../write-file-safely.ts'
import type { BlockFate } from './block-submitter.ts'
import { type NodeRpc, NodeRpcError } from './node-rpc.ts'
import { type SolvedBlock, SolvedBlocks } from './solved-blocks.ts'

const BLOCK: SolvedBlock = { hash: 'ab'.repeat(32), height: 7, block: Uint8Array.of(1, 2, 3) }
const FILE = `00000007-${BLOCK.hash}.block`

let dataDir = ''
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

const pending = (): readonly string[] =>
  readdirSync(join(dataDir, 'blocks')).filter((name) => name !== 'decided')
const decided = (): readonly string[] => readdirSync(join(dataDir, 'blocks', 'decided'))

/** A node that answers as told; an Error is thrown. */
function aNode(...answers: readonly unknown[]) {
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

const DOWN = new NodeRpcError('node cannot be reached', { code: undefined, cause: undefined })

async function keeper(nodes: readonly NodeRpc[], write?: SafeWriter) {
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

describe('a solved block', () => {
  test('is on the disk, whole, before a node hears of it', async () => {
    const seen: unknown[] = []
    const node: NodeRpc = {
      url: 'http://node',
      async call(method, parameters) {
        seen.push([method, parameters, pending(), [...readFileSync(join(dataDir, 'blocks', FILE))]])
        return null
      },
    }
    const { blocks, fates } = await keeper([node])
    await blocks.submit(BLOCK)
    expect(await fates.first()).toMatchObject({ outcome: 'accepted', hash: BLOCK.hash, height: 7 })
    expect(seen).toEqual([['submitblock', ['010203'], [FILE], [1, 2, 3]]])
  })

  test.each([
    { answer: null, outcome: 'accepted', reason: 'accepted' },
    { answer: 'duplicate', outcome: 'accepted', reason: 'duplicate' },
    { answer: 'stale-prevblk', outcome: 'lost', reason: 'stale-prevblk' },
    { answer: 'high-hash', outcome: 'rejected', reason: 'high-hash' },
  ])('that the node calls $reason is $outcome, and put away', async ({ answer, outcome, reason }) => {
    const { blocks, fates } = await keeper([aNode(answer).node])
    await blocks.submit(BLOCK)
    expect(await fates.first()).toMatchObject({ outcome, reason })
    await vi.waitFor(() => expect(decided()).toEqual([FILE]))
    expect(pending()).toEqual([])
  })

  test('goes to every node', async () => {
    const nodes = [aNode(null), aNode('duplicate'), aNode('rejected')]
    const { blocks, fates } = await keeper(nodes.map(({ node }) => node))
    await blocks.submit(BLOCK)
    await fates.count(3)
    for (const { calls } of nodes) expect(calls.seen).toEqual([['submitblock', '010203']])
  })

  test('is submitted again while a node is down, and kept until it has answered', async () => {
    const { node, calls } = aNode(DOWN, DOWN, null)
    const { blocks, fates } = await keeper([node])
    await blocks.submit(BLOCK)
    await fates.count(1)
    expect(pending()).toEqual([FILE])
    vi.advanceTimersByTime(250)
    await fates.count(2)
    vi.advanceTimersByTime(500)
    await fates.count(3)
    expect(fates.seen.map(({ outcome }) => outcome)).toEqual(['unreachable', 'unreachable', 'accepted'])
    expect(calls.seen).toHaveLength(3)
    await vi.waitFor(() => expect(decided()).toEqual([FILE]))
  })

  test('does not wait for a node that is down to reach another', async () => {
    const { blocks, fates } = await keeper([aNode(DOWN).node, aNode(null).node])
    await blocks.submit(BLOCK)
    expect(await fates.first(({ outcome }) => outcome === 'accepted')).toBeDefined()
    expect(pending()).toEqual([FILE])
  })

  test('that was not decided is submitted at the next start', async () => {
    const first = await keeper([aNode(DOWN).node])
    await first.blocks.submit(BLOCK)
    await first.fates.first()
    first.blocks.stop()
    const { node, calls } = aNode(null)
    const second = await keeper([node])
    expect(second.left).toBe(1)
    expect(await second.fates.first()).toMatchObject({ outcome: 'accepted', hash: BLOCK.hash, height: 7 })
    expect(calls.seen).toEqual([['submitblock', '010203']])
    await vi.waitFor(() => expect(decided()).toEqual([FILE]))
  })

  test('that came at the last moment gets to the disk, and to the nodes, before the end', async () => {
    const { node, calls } = aNode(null)
    const { blocks } = await keeper([node])
    void blocks.submit(BLOCK)
    await blocks.stop()
    expect(calls.seen).toEqual([['submitblock', '010203']])
    await vi.waitFor(() => expect(decided()).toEqual([FILE]))
  })

  test('does not hold up the end for a node that is silent, and is kept', async () => {
    const { node, calls } = aNode(new Promise(() => undefined))
    const { blocks } = await keeper([node])
    await blocks.submit(BLOCK)
    await calls.first()
    const stopped = blocks.stop()
    vi.advanceTimersByTime(2_000)
    await stopped
    expect(pending()).toEqual([FILE])
  })

  test('that was cut off while it was written is no block', async () => {
    await keeper([])
    writeFileSync(join(dataDir, 'blocks', `${FILE}.part`), 'half')
    const { left } = await keeper([aNode(null).node])
    expect(left).toBe(0)
  })

  test.each(DISK_STEPS)(
    'on a disk that is full at step %s goes to the node, and no rest is taken for a block',
    async (step) => {
      const { blocks, fates, trouble } = await keeper([aNode(DOWN).node], writerToFullDisk(step))
      await blocks.submit(BLOCK)
      expect(trouble.seen).toEqual([BLOCK.hash])
      expect(await fates.first()).toMatchObject({ outcome: 'unreachable' })
      const next = await keeper([aNode(null).node])
      expect(next.left).toBe(step === 'folder' ? 1 : 0)
    },
  )

  test('is submitted once, however often it is found', async () => {
    const { node, calls } = aNode(null)
    const { blocks, fates } = await keeper([node])
    await Promise.all([blocks.submit(BLOCK), blocks.submit(BLOCK)])
    await fates.first()
    await blocks.submit(BLOCK)
    expect(calls.seen).toHaveLength(1)
  })

  test('is submitted all the same when the disk refuses it', async () => {
    const { node } = aNode(null)
    const { blocks, fates, trouble } = await keeper([node])
    rmSync(join(dataDir, 'blocks'), { recursive: true })
    await blocks.submit(BLOCK)
    expect(await fates.first()).toMatchObject({ outcome: 'accepted' })
    expect(trouble.seen[0]).toBe(BLOCK.hash)
  })

  test('of those decided long ago only the last hundred are kept', async () => {
    await keeper([])
    for (let n = 0; n < 100; n++) {
      writeFileSync(
        join(dataDir, 'blocks', 'decided', `${String(n).padStart(8, '0')}-${BLOCK.hash}.block`),
        '',
      )
    }
    const { blocks, fates } = await keeper([aNode(null).node])
    await blocks.submit({ ...BLOCK, height: 100 })
    await fates.first()
    await vi.waitFor(() => expect(decided().at(-1)).toMatch(/^00000100-/))
    await vi.waitFor(() => expect(decided()).toHaveLength(100))
    expect(decided()[0]).toMatch(/^00000001-/)
  })
})

/** A block of this parent: version, parent, and a byte that tells it from others. */
function child(parent: string, height: number, mark: number): SolvedBlock {
  const block = new Uint8Array(81)
  block.set(Buffer.from(parent, 'hex').reverse(), 4)
  block[80] = mark
  return { hash: mark.toString(16).padStart(64, '0'), height, block }
}

const PARENT = 'cd'.repeat(32)
const tip = (height: number, hash = `${height}`.padStart(64, 'f')) => ({ hash, height })
const submits = (calls: Signal<readonly unknown[]>): number =>
  calls.seen.filter(([method]) => method === 'submitblock').length

describe('a block that the node has not decided', () => {
  test.each(['inconclusive', 'duplicate-inconclusive'])(
    '(%s) is not lost: it is accepted when it becomes the tip',
    async (answer) => {
      const { node, calls } = aNode(answer)
      const { blocks, fates } = await keeper([node])
      await blocks.submit(BLOCK)
      expect(await fates.first()).toMatchObject({ outcome: 'undecided', reason: answer })
      expect(pending()).toEqual([FILE])
      await blocks.moved({ hash: BLOCK.hash, height: BLOCK.height })
      expect(await fates.first(({ outcome }) => outcome === 'accepted')).toBeDefined()
      await vi.waitFor(() => expect(decided()).toEqual([FILE]))
      expect(submits(calls)).toBe(1)
    },
  )

  test('is lost when the chain has passed it by six blocks, and not sooner', async () => {
    const { blocks, fates } = await keeper([aNode('inconclusive').node])
    await blocks.submit(BLOCK)
    await fates.first()
    await blocks.moved(tip(BLOCK.height + 5))
    expect(pending()).toEqual([FILE])
    await blocks.moved(tip(BLOCK.height + 6))
    expect(await fates.first(({ outcome }) => outcome === 'lost')).toBeDefined()
    await vi.waitFor(() => expect(decided()).toEqual([FILE]))
  })

  test('is accepted when the chain has grown over it and the node says that it is in it', async () => {
    const { node } = aNode('inconclusive', { confirmations: 7 })
    const { blocks, fates } = await keeper([node])
    await blocks.submit(BLOCK)
    await fates.first()
    await blocks.moved(tip(BLOCK.height + 6))
    expect(await fates.first(({ outcome }) => outcome === 'accepted')).toBeDefined()
  })

  test.each([
    'prev-blk-not-found',
    'time-too-new',
    'a word of a node to come',
    { an: 'object' },
    17,
    undefined,
  ])('(%o) is submitted again, after a pause and at the next tip', async (answer) => {
    const { node, calls } = aNode(answer, answer, null)
    const { blocks, fates } = await keeper([node])
    await blocks.submit(BLOCK)
    expect(await fates.first()).toMatchObject({ outcome: 'undecided' })
    vi.advanceTimersByTime(250)
    await fates.count(2)
    await blocks.moved(tip(BLOCK.height - 1))
    expect(await fates.first(({ outcome }) => outcome === 'accepted')).toBeDefined()
    expect(submits(calls)).toBe(3)
    await vi.waitFor(() => expect(decided()).toEqual([FILE]))
  })

  test('brings its parent again, when that is one of ours that the node has lost', async () => {
    const first = child(PARENT, 7, 1)
    const second = child(first.hash, 8, 2)
    const { node, calls } = aNode(null, 'prev-blk-not-found', null, null)
    const { blocks, fates } = await keeper([node])
    await blocks.submit(first)
    await vi.waitFor(() => expect(decided()).toHaveLength(1))
    await blocks.submit(second)
    await fates.first(({ outcome }) => outcome === 'undecided')
    await fates.count(3)
    vi.advanceTimersByTime(250)
    await fates.count(4)
    const sent = calls.seen.map(([, hex]) => String(hex).slice(-2))
    expect(sent).toEqual(['01', '02', '01', '02'])
    await vi.waitFor(() => expect(decided()).toHaveLength(2))
  })

  test('that the node cannot read is rejected at once', async () => {
    const { node } = aNode(new NodeRpcError('Block decode failed', { code: -22, cause: undefined }))
    const { blocks, fates } = await keeper([node])
    await blocks.submit(BLOCK)
    expect(await fates.first()).toMatchObject({ outcome: 'rejected' })
  })
})

describe('blocks of one parent', () => {
  /** A node that answers when it is told to. */
  function slowNode() {
    const asked = new Signal<string>()
    const answers: ((answer: unknown) => void)[] = []
    const node: NodeRpc = {
      url: 'http://slow',
      call: (_, [data]) => {
        asked.give(String(data).slice(-2))
        return new Promise((resolve) => answers.push(resolve))
      },
    }
    return { node, asked, answer: (value: unknown) => answers.shift()?.(value) }
  }

  test('go to a node one at a time, and none after the one it takes; those are kept', async () => {
    const { node, asked, answer } = slowNode()
    const { blocks, fates } = await keeper([node])
    for (const mark of [1, 2, 3]) await blocks.submit(child(PARENT, 7, mark))
    expect(asked.seen).toEqual(['01'])
    answer('bad-txns-inputs-missingorspent')
    await asked.count(2)
    answer(null)
    await fates.first(({ outcome }) => outcome === 'accepted')
    await vi.waitFor(() => expect(decided()).toHaveLength(2))
    vi.advanceTimersByTime(60_000)
    expect(asked.seen).toEqual(['01', '02'])
    expect(pending()).toHaveLength(1)
  })

  test('wait for the case that the node goes back to their parent, and end when the chain has passed them', async () => {
    const { node, asked, answer } = slowNode()
    const { blocks, fates } = await keeper([node])
    for (const mark of [1, 2, 3]) await blocks.submit(child(PARENT, 7, mark))
    answer(null)
    await fates.first(({ outcome }) => outcome === 'accepted')
    await blocks.moved(tip(7, child(PARENT, 7, 1).hash))
    expect(asked.seen).toEqual(['01'])
    await blocks.moved(tip(6, PARENT))
    await asked.count(2)
    answer('inconclusive')
    await fates.first(({ outcome }) => outcome === 'undecided')
    const moved = blocks.moved(tip(13))
    await asked.count(3)
    answer({ confirmations: -1 })
    await moved
    expect(asked.seen).toHaveLength(3)
    expect(fates.seen.map(({ outcome }) => outcome)).toEqual(['accepted', 'undecided', 'lost', 'spare'])
    await vi.waitFor(() => expect(pending()).toEqual([]))
  })

  test('are kept in a bounded number, however many are found', async () => {
    const { node } = slowNode()
    const { blocks, fates } = await keeper([node])
    for (let mark = 1; mark <= 40; mark++) await blocks.submit(child(PARENT, 7, mark))
    expect(pending()).toHaveLength(16)
    expect(fates.seen.filter(({ outcome }) => outcome === 'spare')).toHaveLength(24)
  })
})

test('a folder of open blocks has a bound: the lowest go first', async () => {
  const { blocks } = await keeper([aNode(DOWN).node])
  for (let n = 1; n <= 260; n++) await blocks.submit(child(n.toString(16).padStart(64, '0'), n, n))
  await vi.waitFor(() => expect(pending()).toHaveLength(256))
  expect([...pending()].sort()[0]).toMatch(/^00000005-/)
})

test('a node that cannot be asked is left alone for a while, however many blocks wait', async () => {
  const { node, calls } = aNode(DOWN)
  const { blocks } = await keeper([node])
  for (let n = 1; n <= 20; n++) await blocks.submit(child(n.toString(16).padStart(64, '0'), n, n))
  expect(calls.seen).toHaveLength(1)
  vi.advanceTimersByTime(249)
  expect(calls.seen).toHaveLength(1)
  vi.advanceTimersByTime(1)
  await calls.count(2)
})

test('the folder of decided blocks is not read again for each block', async () => {
  const { blocks, fates } = await keeper([aNode(null).node])
  await blocks.submit(child(PARENT, 7, 1))
  await fates.first()
  await vi.waitFor(() => expect(decided()).toHaveLength(1))
  // a file of somebody else, older than any: who read the folder would remove it when there are too many
  for (let n = 0; n < 150; n++) writeFileSync(join(dataDir, 'blocks', 'decided', `${n}`.padStart(8, '0')), '')
  await blocks.submit(child('ee'.repeat(32), 8, 2))
  await fates.count(2)
  await vi.waitFor(() => expect(decided()).toHaveLength(152))
})
