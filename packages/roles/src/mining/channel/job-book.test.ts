import { describe, expect, test } from 'vitest'
import { aBook, aJob, aTip } from './_fixtures.ts'
import { JobBook, MAX_EXTRA_JOBS, MAX_FUTURE_JOBS, MAX_PAST_JOBS } from './job-book.ts'

describe('a job', () => {
  test('is unknown, future, active, past and stale in turn', () => {
    const book = new JobBook()
    expect(book.state(1)).toBe('unknown')
    book.addFuture(aJob(1))
    expect(book.state(1)).toBe('future')
    expect(book.live(1)).toBeUndefined()
    book.activate(1, aTip(), 2)
    expect(book.state(1)).toBe('active')
    expect(book.live(1)).toMatchObject({ jobId: 1, activeSince: 2, tip: aTip() })
    book.addActive(aJob(3), aTip(), 3)
    expect(book.state(1)).toBe('past')
    expect(book.live(1)).toBeDefined()
    book.addFuture(aJob(4))
    book.activate(4, aTip(), 5)
    expect([1, 3, 4].map((jobId) => book.state(jobId))).toEqual(['stale', 'stale', 'active'])
    expect(book.live(1)).toBeUndefined()
  })

  test('for single channels is alive beside the active one', () => {
    const book = aBook()
    book.addExtra(aJob(2), aTip(), 2)
    expect(book.active?.jobId).toBe(1)
    expect(book.state(2)).toBe('past')
    book.addActive(aJob(3), aTip(), 3)
    expect(book.live(2)).toBeDefined()
  })

  test('that waits when another one is named is dead with that tip', () => {
    const book = new JobBook()
    book.addFuture(aJob(1))
    book.addFuture(aJob(2))
    expect(book.activate(2, aTip(), 3)?.jobId).toBe(2)
    expect(book.state(1)).toBe('stale')
    expect([...book.waiting()]).toEqual([])
  })
})

describe('limits', () => {
  test('sixteen past jobs earn credit, older ones are stale', () => {
    const book = aBook()
    for (let jobId = 2; jobId <= 40; jobId++) book.addActive(aJob(jobId), aTip(), jobId)
    expect(book.size).toBe(MAX_PAST_JOBS + 1)
    expect(book.state(40 - MAX_PAST_JOBS)).toBe('past')
    expect(book.state(40 - MAX_PAST_JOBS - 1)).toBe('stale')
    expect(book.oldestLive).toBe(40 - MAX_PAST_JOBS)
  })

  test('the oldest waiting job gives way', () => {
    const book = new JobBook()
    for (let jobId = 1; jobId <= 100; jobId++) book.addFuture(aJob(jobId))
    expect(book.size).toBe(MAX_FUTURE_JOBS)
    expect(book.state(1)).toBe('unknown')
    expect(book.state(100)).toBe('future')
  })

  test('jobs for single channels and ids of dead jobs are counted too', () => {
    const book = aBook()
    for (let jobId = 2; jobId <= 2000; jobId++) book.addExtra(aJob(jobId), aTip(), jobId)
    expect(book.size).toBe(MAX_EXTRA_JOBS + 1)
    expect(book.state(1400)).toBe('stale')
    expect(book.state(300)).toBe('unknown')
  })
})

test('a tip that names no waiting job leaves nothing to mine', () => {
  const book = aBook()
  expect(book.activate(9, aTip(), 2)).toBeUndefined()
  expect(book.active).toBeUndefined()
  expect(book.oldestLive).toBe(Number.POSITIVE_INFINITY)
  expect(book.state(1)).toBe('stale')
})
