import { describe, expect, test } from 'vitest'
import { exactLevel, Ladder } from '../channel/difficulty.ts'
import { JobBook } from '../channel/job-book.ts'
import { aimOf, levelFor, startDifficulty } from './difficulty-round.ts'
import type { MinersState } from './state.ts'

const ANY = { easiest: undefined, floor: 0 }

function aState(limits: {
  readonly minDifficulty?: number
  readonly networkDifficulty?: number
}): MinersState {
  const { minDifficulty = 1, networkDifficulty = 1e6 } = limits
  const settings = { minDifficulty, startDifficulty: 7, sharesPerMinute: 60 }
  return { ladder: new Ladder(1), out: { networkDifficulty }, settings } as unknown as MinersState
}

describe('the level for a difficulty', () => {
  test('is the nearest of the ladder', () => {
    expect(levelFor(aState({}), new JobBook(), 100, ANY).difficulty).toBe(128)
  })

  test('is never below the least difficulty, which need not be one of the ladder', () => {
    expect(levelFor(aState({ minDifficulty: 16 }), new JobBook(), 0, ANY).difficulty).toBe(16)
    expect(levelFor(aState({ minDifficulty: 17 }), new JobBook(), 0, ANY).difficulty).toBe(32)
  })

  test('is never above the network’s', () => {
    expect(levelFor(aState({ networkDifficulty: 100 }), new JobBook(), 1e9, ANY).difficulty).toBe(64)
  })

  test('is the least difficulty, however easy the network is', () => {
    const state = aState({ networkDifficulty: 2 ** -31, minDifficulty: 16 })
    expect(levelFor(state, new JobBook(), 20, ANY).difficulty).toBe(16)
    expect(levelFor(state, new JobBook(), 2 ** -31, ANY).difficulty).toBe(16)
    // and no less than another floor that is given
    expect(levelFor(state, new JobBook(), 60, { easiest: undefined, floor: 60 }).difficulty).toBe(64)
  })

  test('is never harder, nor easier, than whoever gives the work wants', () => {
    const book = new JobBook()
    book.maxDifficulty = 100
    expect(levelFor(aState({}), book, 1e5, ANY).difficulty).toBe(64)
    book.only = exactLevel(new Ladder(1).nearest(32).target)
    expect(levelFor(aState({}), book, 1, ANY)).toBe(book.only)
    expect(levelFor(aState({}), book, 1e5, ANY)).toBe(book.only)
  })

  test('is never easier than the client allows', () => {
    const easiest = exactLevel(new Ladder(1).nearest(512).target)
    expect(levelFor(aState({}), new JobBook(), 2, { easiest, floor: 0 })).toBe(easiest)
    expect(levelFor(aState({}), new JobBook(), 4096, { easiest, floor: 0 }).difficulty).toBe(4096)
  })

  test('exists before any tip, whatever is declared', () => {
    const state = aState({ networkDifficulty: Number.POSITIVE_INFINITY })
    for (const declared of [3.4e38, Number.MAX_VALUE]) {
      const level = levelFor(state, new JobBook(), startDifficulty(state, declared), ANY)
      expect(level.target.some((byte) => byte !== 0)).toBe(true)
    }
  })
})

test('a device that declares nothing begins where the settings say', () => {
  expect(startDifficulty(aState({}), 0)).toBe(7)
  expect(startDifficulty(aState({}), 2 ** 48 / 0xffff)).toBe(1)
})

describe('EXT-27 (current): what a channel aims at', () => {
  const aimed = (workers: number, sharesPerMinute = 60): number => {
    const state = { settings: { sharesPerMinute } } as MinersState
    return aimOf(state, { workers: { count: () => workers } } as never, 0).sharesPerMinute
  }

  test('is the set rate for each of its workers', () => {
    expect([0, 1, 2, 10].map((workers) => aimed(workers))).toEqual([60, 60, 120, 600])
  })

  test('is 600 shares a minute at most, or the set rate where that is more', () => {
    expect([11, 256].map((workers) => aimed(workers))).toEqual([600, 600])
    expect(aimed(256, 900)).toBe(900)
  })
})
