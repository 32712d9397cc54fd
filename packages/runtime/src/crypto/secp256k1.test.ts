import { nobleBackend } from '@sv2/noise'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toBigint } from './big-numbers.ts'
import { blindedFactors, secp256k1 } from './secp256k1.ts'

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

test('a key that is used again and again gives the same secrets as noble', () => {
  const peer = secp256k1.secp256k1XOnlyPublicKey(new Uint8Array(32).fill(9))
  fc.assert(
    fc.property(secrets, (secret) => {
      const wanted = nobleBackend.secp256k1XOnlyEcdh(secret, peer)
      for (let use = 0; use < 3; use++) expect(secp256k1.secp256k1XOnlyEcdh(secret, peer)).toEqual(wanted)
    }),
    { numRuns: 20 },
  )
})
