import { describe, expect, test } from 'vitest'
import { imbalance, makeSlots, mostLackingSlot } from './hashrate-split.ts'

describe('slots', () => {
  test('without shares there is one, with all upstreams in their order', () => {
    expect(makeSlots([undefined, undefined])).toMatchObject([{ share: 100, preference: [0, 1] }])
  })

  test('with shares there is one per upstream, which falls back to the others; none for a share of 0', () => {
    expect(makeSlots([70, 30, 0])).toMatchObject([
      { share: 70, preference: [0, 1, 2] },
      { share: 30, preference: [1, 0, 2] },
    ])
  })
})

describe('hash rate', () => {
  const [a, b] = makeSlots([70, 30])
  const loads = (first: number, second: number) => [
    { slot: a!, hashrate: first },
    { slot: b!, hashrate: second },
  ]

  test('that comes goes where most is lacking', () => {
    expect(mostLackingSlot(loads(0, 0), 10)).toBe(a)
    expect(mostLackingSlot(loads(70, 0), 10)).toBe(b)
    expect(mostLackingSlot(loads(70, 30), 10)).toBe(a)
  })

  test('that declares nothing is spread all the same', () => {
    const counts = new Map([
      [a, 0],
      [b, 0],
    ])
    for (let n = 0; n < 10; n++) {
      const slot = mostLackingSlot(loads(counts.get(a)!, counts.get(b)!), 0)
      counts.set(slot, counts.get(slot)! + 1)
    }
    expect([counts.get(a), counts.get(b)]).toEqual([7, 3])
  })

  test('is left where it is while it is about right, and moved by what is too much', () => {
    expect(imbalance(loads(72, 28))).toBeUndefined()
    expect(imbalance(loads(0, 0))).toBeUndefined()
    expect(imbalance(loads(100, 0))).toMatchObject({ from: a, to: b, hashrate: 30 })
    expect(imbalance(loads(0, 100))).toMatchObject({ from: b, to: a, hashrate: 70 })
  })
})
