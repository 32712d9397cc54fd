import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blocksFile, describeVectors, jobsFile } from './_fixtures.ts'
import { displayHash, hex, parseDisplayHash, unhex } from './bytes.ts'
import { hasMutatedMerkleTree, merklePath, merkleRoot, merkleRootFromPath } from './merkle.ts'
import { sha256d } from './sha256d.ts'

describeVectors('published merkle paths', () => {
  const complete = blocksFile.blocks.filter((block) => block.coinbase_merkle_branch !== undefined)
  test.each(complete)('block $id: the path leads from the coinbase to the root', (block) => {
    const root = merkleRootFromPath(
      parseDisplayHash(block.coinbase_txid!),
      block.coinbase_merkle_branch!.map(unhex),
    )
    expect(displayHash(root)).toBe(block.merkle_root)
  })

  test.each(jobsFile.merkle_roots)('$id', (vector) => {
    const parts = [
      vector.coinbase_tx,
      vector.coinbase_tx_prefix,
      vector.extranonce,
      vector.coinbase_tx_suffix,
    ]
    const coinbaseTxid = sha256d(unhex(parts.join('')))
    expect(hex(merkleRootFromPath(coinbaseTxid, vector.merkle_path.map(unhex)))).toBe(vector.merkle_root)
  })
})

const leaf = (n: number): Uint8Array => sha256d(Uint8Array.of(n, n >> 8))
const leaves = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => leaf(i))

test('for any number of transactions the path gives the root of the whole tree', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), (count) => {
      const [coinbase, ...others] = leaves(count)
      expect(merkleRootFromPath(coinbase!, merklePath(others))).toEqual(merkleRoot([coinbase!, ...others]))
    }),
    { numRuns: 70 },
  )
})

test('the coinbase alone is its own root and needs no path', () => {
  expect(merklePath([])).toEqual([])
  expect(merkleRootFromPath(leaf(1), [])).toEqual(leaf(1))
  expect(() => merkleRoot([])).toThrow(RangeError)
})

test('a tail doubled by hand has the same root and is told apart as mutated', () => {
  const honest = leaves(3)
  const forged = [...honest, honest[2]!]
  expect(merkleRoot(forged)).toEqual(merkleRoot(honest))
  expect(hasMutatedMerkleTree(honest)).toBe(false)
  expect(hasMutatedMerkleTree(forged)).toBe(true)
})

test('nodes that are no hashes are our mistake', () => {
  expect(() => merkleRoot([leaf(1), new Uint8Array(31)])).toThrow(RangeError)
})
