import { expect, test } from 'vitest'
import { Scope } from './scope.ts'

function fails(name: string, error: unknown): never {
  throw new Error(name, { cause: error })
}

test('what was opened last is closed first, each after the other is done', async () => {
  const scope = new Scope()
  const closed: string[] = []
  scope.own('first', () => void closed.push('first'))
  scope.own('second', async () => {
    await Promise.resolve()
    closed.push('second')
  })
  scope.own('third', () => void closed.push('third'))
  await scope.close(fails)
  expect(closed).toEqual(['third', 'second', 'first'])
})

test('a failure is told, and the rest is closed all the same', async () => {
  const scope = new Scope()
  const closed: string[] = []
  const trouble = new Error('no')
  scope.own('first', () => void closed.push('first'))
  scope.own('second', () => {
    throw trouble
  })
  const failed: unknown[] = []
  await scope.close((name, error) => failed.push([name, error]))
  expect(closed).toEqual(['first'])
  expect(failed).toEqual([['second', trouble]])
})

test('closing twice closes once', async () => {
  const scope = new Scope()
  let times = 0
  scope.own('only', () => void times++)
  await Promise.all([scope.close(fails), scope.close(fails)])
  await scope.close(fails)
  expect(times).toBe(1)
})
