import { expect, test } from 'vitest'
import { blocksFile, describeVectors } from './_fixtures.ts'
import { displayHash, hex, unhex } from './bytes.ts'
import { decodeHeader, encodeHeader, HEADER_SIZE, headerHash, writeHeader } from './header.ts'

describeVectors('headers of real blocks', () => {
  test.each(blocksFile.blocks)('$id decodes, encodes and hashes as published', (block) => {
    const bytes = unhex(block.header)
    const header = decodeHeader(bytes)
    expect(header.version).toBe(block.version >>> 0)
    expect(displayHash(header.prevHash)).toBe(block.prev_hash)
    expect(displayHash(header.merkleRoot)).toBe(block.merkle_root)
    expect(header.ntime).toBe(block.time)
    expect(header.nbits).toBe(Number.parseInt(block.nbits, 16))
    expect(header.nonce).toBe(block.nonce)
    expect(hex(encodeHeader(header))).toBe(block.header)
    expect(displayHash(headerHash(bytes))).toBe(block.hash)
  })
})

const header = {
  version: 0xffffffff,
  prevHash: new Uint8Array(32).fill(1),
  merkleRoot: new Uint8Array(32).fill(2),
  ntime: 0x80000000,
  nbits: 0x207fffff,
  nonce: 0xfedcba98,
}

test('numbers with the top bit set keep their value', () => {
  expect(decodeHeader(encodeHeader(header))).toEqual(header)
})

test('a reused buffer is overwritten whole', () => {
  const buffer = new Uint8Array(HEADER_SIZE).fill(0xee)
  writeHeader(buffer, header)
  expect(buffer).toEqual(encodeHeader(header))
})

test('a field that does not fit is our mistake', () => {
  expect(() => encodeHeader({ ...header, nonce: 2 ** 32 })).toThrow(RangeError)
  expect(() => encodeHeader({ ...header, version: -1 })).toThrow(RangeError)
  expect(() => encodeHeader({ ...header, prevHash: new Uint8Array(31) })).toThrow(RangeError)
  expect(() => writeHeader(new Uint8Array(79), header)).toThrow(RangeError)
})

test('a header of another length is refused', () => {
  expect(() => decodeHeader(new Uint8Array(79))).toThrow(expect.objectContaining({ code: 'truncated' }))
  expect(() => decodeHeader(new Uint8Array(81))).toThrow(expect.objectContaining({ code: 'trailing-bytes' }))
})

test('an injected hash does the hashing', () => {
  expect(headerHash(encodeHeader(header), (data) => Uint8Array.of(data.length))).toEqual(Uint8Array.of(80))
})
