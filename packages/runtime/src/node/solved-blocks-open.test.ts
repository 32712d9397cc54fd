import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { Signal } from '../_fixtures.ts'
import {
  aNode,
  BLOCK,
  child,
  DOWN,
  decided,
  FILE,
  folder,
  keeper,
  PARENT,
  pending,
  submits,
  tip,
} from './_solved.ts'
import { type NodeRpc, NodeRpcError } from './node-rpc.ts'

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

  test('and has been taken comes back when the node has gone back below it, lowest first', async () => {
    const chain = [child(PARENT, 7, 1)]
    for (let n = 2; n <= 4; n++) chain.push(child(chain[n - 2]!.hash, 6 + n, n))
    const { node, calls } = aNode(null)
    const { blocks } = await keeper([node])
    for (const block of chain) await blocks.submit(block)
    await vi.waitFor(() => expect(decided()).toHaveLength(4))
    await blocks.moved(tip(10, chain[3]!.hash))
    expect(calls.seen).toHaveLength(4)
    await blocks.moved(tip(7, chain[0]!.hash))
    await calls.count(7)
    expect(calls.seen.slice(4).map(([, hex]) => String(hex).slice(-2))).toEqual(['02', '03', '04'])
    // the same at the first tip of a next run
    await vi.waitFor(() => expect(decided()).toHaveLength(4))
    await blocks.stop()
    const next = aNode(null)
    const { blocks: again } = await keeper([next.node])
    await again.moved(tip(8, chain[1]!.hash))
    await next.calls.count(2)
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
    answer('inconclusive')
    await fates.first(({ outcome }) => outcome === 'undecided')
    await blocks.moved(tip(7, 'aa'.repeat(32)))
    expect(asked.seen).toEqual(['01'])
    await blocks.moved(tip(6, PARENT))
    await asked.count(2)
    answer('inconclusive')
    await fates.count(2)
    const moved = blocks.moved(tip(13))
    await asked.count(3)
    answer({ confirmations: -1 })
    await asked.count(4)
    answer({ confirmations: 7 })
    await moved
    expect(asked.seen).toHaveLength(4)
    expect(fates.seen.map(({ outcome }) => outcome)).toEqual([
      'undecided',
      'undecided',
      'lost',
      'accepted',
      'spare',
    ])
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
  for (let n = 0; n < 150; n++)
    writeFileSync(join(folder(), 'blocks', 'decided', `${n}`.padStart(8, '0')), '')
  await blocks.submit(child('ee'.repeat(32), 8, 2))
  await fates.count(2)
  await vi.waitFor(() => expect(decided()).toHaveLength(152))
})
