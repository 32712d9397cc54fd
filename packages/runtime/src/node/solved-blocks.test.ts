import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { DISK_STEPS, writerToFullDisk } from '../_full-disk.ts'
import { aNode, BLOCK, DOWN, decided, FILE, folder, keeper, pending } from './_solved.ts'
import type { NodeRpc } from './node-rpc.ts'

describe('a solved block', () => {
  test('is on the disk, whole, before a node hears of it', async () => {
    const seen: unknown[] = []
    const node: NodeRpc = {
      url: 'http://node',
      async call(method, parameters) {
        seen.push([method, parameters, pending(), [...readFileSync(join(folder(), 'blocks', FILE))]])
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
    writeFileSync(join(folder(), 'blocks', `${FILE}.part`), 'half')
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
    rmSync(join(folder(), 'blocks'), { recursive: true })
    await blocks.submit(BLOCK)
    expect(await fates.first()).toMatchObject({ outcome: 'accepted' })
    expect(trouble.seen[0]).toBe(BLOCK.hash)
  })

  test('of those decided long ago only the last hundred are kept', async () => {
    await keeper([])
    for (let n = 0; n < 100; n++) {
      writeFileSync(
        join(folder(), 'blocks', 'decided', `${String(n).padStart(8, '0')}-${BLOCK.hash}.block`),
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
