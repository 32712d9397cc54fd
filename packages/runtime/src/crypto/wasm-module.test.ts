import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeInstance, signed, unsigned } from './wasm-module.ts'

test('numbers in LEB128 are those of the examples of DWARF and WebAssembly', () => {
  expect([0, 127, 128, 129, 624_485].map(unsigned)).toEqual([
    [0],
    [0x7f],
    [0x80, 1],
    [0x81, 1],
    [0xe5, 0x8e, 0x26],
  ])
  expect([2, -2, 63, 64, -64, -65, 127, -127, 128, -123_456].map((value) => [...signed(value)])).toEqual([
    [2],
    [0x7e],
    [0x3f],
    [0xc0, 0],
    [0x40],
    [0xbf, 0x7f],
    [0xff, 0],
    [0x81, 0x7f],
    [0x80, 1],
    [0xc0, 0xbb, 0x78],
  ])
})

test('every 32-bit constant comes out of a function as it went in', () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      // (): stores the constant at address 8
      const body = [0x41, 8, 0x41, signed(value), 0x36, 2, 0]
      const instance = makeInstance([{ name: 'put', parameters: 0, locals: [], body }], 1) as {
        readonly memory: { readonly buffer: ArrayBuffer }
        put(): void
      }
      instance.put()
      expect(new DataView(instance.memory.buffer).getInt32(8, true)).toBe(value)
    }),
    { numRuns: 200 },
  )
})
