import { nobleBackend } from '@sv2/noise'
import fc from 'fast-check'
import { isXOnlyPoint as isXOnlyPointInWasm } from 'tiny-secp256k1'
import { describe, expect, test } from 'vitest'
import { toBigint } from './big-numbers.ts'
import { isXOnlyPoint, nativeSecp256k1 } from './native-secp256k1.ts'
import { blindedFactors, nativeMultiplication, wasmMultiplication } from './secp256k1.ts'

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const secrets = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .filter((bytes) => toBigint(bytes) > 0n && toBigint(bytes) < N)

test('the factors of a secret are others each time, and their product is the secret', () => {
  fc.assert(
    fc.property(secrets, (secret) => {
      const [one, two] = [blindedFactors(secret), blindedFactors(secret)]
      for (const { first, second } of [one, two])
        expect((toBigint(first) * toBigint(second)) % N).toBe(toBigint(secret))
      expect(one).not.toEqual(two)
    }),
  )
})

const forms: [string, typeof wasmMultiplication][] = [['WebAssembly', wasmMultiplication]]
if (nativeSecp256k1 !== undefined) forms.push(['machine code', nativeMultiplication(nativeSecp256k1)])

describe.each(forms)('by %s', (_, form) => {
  const peer = form.secp256k1XOnlyPublicKey(new Uint8Array(32).fill(9))

  test('a key that is used again and again gives the same secrets as noble', () => {
    fc.assert(
      fc.property(secrets, (secret) => {
        expect(form.secp256k1XOnlyPublicKey(secret)).toEqual(nobleBackend.secp256k1XOnlyPublicKey(secret))
        const wanted = nobleBackend.secp256k1XOnlyEcdh(secret, peer)
        for (let use = 0; use < 3; use++) expect(form.secp256k1XOnlyEcdh(secret, peer)).toEqual(wanted)
      }),
      { numRuns: 20 },
    )
  })

  test('what is not on the curve has no shared secret, and a secret out of range is an error', () => {
    expect(form.secp256k1XOnlyEcdh(new Uint8Array(32).fill(1), new Uint8Array(32).fill(0xff))).toBeUndefined()
    for (const secret of [new Uint8Array(32), new Uint8Array(32).fill(0xff), new Uint8Array(31).fill(1)]) {
      expect(() => form.secp256k1XOnlyPublicKey(secret)).toThrow(RangeError)
      expect(() => form.secp256k1XOnlyEcdh(secret, peer)).toThrow(RangeError)
    }
  })
})

test.skipIf(nativeSecp256k1 === undefined)(
  'x-coordinates are told apart as noble does (no machine code here: skipped)',
  () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (x32) => {
        expect(isXOnlyPoint(x32)).toBe(isXOnlyPointInWasm(x32))
      }),
    )
  },
)
