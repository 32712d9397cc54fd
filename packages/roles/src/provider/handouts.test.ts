import { describe, expect, test } from 'vitest'
import { Handouts } from './handouts.ts'
import type { Handout } from './template.ts'

const tip = (mark: number): Uint8Array => new Uint8Array(32).fill(mark)

/** A handout as far as it is looked into. */
function handout(templateId: number, on: number, transactions: readonly Uint8Array[] = []): Handout {
  return {
    message: { templateId: BigInt(templateId), merklePath: [] },
    node: { prevHash: tip(on), segwit: true },
    transactions,
  } as unknown as Handout
}

const idsOf = (kept: Handouts, most: number): number[] =>
  Array.from({ length: most }, (_, id) => id).filter((id) => kept.get(BigInt(id)) !== undefined)

describe('templates that were handed out', () => {
  test('are kept while their tip is the present one or the last, however many and old they are', () => {
    const kept = new Handouts(2 ** 30)
    let id = 0
    for (const on of [1, 2, 3]) {
      for (let update = 0; update < 1_000; update++) {
        kept.supersedeAll(tip(on), on * 100_000)
        kept.add(handout(id, on))
        id++
      }
    }
    expect(kept.trim()).toEqual([])
    expect(idsOf(kept, id)).toEqual(Array.from({ length: 2_000 }, (_, n) => 1_000 + n))
  })

  test('of older tips are kept for a minute after a newer one took their place', () => {
    const kept = new Handouts(1_000_000)
    kept.add(handout(1, 1))
    for (const on of [1, 2, 3]) kept.supersedeAll(tip(on), on)
    kept.supersedeAll(tip(3), 60_001)
    expect(kept.get(1n)).toBeDefined()
    kept.supersedeAll(tip(3), 60_002)
    expect(kept.get(1n)).toBeUndefined()
  })

  test('share their transactions: a fee update costs what it adds', () => {
    const kept = new Handouts(2 ** 30)
    const [a, b, c] = [new Uint8Array(1_000_000), new Uint8Array(500_000), new Uint8Array(250_000)]
    kept.supersedeAll(tip(1), 0)
    kept.add(handout(1, 1, [a, b]))
    const first = kept.bytes
    kept.supersedeAll(tip(1), 0)
    kept.add(handout(2, 1, [a, b, c]))
    expect(first).toBeGreaterThan(1_500_000)
    expect(first).toBeLessThan(1_502_000)
    expect(kept.bytes - first).toBeLessThan(252_000)
    // what only the first two had goes with them
    for (const on of [2, 3]) kept.supersedeAll(tip(on), on * 100_000)
    expect(kept.bytes).toBe(0)
  })

  test('give way, oldest first, when the budget is full, are told, and those in use never do', () => {
    const kept = new Handouts(10_100_000)
    kept.supersedeAll(tip(1), 0)
    kept.add(handout(0, 1, [new Uint8Array(4_000_000)]))
    for (let n = 1; n <= 3; n++) {
      kept.add(handout(n, 1, [new Uint8Array(3_000_000)]))
      if (n < 3) kept.supersede(BigInt(n), n)
    }
    expect(kept.trim()).toEqual([1n])
    expect(idsOf(kept, 4)).toEqual([0, 2, 3])
    expect(kept.bytes).toBeLessThanOrEqual(10_100_000)
  })

  test('of an earlier run are kept until two tips have come', () => {
    const earlier = { templateId: 7n, prevHash: tip(9), transactions: [], merklePath: [] }
    const kept = new Handouts(1_000_000, [earlier as never])
    kept.supersedeAll(tip(1), 100_000)
    expect(kept.get(7n)).toBeDefined()
    kept.supersedeAll(tip(2), 200_000)
    expect(kept.get(7n)).toBeUndefined()
  })
})
