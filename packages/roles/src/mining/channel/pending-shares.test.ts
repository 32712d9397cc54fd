import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PendingShares } from './pending-shares.ts'

test('what is accepted behind an undecided share waits for it', () => {
  const pending = new PendingShares()
  expect(pending.follow(1, 1)).toBe(false)
  pending.add(2)
  expect(pending.follow(3, 4)).toBe(true)
  expect(pending.follow(4, 4)).toBe(true)
  expect(pending.decide(2, 8)).toEqual({ count: 3, work: 16, last: 4 })
  expect(pending.size).toBe(0)
  expect(pending.follow(5, 1)).toBe(false)
})

test('a refused share lets those behind it go, and is not among them', () => {
  const pending = new PendingShares()
  pending.add(2)
  pending.follow(3, 4)
  expect(pending.decide(2, undefined)).toEqual({ count: 1, work: 4, last: 3 })
  pending.add(4)
  expect(pending.decide(4, undefined)).toBeUndefined()
  expect(pending.decide(4, undefined)).toBeUndefined()
})

test('decisions out of their order wait for the one that is missing', () => {
  const pending = new PendingShares()
  for (const sequence of [1, 2, 3]) pending.add(sequence)
  expect(pending.decide(3, 1)).toBeUndefined()
  expect(pending.decide(2, undefined)).toBeUndefined()
  expect(pending.decide(1, 1)).toEqual({ count: 2, work: 2, last: 3 })
})

test('however shares come and are decided, each accepted one is acknowledged once, and none before it is decided', () => {
  const step = fc.record({ kind: fc.constantFrom('add', 'follow', 'accept', 'refuse'), pick: fc.nat() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, same) => {
      const pending = new PendingShares()
      const open: { number: number; at: number }[] = []
      let [came, accepted, acknowledged] = [0, 0, 0]
      const take = (released: ReturnType<PendingShares['decide']>): void => {
        if (released === undefined) return
        acknowledged += released.count
        if (!same) expect(open.every(({ number }) => number > released.last)).toBe(true)
      }
      const decide = (at: number, good: boolean): void => {
        const [share] = open.splice(at, 1)
        if (share === undefined) return
        if (good) accepted++
        take(pending.decide(share.number, good ? 1 : undefined))
      }
      for (const { kind, pick } of steps) {
        if (kind === 'accept' || kind === 'refuse') decide(pick % Math.max(1, open.length), kind === 'accept')
        else {
          came++
          const number = same ? 0 : came
          if (kind === 'add') {
            open.push({ number, at: came })
            pending.add(number)
          } else {
            accepted++
            if (!pending.follow(number, 1)) acknowledged++
          }
        }
      }
      while (open.length > 0) decide(0, true)
      expect(acknowledged).toBe(accepted)
      expect(pending.size).toBe(0)
    }),
  )
})
