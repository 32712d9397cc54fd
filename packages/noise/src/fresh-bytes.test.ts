import { expect, test } from 'vitest'
import { freshBytes } from './fresh-bytes.ts'

test('no two results share a byte, and each is zero', () => {
  const taken = Array.from({ length: 300 }, (_, index) => freshBytes(index))
  for (const [index, bytes] of taken.entries()) {
    expect(bytes.length).toBe(index)
    expect(bytes.every((byte) => byte === 0)).toBe(true)
    bytes.fill(index & 0xff)
  }
  for (const [index, bytes] of taken.entries()) {
    expect(bytes.every((byte) => byte === (index & 0xff))).toBe(true)
  }
})

test('a kept result keeps at most 4 kB alive, and large ones are on their own', () => {
  expect(freshBytes(30).buffer.byteLength).toBe(4096)
  expect(freshBytes(513).buffer.byteLength).toBe(513)
})
