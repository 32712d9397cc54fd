import { describe, expect, test } from 'vitest'
import { Handouts, MAX_HANDOUTS } from './handouts.ts'
import type { Handout } from './template.ts'

/** A handout as far as the shelf looks into it. */
function handout(templateId: number): Handout {
  return { message: { templateId: BigInt(templateId) } } as Handout
}

describe('templates that were handed out', () => {
  test('are kept for a minute after a newer one took their place', () => {
    const kept = new Handouts()
    kept.add(handout(1))
    kept.supersedeAll(0)
    kept.supersedeAll(60_000)
    expect(kept.get(1n)).toBeDefined()
    kept.supersedeAll(60_001)
    expect(kept.get(1n)).toBeUndefined()
  })

  test('give way when there are too many, and those in use never do', () => {
    const kept = new Handouts()
    kept.add(handout(0))
    for (let n = 1; n <= 2 * MAX_HANDOUTS; n++) {
      kept.add(handout(n))
      kept.supersede(BigInt(n), n)
    }
    expect(kept.size).toBeLessThanOrEqual(MAX_HANDOUTS + 1)
    expect(kept.get(0n)).toBeDefined()
  })
})
