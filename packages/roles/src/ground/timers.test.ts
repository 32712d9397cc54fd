import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NEVER } from './role.ts'
import { Timers } from './timers.ts'

test('a table of which nothing is set is never due', () => {
  expect(new Timers().nextDeadline()).toBe(NEVER)
  const timers = new Timers('refresh')
  expect([timers.nextDeadline(), timers.isSet('refresh'), timers.isDue('refresh', 1e15)]).toEqual([
    NEVER,
    false,
    false,
  ])
})

test('a timer is due from its moment on, until it is set anew or stopped', () => {
  const timers = new Timers('refresh', 'step')
  timers.set('refresh', 10)
  expect([9, 10, 11].map((now) => timers.isDue('refresh', now))).toEqual([false, true, true])
  expect(timers.isDue('step', 11)).toBe(false)
  timers.set('refresh', 20)
  expect([timers.isDue('refresh', 11), timers.isSet('refresh')]).toEqual([false, true])
  timers.stop('refresh')
  expect([timers.isDue('refresh', 20), timers.isSet('refresh')]).toEqual([false, false])
})

test('queues and parts that the table made or was given count in', () => {
  const timers = new Timers('step')
  const part = timers.add(new Timers('inner'))
  const queue = timers.queue<string>()
  timers.set('step', 30)
  queue.push('first', 20)
  part.set('inner', 10)
  expect(timers.nextDeadline()).toBe(10)
  part.stop('inner')
  expect(timers.nextDeadline()).toBe(20)
  queue.takeDue(20)
  expect(timers.nextDeadline()).toBe(30)
})

test('a fraction of a millisecond is kept', () => {
  const timers = new Timers('step')
  timers.set('step', 1_700_000_000_000.125)
  expect(timers.nextDeadline()).toBe(1_700_000_000_000.125)
})

test('the next deadline is the earliest of all that are set', () => {
  const names = ['a', 'b', 'c', 'd'] as const
  const change = fc.tuple(fc.constantFrom(...names), fc.option(fc.nat()), fc.boolean())
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const timers = new Timers(...names)
      const part = timers.add(new Timers(...names))
      const model = new Map<string, number>()
      for (const [name, at, isInner] of changes) {
        const table = isInner ? part : timers
        if (at === null) table.stop(name)
        else table.set(name, at)
        model.set(`${name} ${isInner}`, at ?? NEVER)
      }
      expect(timers.nextDeadline()).toBe(Math.min(NEVER, ...model.values()))
    }),
  )
})
