import { expect, test } from 'vitest'
import { NEVER } from '../../ground/role.ts'
import { aChannel, aJob, aShare, NOW } from '../channel/_fixtures.ts'
import type { Channel } from '../channel/channel.ts'
import { JobBook } from '../channel/job-book.ts'
import { Connection } from './connection.ts'
import { EarlyShares, type Submit } from './early-shares.ts'

const connection = new Connection(1, { capabilities: {} as never, now: NOW })
const book = new JobBook()
book.addFuture(aJob(7))

function early(channel: Channel): Submit {
  return { connection, channel, share: aShare({ jobId: 7 }) }
}

test('eight shares of one channel wait for their tip, and no more', () => {
  const shares = new EarlyShares()
  const [eager, other] = [aChannel({ book }), aChannel({ book })]
  for (let n = 0; n < 8; n++) expect(shares.keep(early(eager), NOW)).toBe(true)
  expect(shares.keep(early(eager), NOW)).toBe(false)
  expect(shares.keep(early(other), NOW)).toBe(true)
})

test('4,096 shares of all channels wait, and no more', () => {
  const shares = new EarlyShares()
  for (let n = 0; n < 512; n++) {
    const channel = aChannel({ book })
    for (let each = 0; each < 8; each++) expect(shares.keep(early(channel), NOW)).toBe(true)
  }
  expect(shares.keep(early(aChannel({ book })), NOW)).toBe(false)
})

test('a share waits ten seconds, to the millisecond, and its channel has room again', () => {
  const shares = new EarlyShares()
  const channel = aChannel({ book })
  for (let n = 0; n < 8; n++) shares.keep(early(channel), NOW)
  expect(shares.nextDeadline()).toBe(NOW + 10_000)
  expect(shares.takeDecided(NOW + 9_999)).toEqual([])
  expect(shares.takeDecided(NOW + 10_000)).toHaveLength(8)
  expect(shares.nextDeadline()).toBe(NEVER)
  for (let n = 0; n < 8; n++) expect(shares.keep(early(channel), NOW)).toBe(true)
  expect(shares.keep(early(channel), NOW)).toBe(false)
})

test('shares of a channel that is closed wait no longer', () => {
  const shares = new EarlyShares()
  const channel = aChannel({ book })
  shares.keep(early(channel), NOW)
  channel.closed = true
  expect(shares.takeDecided(NOW)).toHaveLength(1)
})
