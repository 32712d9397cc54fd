import { expect, test } from 'vitest'
import { owesAnswers } from './share-answers.ts'
import type { WorkChannel } from './work-channel.ts'

/** A channel with so many shares that have no answer, the oldest of them sent at this time. */
function owing(size: number, oldest: number): WorkChannel {
  return { sent: { size, oldest } } as unknown as WorkChannel
}

test.each([
  ['a share for less than a minute', owing(1, 0), 59_999, false],
  ['a share for a minute', owing(1, 0), 60_000, true],
  ['100,000 shares at a time', owing(100_000, 0), 1, false],
  ['100,001 shares at a time', owing(100_001, 0), 1, true],
])('an upstream that leaves %s without an answer', (_, channel, now, owes) => {
  expect(owesAnswers(channel, now)).toBe(owes)
})
