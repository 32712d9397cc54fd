import { expect, test } from 'vitest'
import { hex } from './bytes.ts'
import { sipHash24, sipHashKey } from './siphash.ts'

const KEY = sipHashKey(Uint8Array.from({ length: 16 }, (_, i) => i))

// from the authors' reference: key 00 … 0f, message 00, 01, 02 … of growing length
test.each([
  [0, '310e0edd47db6f72'],
  [1, 'fd67dc93c539f874'],
  [7, '37d1018bf50002ab'],
  [8, '6224939a79f5f593'],
  [15, 'e545be4961ca29a1'],
  [16, 'db9bc2577fcc2a3f'],
  [63, '724506eb4c328a95'],
])('SipHash-2-4 of %i bytes is that of the published vectors', (length, expected) => {
  expect(
    hex(
      sipHash24(
        KEY,
        Uint8Array.from({ length }, (_, i) => i),
      ),
    ),
  ).toBe(expected)
})

test('a key is 16 bytes', () => {
  expect(() => sipHashKey(new Uint8Array(15))).toThrow(RangeError)
})
