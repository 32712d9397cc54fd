import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Holdings } from './holdings.ts'

test('of whoever holds most, what was not used longest makes room', () => {
  const holdings = new Holdings<string>()
  for (const thing of ['a1', 'a2', 'a3']) holdings.add('192.0.2.1', thing)
  for (const thing of ['b1', 'b2']) holdings.add(7, thing)
  expect(holdings.inTheWayOf('192.0.2.9')).toBe('a1')
  holdings.use('a1')
  expect(holdings.inTheWayOf('192.0.2.9')).toBe('a2')
  holdings.remove('a2')
  holdings.remove('a3')
  expect(holdings.inTheWayOf('192.0.2.9')).toBe('b1')
})

test('nobody gives anything to who would hold more then', () => {
  const holdings = new Holdings<string>()
  for (const thing of ['a1', 'a2', 'a3']) holdings.add(1, thing)
  holdings.add(2, 'b1')
  expect(holdings.inTheWayOf(2)).toBe('a1')
  holdings.add(2, 'b2')
  expect(holdings.inTheWayOf(2)).toBeUndefined()
  expect(holdings.inTheWayOf(1)).toBeUndefined()
  holdings.add(3, 'c1')
  expect(holdings.inTheWayOf(3)).toBe('a1')
})

test('whatever comes and goes, what makes room is of one of those who hold most', () => {
  const step = fc.record({ holder: fc.nat(5), comes: fc.boolean(), which: fc.nat(1_000) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const holdings = new Holdings<number>()
      const model = new Map<number, number>()
      const counts = () => {
        const all = new Map<number, number>()
        for (const holder of model.values()) all.set(holder, (all.get(holder) ?? 0) + 1)
        return all
      }
      for (const [thing, { holder, comes, which }] of steps.entries()) {
        const gone = [...model.keys()][which % Math.max(1, model.size)]
        if (comes) {
          holdings.add(holder, thing)
          model.set(thing, holder)
        } else if (gone !== undefined) {
          holdings.remove(gone)
          model.delete(gone)
        }
        const all = counts()
        const most = Math.max(0, ...all.values())
        const chosen = holdings.inTheWayOf(holder)
        expect(holdings.count(holder)).toBe(all.get(holder) ?? 0)
        expect(chosen !== undefined).toBe(most >= (all.get(holder) ?? 0) + 2)
        if (chosen !== undefined) expect(all.get(model.get(chosen)!)).toBe(most)
      }
    }),
  )
})
