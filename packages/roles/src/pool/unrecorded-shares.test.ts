import { expect, test } from 'vitest'
import { aChannel } from '../mining/channel/_fixtures.ts'
import { UnrecordedShares } from './unrecorded-shares.ts'

test('shares come out in the order in which they came, however many there are', () => {
  const shares = new UnrecordedShares()
  const channel = aChannel()
  let next = 0
  for (let n = 0; n < 20_000; n++) {
    shares.add({ channel, sequenceNumber: n, difficulty: 1, isRecord: true })
    if (n % 3 === 0) expect(shares.shift()?.sequenceNumber).toBe(next++)
  }
  expect(shares.size).toBe(20_000 - next)
  for (let left = shares.size; left > 0; left--) expect(shares.shift()?.sequenceNumber).toBe(next++)
  expect(shares.shift()).toBeUndefined()
  expect(shares.size).toBe(0)
})
