import { expect, test } from 'vitest'
import { blocksFile, describeVectors } from './_fixtures.ts'
import { hex, unhex } from './bytes.ts'
import { encodeHeightPush, readHeightPush } from './height-push.ts'

test.each([
  [0, '00'],
  [1, '51'],
  [16, '60'],
  [17, '0111'],
  [127, '017f'],
  [128, '028000'],
  [255, '02ff00'],
  [256, '020001'],
  [32767, '02ff7f'],
  [32768, '03008000'],
  [8388607, '03ffff7f'],
  [8388608, '0400008000'],
  [0x7fffffff, '04ffffff7f'],
])('height %i is pushed as %s', (height, push) => {
  expect(hex(encodeHeightPush(height))).toBe(push)
  expect(readHeightPush(Uint8Array.of(...unhex(push), 0xaa))).toBe(height)
})

test.each(['', '61', '04ffffff', '05ffffffff00', '020100', '03ff7f00', '4c0100'])(
  'a script that begins with %s does not begin with a height',
  (script) => {
    expect(readHeightPush(unhex(script))).toBeUndefined()
  },
)

// BIP 34 came into force at 227931 on mainnet and 21111 on testnet3.
const bound = blocksFile.blocks.filter(
  (block) => (block.height ?? 0) > 227_931 && block.coinbase_scriptsig !== undefined,
)

describeVectors('real coinbases', () => {
  test.each(bound)('$id begins with its height', (block) => {
    expect(block.coinbase_scriptsig!.startsWith(hex(encodeHeightPush(block.height!)))).toBe(true)
  })
})

test.each([-1, 1.5, 2 ** 31, Number.NaN])('%d is no height', (height) => {
  expect(() => encodeHeightPush(height)).toThrow(RangeError)
})
