import type { Transaction } from '@sv2/bitcoin'
import { describe, expect, test } from 'vitest'
import { isFinal, relativeLocksMet } from './locks.ts'

const aTransaction = (sequence: number, more: Partial<Transaction> = {}): Transaction => ({
  version: 2,
  inputs: [
    { prevTxid: new Uint8Array(32), prevIndex: 0, scriptSig: new Uint8Array(0), sequence, witness: [] },
  ],
  outputs: [],
  locktime: 0,
  ...more,
})

describe('absolute locks', () => {
  test.each([
    ['a height below the block is over', 99, 0, true],
    ['the height of the block itself is not', 100, 0, false],
    ['a time below the median is over', 1_500_000_000, 0, true],
    ['the median itself is not', 1_600_000_000, 0, false],
    ['final sequences switch the lock off', 1_600_000_000, 0xffffffff, true],
  ])('%s', (_, locktime, sequence, final) => {
    expect(isFinal(aTransaction(sequence, { locktime }), 100, 1_600_000_000)).toBe(final)
  })
})

describe('relative locks', () => {
  const coin = { value: 1n, script: new Uint8Array(0), height: 90, coinbase: false }
  const context = { height: 100, medianTimePast: 10_000, medianTimeAt: (height: number) => height * 100 }

  test.each([
    ['ten blocks after the coin', 10, 2, true],
    ['eleven blocks are one too many', 11, 2, false],
    ['version 1 knows no relative locks', 11, 1, true],
    ['the disabling bit', 0x80000000 + 11, 2, true],
    ['two times 512 seconds after the block before the coin', 0x00400002, 2, true],
    ['three times are too long', 0x00400003, 2, false],
  ])('%s', (_, sequence, version, met) => {
    expect(relativeLocksMet(aTransaction(sequence, { version }), [coin], context)).toBe(met)
  })
})
