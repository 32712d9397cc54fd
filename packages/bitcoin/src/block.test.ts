import { expect, test } from 'vitest'
import { blocksFile, describeVectors } from './_fixtures.ts'
import { assembleBlock, blockSize, parseBlock } from './block.ts'
import { displayHash, hex, unhex } from './bytes.ts'
import { encodeHeader } from './header.ts'
import { merkleRoot } from './merkle.ts'
import { txid } from './transaction.ts'

describeVectors('real blocks of one transaction', () => {
  const single = blocksFile.blocks.filter(
    (block) => block.coinbase_tx !== undefined && block.merkle_root === block.coinbase_txid,
  )

  test.each(single)('$id is put together and taken apart', (vector) => {
    const bytes = assembleBlock(unhex(vector.header), [unhex(vector.coinbase_tx!)])
    const block = parseBlock(bytes)
    expect(hex(encodeHeader(block.header))).toBe(vector.header)
    expect(displayHash(merkleRoot(block.transactions.map((tx) => txid(tx))))).toBe(vector.merkle_root)
    expect(blockSize(block.transactions)).toEqual({
      stripped: bytes.length,
      full: bytes.length,
      weight: 4 * bytes.length,
    })
    expect(() => parseBlock(bytes.subarray(0, -1))).toThrow(expect.objectContaining({ code: 'truncated' }))
    expect(() => parseBlock(unhex(`${hex(bytes)}00`))).toThrow(
      expect.objectContaining({ code: 'trailing-bytes' }),
    )
  })
})

test('a block needs a whole header and a coinbase', () => {
  expect(() => assembleBlock(new Uint8Array(79), [new Uint8Array(60)])).toThrow(RangeError)
  expect(() => assembleBlock(new Uint8Array(80), [])).toThrow(RangeError)
})
