import { expect, test } from 'vitest'
import { HeldBytes, type Holder } from './held-bytes.ts'

function aHolder(name: string, heldBytes: number, left: string[]): Holder & { heldBytes: number } {
  return { heldBytes, abort: () => left.push(name) }
}

test('the connection that holds most goes first, and only as many as are needed', () => {
  const left: string[] = []
  const held = new HeldBytes(80_000)
  const [small, large, middle] = [
    aHolder('small', 10_000, left),
    aHolder('large', 40_000, left),
    aHolder('middle', 25_000, left),
  ]
  for (const holder of [small, large, middle]) held.note(holder)
  expect(left).toEqual([])
  held.note(aHolder('last', 20_000, left))
  expect(left).toEqual(['large'])
  expect(held.sum).toBe(55_000)
})

test('who has read meanwhile is not blamed for what it held', () => {
  const left: string[] = []
  const held = new HeldBytes(50_000)
  const fast = aHolder('fast', 40_000, left)
  held.note(fast)
  fast.heldBytes = 0
  held.note(aHolder('slow', 30_000, left))
  expect(left).toEqual([])
  expect(held.sum).toBe(30_000)
})

test('nothing is counted that is small, or gone', () => {
  const held = new HeldBytes(50_000)
  const some = aHolder('some', 100, [])
  held.note(some)
  expect(held.sum).toBe(0)
  some.heldBytes = 10_000
  held.note(some)
  expect(held.sum).toBe(10_000)
  held.forget(some)
  held.forget(some)
  expect(held.sum).toBe(0)
})
