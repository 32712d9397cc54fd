import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c } from './crc32c.ts'
import { decodeSegmentHeader, encodeSegmentHeader, SEGMENT_HEADER_SIZE } from './segment.ts'

const anyHeader = fc.record({
  poolId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  node: fc.nat({ max: 65_535 }),
  number: fc.nat({ max: 2 ** 32 - 1 }),
  firstSequence: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
})

test('the header of a segment is read as it was written', () => {
  fc.assert(
    fc.property(anyHeader, (header) => {
      const bytes = encodeSegmentHeader(header)
      expect(bytes.length).toBe(SEGMENT_HEADER_SIZE)
      expect(decodeSegmentHeader(bytes)).toEqual(header)
    }),
  )
})

test('a header that is cut, of another version, changed, or of another file says which', () => {
  const [header] = fc.sample(anyHeader, 1)
  const bytes = encodeSegmentHeader(header!)
  const code = (change: (bytes: Uint8Array) => Uint8Array) => {
    try {
      decodeSegmentHeader(change(bytes.slice()))
      return 'taken'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  for (let size = 0; size < SEGMENT_HEADER_SIZE; size++)
    expect(code((all) => all.subarray(0, size))).toBe('truncated')
  expect(code((all) => all.fill(3, 8, 9))).toBe('version')
  expect(code((all) => all.fill(all[20]! ^ 1, 20, 21))).toBe('checksum')
  expect(code((all) => all.fill(0, 0, 1))).toBe('not-a-segment')
})

test('a segment of the version before is read', () => {
  const [header] = fc.sample(anyHeader, 1)
  const bytes = encodeSegmentHeader(header!)
  bytes[8] = 1
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(40, crc32c(bytes.subarray(0, 40)), true)
  expect(decodeSegmentHeader(bytes)).toEqual(header)
})
