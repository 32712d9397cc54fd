import { bigintToTarget, meetsTarget, sha256d, targetToBigint } from '@sv2/bitcoin'
import { describe, expect, test } from 'vitest'
import { bytesOf } from './_fixtures.ts'
import { HeaderSearch } from './header-search.ts'

function withNonce(header: Uint8Array, nonce: number): Uint8Array {
  const bytes = header.slice()
  new DataView(bytes.buffer).setUint32(76, nonce, true)
  return bytes
}

/** All nonces a search finds, one after the other. */
function all(search: HeaderSearch, first: number, count: number): number[] {
  const found: number[] = []
  for (let from = first; from < first + count; ) {
    const nonce = search.find(from, first + count - from)
    if (nonce < 0) break
    found.push(nonce)
    from = nonce + 1
  }
  return found
}

describe('HeaderSearch', () => {
  test.each(Array.from({ length: 257 }, (_, bits) => bits))(
    'finds exactly the nonces the reference confirms for a target of %i bits',
    (bits) => {
      const header = bytesOf(80, bits)
      const target = bigintToTarget(bits === 256 ? 2n ** 256n - 1n : 2n ** BigInt(bits))
      const first = bits * 1000
      const expected = Array.from({ length: 12 }, (_, i) => first + i).filter((nonce) =>
        meetsTarget(sha256d(withNonce(header, nonce)), target),
      )
      expect(all(new HeaderSearch(header, target), first, 12)).toEqual(expected)
    },
  )

  test.each([0, 1, 31, 32, 33, 64, 100, 128, 160, 192, 223, 224, 250])(
    'a hash meets itself as target, and what is 2^%i higher, and not what is lower',
    (bit) => {
      const nonce = 0xffff_fff0
      const header = bytesOf(80, bit)
      const hash = targetToBigint(sha256d(withNonce(header, nonce)))
      const found = (target: bigint): number =>
        new HeaderSearch(header, bigintToTarget(target)).find(nonce, 1)
      expect(found(hash)).toBe(nonce)
      expect(found(hash + 2n ** BigInt(bit))).toBe(nonce)
      expect(found(hash - 2n ** BigInt(bit))).toBe(-1)
    },
  )

  test('the header time can be changed', () => {
    const header = bytesOf(80, 1)
    const later = header.slice()
    new DataView(later.buffer).setUint32(68, 1_700_000_123, true)
    const at = (bytes: Uint8Array, nonce: number): Uint8Array => sha256d(withNonce(bytes, nonce))
    const nonce = [1, 2, 3, 4, 5, 6, 7, 8, 9].find((each) => !meetsTarget(at(header, each), at(later, each)))!
    const search = new HeaderSearch(header, at(later, nonce))
    expect(search.find(nonce, 1)).toBe(-1)
    search.setTime(1_700_000_123)
    expect(search.find(nonce, 1)).toBe(nonce)
  })

  test('the header it was given may be changed or be part of a larger buffer', () => {
    const buffer = bytesOf(100, 9)
    const header = buffer.slice(11, 91)
    const search = new HeaderSearch(buffer.subarray(11, 91), sha256d(withNonce(header, 3)))
    buffer.fill(0)
    expect(search.find(3, 1)).toBe(3)
  })

  test('refuses headers and targets of other lengths', () => {
    expect(() => new HeaderSearch(new Uint8Array(79), new Uint8Array(32))).toThrow(RangeError)
    expect(() => new HeaderSearch(new Uint8Array(80), new Uint8Array(31))).toThrow(RangeError)
  })
})
