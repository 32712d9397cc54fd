import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blocksFile, describeVectors, jobsFile } from './_fixtures.ts'
import { displayHash, parseDisplayHash, unhex } from './bytes.ts'
import { headerHash } from './header.ts'
import {
  bigintToTarget,
  MAX_TARGET,
  meetsTarget,
  nbitsToTarget,
  targetToBigint,
  targetToNbits,
} from './target.ts'

const compact = (text: string): number => Number.parseInt(text, 16)

describeVectors('published targets', () => {
  const usable = blocksFile.nbits_target.filter((vector) => vector.target !== null && !vector.negative)

  test.each(usable)('$id expands to its target', (vector) => {
    expect(displayHash(nbitsToTarget(compact(vector.nbits)))).toBe(vector.target)
  })

  test.each(usable.filter((vector) => vector.canonical_nbits !== undefined))(
    '$id re-encodes canonically',
    (vector) => {
      expect(targetToNbits(nbitsToTarget(compact(vector.nbits)))).toBe(compact(vector.canonical_nbits!))
    },
  )

  test.each(blocksFile.nbits_target.filter((v) => v.target === null || v.negative))(
    '$id is refused',
    (vector) => {
      expect(() => nbitsToTarget(compact(vector.nbits))).toThrow(RangeError)
    },
  )

  test.each(blocksFile.blocks)('block $id meets the target of its nbits', (block) => {
    const target = nbitsToTarget(compact(block.nbits))
    expect(displayHash(target)).toBe(block.target)
    expect(targetToNbits(target)).toBe(compact(block.nbits))
    expect(meetsTarget(headerHash(unhex(block.header)), target)).toBe(true)
  })

  const judged = jobsFile.shares.filter((share) => share.hash !== undefined)
  test.each(judged)('share $id is judged as published', (share) => {
    const hash = parseDisplayHash(share.hash!)
    expect(meetsTarget(hash, parseDisplayHash(share.network_target))).toBe(share.meets_network_target)
    if (share.channel_target === undefined) return
    expect(meetsTarget(hash, parseDisplayHash(share.channel_target))).toBe(share.meets_channel_target)
  })
})

test('a target is an integer and back', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, (1n << 256n) - 1n), (value) => {
      expect(targetToBigint(bigintToTarget(value))).toBe(value)
    }),
  )
  expect(() => bigintToTarget(-1n)).toThrow(RangeError)
  expect(() => bigintToTarget(1n << 256n)).toThrow(RangeError)
  expect(() => targetToBigint(new Uint8Array(31))).toThrow(RangeError)
})

test('compacting rounds down and loses less than one part in 2^15', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, (1n << 256n) - 1n), (value) => {
      const back = targetToBigint(nbitsToTarget(targetToNbits(bigintToTarget(value))))
      expect(back <= value).toBe(true)
      expect((value - back) << 15n <= value).toBe(true)
    }),
  )
})

test('a hash equal to the target meets it, one above does not, and everything meets the largest', () => {
  const target = bigintToTarget(1n << 200n)
  expect(meetsTarget(target, target)).toBe(true)
  expect(meetsTarget(bigintToTarget((1n << 200n) + 1n), target)).toBe(false)
  expect(meetsTarget(bigintToTarget((1n << 256n) - 1n), MAX_TARGET)).toBe(true)
})
