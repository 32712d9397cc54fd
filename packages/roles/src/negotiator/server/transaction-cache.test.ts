import { encodeTransaction, sha256, sha256d, sipHashKey } from '@sv2/bitcoin'
import { expect, test } from 'vitest'
import { knownTransaction } from './known-transaction.ts'
import { TransactionCache } from './transaction-cache.ts'

const key = sipHashKey(new Uint8Array(16))

const known = (locktime: number) =>
  knownTransaction(
    encodeTransaction({
      version: 2,
      inputs: [
        {
          prevTxid: new Uint8Array(32),
          prevIndex: 0,
          scriptSig: Uint8Array.of(0xac),
          sequence: 0,
          witness: [],
        },
      ],
      outputs: [{ value: 1n, script: Uint8Array.of(0x51) }],
      locktime,
    }),
    { sha256d, sha256 },
  )!

test('a transaction is read with its ids, weight and signature operations; other bytes are none', () => {
  const tx = known(1)
  expect(tx).toMatchObject({ weight: 4 * tx.data.length, sigops: 4, txid: tx.wtxid })
  expect(knownTransaction(tx.data.subarray(1), { sha256d, sha256 })).toBeUndefined()
})

test('a transaction is found by either id', () => {
  const cache = new TransactionCache({ bytes: 10_000, transactions: 10 }, key)
  cache.add(known(1))
  expect(cache.find(known(1).wtxid)).toEqual(known(1))
  expect(cache.findByDataHash(known(1).dataHash)).toEqual(known(1))
  expect(cache.find(known(2).wtxid)).toBeUndefined()
})

test('what was not used longest goes first, by number and by bytes', () => {
  const cache = new TransactionCache({ bytes: 1_800, transactions: 3 }, key)
  for (const n of [1, 2, 3]) cache.add(known(n))
  cache.find(known(1).wtxid)
  cache.add(known(4))
  expect(cache.findByDataHash(known(2).dataHash)).toBeUndefined()
  cache.add(known(5))
  cache.add(known(6))
  const left = [1, 2, 3, 4, 5, 6].filter((n) => cache.find(known(n).wtxid) !== undefined)
  expect(left).toEqual([4, 5, 6])
  const small = new TransactionCache({ bytes: 600, transactions: 3 }, key)
  for (const n of [1, 2]) small.add(known(n))
  expect(small.size).toBe(1)
  expect(small.bytes).toBeLessThanOrEqual(600)
})
