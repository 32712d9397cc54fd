import { expect, test } from 'vitest'
import { type History, replaced, valueAt } from './history.ts'

test('a place in the order has the value that held there', () => {
  let history: History<string> | undefined
  history = replaced(history, { until: 10, value: 'first' }, 0)
  history = replaced(history, { until: 20, value: 'second' }, 0)
  expect([5, 9, 10, 19, 20, 99].map((order) => valueAt(history, order, 'present'))).toEqual([
    'first',
    'first',
    'second',
    'second',
    'present',
    'present',
  ])
  expect(valueAt(undefined, 5, 'present')).toBe('present')
})

test('what nothing alive was given with is forgotten, what is needed is kept', () => {
  let history = replaced<number>(undefined, { until: 10, value: 1 }, 0)
  history = replaced(history, { until: 20, value: 2 }, 15)
  expect(history).toEqual({ since: 10, entries: [{ until: 20, value: 2 }] })
  history = replaced(history, { until: 30, value: 3 }, 19)
  expect(valueAt(history, 19, 4)).toBe(2)
})

test('a flood of changes is remembered up to a limit, and what is forgotten has no value', () => {
  let history: History<number> | undefined
  for (let order = 1; order <= 1000; order++) history = replaced(history, { until: order, value: order }, 0)
  expect(history?.entries).toHaveLength(32)
  expect(valueAt(history, 999, 0)).toBe(1000)
  expect(valueAt(history, 968, 0)).toBe(969)
  expect(valueAt(history, 967, 0)).toBeUndefined()
  expect(valueAt(history, 0, 0)).toBeUndefined()
})
