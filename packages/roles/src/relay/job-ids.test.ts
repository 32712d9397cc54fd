import { describe, expect, test } from 'vitest'
import { JobIds, RecentIds, withFormer } from './job-ids.ts'

describe('ids of jobs', () => {
  test('are the upstream’s own for a device that has had no other upstream', () => {
    const ids = new JobIds(10)
    expect([ids.below(7, []), ids.above(7, []), ids.above(8, [])]).toEqual([7, 7, 8])
  })

  test('never name two jobs: one that a former upstream has given is replaced, both ways', () => {
    const [before, now] = [new JobIds(10), new JobIds(10)]
    before.below(7, [])
    const former = withFormer([], before.recent)
    const alias = now.below(7, former)
    expect(alias).not.toBe(7)
    expect(now.below(7, former)).toBe(alias)
    expect(now.above(alias, former)).toBe(7)
    expect(now.above(7, former)).toBeUndefined()
    expect([now.below(8, former), now.above(8, former)]).toEqual([8, 8])
    // a device that has not moved keeps the upstream's id
    expect([now.below(7, []), now.above(7, [])]).toEqual([7, 7])
  })

  test('an alias is no id of the next upstream either', () => {
    const [first, second, third] = [new JobIds(10), new JobIds(10), new JobIds(10)]
    first.below(1, [])
    const one = withFormer([], first.recent)
    const alias = second.below(1, one)
    const two = withFormer(one, second.recent)
    expect(new Set([1, alias, third.below(1, two), third.below(alias, two)]).size).toBe(4)
    expect(third.above(alias, two)).toBeUndefined()
  })

  test('are forgotten, oldest first', () => {
    const recent = new RecentIds(3)
    for (const id of [1, 2, 3, 3, 4]) recent.add(id)
    expect([1, 2, 3, 4].map((id) => recent.has(id))).toEqual([false, true, true, true])
    const ids = new JobIds(3)
    const everything = [{ has: (id: number) => id < 1000 } as RecentIds]
    const aliases = Array.from({ length: 50 }, (_, id) => ids.below(id, everything))
    expect(new Set(aliases).size).toBe(50)
    expect(ids.recent.size).toBe(3)
    expect(ids.above(aliases[49]!, everything)).toBe(49)
  })

  test('of four former upstreams are remembered', () => {
    const all = Array.from({ length: 6 }, () => new RecentIds(1))
    const former = all.reduce<readonly RecentIds[]>(withFormer, [])
    expect(former).toEqual([all[5], all[4], all[3], all[2]])
    expect(withFormer(former, all[3]!)[0]).toBe(all[3])
  })
})
