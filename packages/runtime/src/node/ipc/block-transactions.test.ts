import { unhex } from '@sv2/bitcoin'
import { describe, expect, test } from 'vitest'
import { payment } from './_scripted-core.ts'
import { BlockTransactions } from './block-transactions.ts'
import { CapnpError } from './capnp-read.ts'

/** BIP 144: a transaction with a witness of two elements for one of two inputs. */
const WITNESS = unhex(
  `0200000000010${'2'}${'aa'.repeat(36)}00ffffffff${'bb'.repeat(36)}00ffffffff` +
    `01e803000000000000015100${'02'}03aabbcc01dd00000000`,
)

const blockOf = (...transactions: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([new Uint8Array(80), Uint8Array.of(1 + transactions.length), payment(0xff), ...transactions])

describe('transactions of blocks', () => {
  test('are those behind the coinbase, with and without witnesses', () => {
    const transactions = [payment(1), WITNESS, payment(2)]
    const read = new BlockTransactions().read(blockOf(...transactions))
    expect(read.map((bytes) => [...bytes])).toEqual(transactions.map((bytes) => [...bytes]))
  })

  test('that the block before had are the same arrays again, and hold nothing of the block they came in', () => {
    const transactions = new BlockTransactions()
    const [first] = transactions.read(blockOf(payment(1)))
    const next = new Uint8Array(blockOf(payment(3), payment(1)))
    const [fresh, known] = transactions.read(next)
    expect(known).toBe(first)
    expect(fresh?.buffer).not.toBe(next.buffer)
  })

  test('that spend the same and pay something else are other ones', () => {
    const transactions = new BlockTransactions()
    transactions.read(blockOf(payment(1, 5n)))
    expect(transactions.read(blockOf(payment(1, 6n)))).toEqual([payment(1, 6n)])
  })

  test('a block that is cut off or too long is refused', () => {
    const block = blockOf(payment(1), WITNESS)
    for (let length = 0; length < block.length; length++)
      expect(() => new BlockTransactions().read(block.subarray(0, length))).toThrow(CapnpError)
    expect(() => new BlockTransactions().read(Buffer.concat([block, Uint8Array.of(0)]))).toThrow(CapnpError)
  })
})
