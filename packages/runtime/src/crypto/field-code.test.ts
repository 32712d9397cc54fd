import fc from 'fast-check'
import { expect, test } from 'vitest'
import { powerForRoots } from './field-code.ts'

const P = 2n ** 256n - 2n ** 32n - 977n
const EXPONENT = (P - 3n) / 4n

/** By squaring, bit for bit. */
function powerOf(base: bigint): bigint {
  let [result, square] = [1n, base % P]
  for (let rest = EXPONENT; rest > 0n; rest >>= 1n) {
    if (rest % 2n === 1n) result = (result * square) % P
    square = (square * square) % P
  }
  return result
}

test('powers are those of ordinary arithmetic', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (z) => {
      expect(powerForRoots(z) % P).toBe(powerOf(z))
    }),
  )
})

// all limbs at their largest, and what is carried or folded from the first limb to the last
test.each([
  ['zero', 0n],
  ['one', 1n],
  ['p − 1', P - 1n],
  ['p', P],
  ['2^256 − 1', 2n ** 256n - 1n],
  ['2^255', 2n ** 255n],
  ['2^234 − 1', 2n ** 234n - 1n],
  ['2^234', 2n ** 234n],
  ['2^26 − 1', 2n ** 26n - 1n],
  ['2^32 + 976', 2n ** 32n + 976n],
])('the power of %s', (_, z) => {
  expect(powerForRoots(z) % P).toBe(powerOf(z))
})
