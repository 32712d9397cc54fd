import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NEVER } from '../ground/role.ts'
import { type SentShare, SentShares, sentShare } from './sent-shares.ts'

function aShare(sequenceNumber: number, since = 0): SentShare {
  return { sequenceNumber, since } as SentShare
}

function sent(...sequences: number[]): SentShares {
  const shares = new SentShares()
  for (const sequence of sequences) shares.add(sequence, aShare(sequence, sequence))
  return shares
}

const numbers = (shares: readonly SentShare[]) => shares.map(({ sequenceNumber }) => sequenceNumber)

test('an answer settles all shares up to its number, in the order in which they were sent', () => {
  const shares = sent(1, 2, 3, 4)
  expect(numbers(shares.upTo(3))).toEqual([1, 2, 3])
  expect(numbers(shares.upTo(4))).toEqual([4])
})

test('a refused share is taken out of its turn, and an answer with its number settles those before it', () => {
  const shares = sent(1, 2, 3, 4)
  expect(shares.take(3)).toMatchObject({ sequenceNumber: 3 })
  expect(shares.take(3)).toBeUndefined()
  expect(numbers(shares.upTo(3))).toEqual([1, 2])
  expect(shares.size).toBe(1)
})

test('numbers go on from zero after the last one', () => {
  const shares = sent(0xffff_fffe, 0xffff_ffff, 0, 1)
  expect(numbers(shares.upTo(0))).toEqual([0xffff_fffe, 0xffff_ffff, 0])
})

test('an old number settles nothing', () => {
  const shares = sent(10, 11)
  expect(shares.upTo(9)).toEqual([])
  expect(shares.size).toBe(2)
})

test('a number that was never given settles nothing', () => {
  const shares = sent(10, 11)
  expect(shares.upTo(12)).toEqual([])
  expect(shares.upTo(0x7000_0000)).toEqual([])
  expect(shares.size).toBe(2)
  expect(numbers(shares.upTo(11))).toEqual([10, 11])
})

test('it is known since when the oldest one waits', () => {
  const shares = sent(5, 6)
  expect(shares.oldest).toBe(5)
  shares.takeAll()
  expect(shares.oldest).toBe(NEVER)
})

test('whatever is answered in whatever order, each share is given out once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ upTo: fc.boolean(), number: fc.integer({ min: 0, max: 30 }) }), { maxLength: 40 }),
      (answers) => {
        const shares = sent(...Array.from({ length: 20 }, (_, n) => n + 5))
        const given: number[] = []
        for (const { upTo, number } of answers) {
          const one = upTo ? undefined : shares.take(number)
          given.push(...numbers(upTo ? shares.upTo(number) : one === undefined ? [] : [one]))
        }
        given.push(...numbers(shares.takeAll()))
        expect([...given].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 5))
      },
    ),
  )
})

test('EXT-26 (current): a worker’s name goes up with 32 bytes at most', () => {
  const job = { order: 1 }
  const channel = { user: 'account.rig', prefixAt: () => new Uint8Array(4) }
  const named = (userIdentity: string) => {
    const share = { type: 'SubmitSharesExtended', userIdentity, extranonce: new Uint8Array(4) }
    return sentShare({ channel, share, good: { job, level: { difficulty: 1 } } } as never, 0).worker
  }
  expect(named('a'.repeat(32))).toBe('a'.repeat(32))
  expect(new TextEncoder().encode(named('ä'.repeat(40))).length).toBeLessThanOrEqual(32)
  expect(new TextEncoder().encode(named('b'.repeat(255))).length).toBeLessThanOrEqual(32)
})
