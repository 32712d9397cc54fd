import { expect, test } from 'vitest'
import { aBook, aJob, aTip } from './_fixtures.ts'
import { PayoutBook } from './payout-book.ts'

test('coinbases of four jobs are kept for their shares, and the fifth takes the place of the oldest', () => {
  const root = aBook()
  for (let jobId = 2; jobId <= 5; jobId++) root.addActive(aJob(jobId), aTip(), jobId)
  const made: number[] = []
  const book = new PayoutBook(root, (job) => {
    made.push(job.jobId)
    return { ...job }
  })
  for (const jobId of [1, 2, 3, 4, 1]) book.live(jobId)
  expect(made).toEqual([1, 2, 3, 4])
  for (const jobId of [5, 2, 1]) book.live(jobId)
  expect(made).toEqual([1, 2, 3, 4, 5, 1])
})
