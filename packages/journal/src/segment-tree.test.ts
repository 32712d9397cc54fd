import { concatBytes, hex, sha256, unhex } from '@sv2/bitcoin'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inclusionProof, leafHash, provesInclusion, SegmentRootMaker, SegmentTree } from './segment-tree.ts'

/** The leaves of the test tree in the reference code of RFC 6962. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]

describe('the tree of a segment', () => {
  test.each([
    [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ])('over %i leaves has the root of RFC 6962', (size, root) => {
    const tree = new SegmentTree()
    for (const leaf of LEAVES.slice(0, size)) tree.add(leafHash(unhex(leaf)))
    expect(hex(tree.root())).toBe(root)
  })

  const leaves = Array.from({ length: 70 }, (_, n) => leafHash(Uint8Array.of(n)))
  const tree = (size: number) => {
    const made = new SegmentTree()
    for (const leaf of leaves.slice(0, size)) made.add(leaf)
    return made.root()
  }

  test('proves each of its leaves, at its own place only', () => {
    for (let size = 1; size <= 70; size++) {
      const root = tree(size)
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(leaves.slice(0, size), index)
        const leaf = leaves[index]!
        expect(provesInclusion({ leaf, index, size }, proof, root)).toBe(true)
        expect(provesInclusion({ leaf, index: (index + 1) % size, size }, proof, root)).toBe(size === 1)
        expect(provesInclusion({ leaf: leaves[(index + 1) % 70]!, index, size }, proof, root)).toBe(false)
      }
    }
  })

  test('is not proven by a proof that was changed', () => {
    const root = tree(21)
    fc.assert(
      fc.property(fc.nat({ max: 20 }), fc.nat({ max: 4 }), fc.nat({ max: 31 }), (index, step, place) => {
        const proof = inclusionProof(leaves.slice(0, 21), index).map((node) => node.slice())
        proof[step % proof.length]![place]! ^= 1
        expect(provesInclusion({ leaf: leaves[index]!, index, size: 21 }, proof, root)).toBe(false)
        expect(provesInclusion({ leaf: leaves[index]!, index, size: 21 }, proof.slice(1), root)).toBe(false)
      }),
    )
  })

  test('takes no record for an inner node', () => {
    const two = leaves.slice(0, 2)
    const inner = new Uint8Array(65)
    inner[0] = 1
    inner.set(two[0]!, 1)
    inner.set(two[1]!, 33)
    expect(hex(leafHash(inner.subarray(1)))).not.toBe(hex(sha256(inner)))
  })

  test.each([0, 1, 15, 16, 17, 32, 70])('has sixteen records in a leaf: %i records', (records) => {
    const frames = Array.from({ length: records }, (_, n) => Uint8Array.of(n, n, n))
    const maker = new SegmentRootMaker()
    for (const frame of frames) maker.take(frame)
    const expected = new SegmentTree()
    for (let at = 0; at < records; at += 16) expected.add(leafHash(concatBytes(...frames.slice(at, at + 16))))
    expect(hex(maker.root())).toBe(hex(expected.root()))
  })
})
