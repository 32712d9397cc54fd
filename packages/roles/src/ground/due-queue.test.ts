import { expect, test } from 'vitest'
import { DueQueue } from './due-queue.ts'
import { NEVER } from './role.ts'

test('things come out when they are due, in order', () => {
  const queue = new DueQueue<string>()
  expect(queue.nextDeadline()).toBe(NEVER)
  queue.push('a', 10)
  queue.push('b', 10)
  queue.push('c', 20)
  expect(queue.nextDeadline()).toBe(10)
  expect(queue.takeDue(9)).toBeUndefined()
  expect([queue.takeDue(15), queue.takeDue(15), queue.takeDue(15)]).toEqual(['a', 'b', undefined])
  expect(queue.nextDeadline()).toBe(20)
  expect(queue.takeDue(20)).toBe('c')
  expect(queue.nextDeadline()).toBe(NEVER)
})

test('a queue that is never empty keeps its order over many things', () => {
  const queue = new DueQueue<number>()
  let out = 0
  for (let item = 0; item < 200_000; item++) {
    queue.push(item, item)
    if (item < 5_000) continue
    if (queue.takeDue(item) !== out) throw new Error(`${out} was expected`)
    out++
  }
  expect(queue.nextDeadline()).toBe(195_000)
})
