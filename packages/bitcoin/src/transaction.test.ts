import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blocksFile, describeVectors } from './_fixtures.ts'
import { BitcoinError } from './bitcoin-error.ts'
import { displayHash, hex, unhex } from './bytes.ts'
import {
  encodeTransaction,
  hasWitness,
  isCoinbase,
  parseTransaction,
  transactionWeight,
  txid,
  wtxid,
} from './transaction.ts'

describeVectors('real coinbase transactions', () => {
  const complete = blocksFile.blocks.filter((block) => block.coinbase_tx !== undefined)

  test.each(complete)('block $id: bytes and txid come back', (block) => {
    const tx = parseTransaction(unhex(block.coinbase_tx!))
    expect(isCoinbase(tx)).toBe(true)
    expect(hex(encodeTransaction(tx))).toBe(block.coinbase_tx)
    expect(displayHash(txid(tx))).toBe(block.coinbase_txid)
    expect(hasWitness(tx)).toBe(block.coinbase_tx_stripped !== undefined)
  })

  test.each(complete.slice(0, 4))('block $id: every truncation is refused', (block) => {
    const bytes = unhex(block.coinbase_tx!)
    for (let end = 0; end < bytes.length; end++) {
      expect(() => parseTransaction(bytes.subarray(0, end))).toThrow(BitcoinError)
    }
    expect(() => parseTransaction(unhex(`${block.coinbase_tx}00`))).toThrow(
      expect.objectContaining({ code: 'trailing-bytes' }),
    )
  })
})

// The signed P2WPKH example of BIP 143: one legacy input, one witness input.
const BIP143 =
  '01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee635711000000'

test('a transaction with witness has two ids and weighs its witness once', () => {
  const bytes = unhex(BIP143)
  const tx = parseTransaction(bytes)
  expect(hex(encodeTransaction(tx))).toBe(BIP143)
  expect(displayHash(txid(tx))).toBe('e8151a2af31c368a35053ddd4bdb285a8595c769a3ad83e0fa02314a602d4609')
  expect(wtxid(tx)).not.toEqual(txid(tx))
  expect(isCoinbase(tx)).toBe(false)
  // marker, flag, empty stack, and a stack of two items
  const witnessBytes = 2 + 1 + 1 + 1 + 71 + 1 + 33
  expect(transactionWeight(tx)).toBe(4 * bytes.length - 3 * witnessBytes)
})

test('the SegWit form without any witness is refused', () => {
  const plain = `01000000000101${'00'.repeat(36)}00ffffffff0100000000000000000000${'00'.repeat(4)}`
  expect(() => parseTransaction(unhex(plain))).toThrow(expect.objectContaining({ code: 'malformed' }))
})

test('arbitrary bytes either parse and come back, or are refused as bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      try {
        expect(encodeTransaction(parseTransaction(bytes))).toEqual(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(BitcoinError)
      }
    }),
  )
})

test('a hostile count is refused before anything is made of it', () => {
  expect(() => parseTransaction(unhex('01000000feffffffff00'))).toThrow(
    expect.objectContaining({ code: 'truncated' }),
  )
})
