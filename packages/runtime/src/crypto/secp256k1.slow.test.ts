import { pointMultiply } from 'tiny-secp256k1'
import { expect, test } from 'vitest'
import { curve25519 } from './curve25519.ts'
import { secp256k1, wasmMultiplication } from './secp256k1.ts'

const ROUNDS = 3_000

/** Keys whose multiplication takes as different times as there are. */
const light = new Uint8Array(32)
light[31] = 3
const heavy = new Uint8Array(32).fill(0x5a)

/** How much longer one takes than the other: by the fastest tenth of each, taken in turns, since others use the machine too. */
function ratio(one: () => void, other: () => void): number {
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    for (const [place, work] of [one, other].entries()) {
      const started = performance.now()
      work()
      times[place]!.push(performance.now() - started)
    }
  }
  const [a, b] = times.map((all) => all.sort((x, y) => x - y)[ROUNDS / 10]!)
  return b! / a!
}

test('the time of a multiplication says nothing about a key that is used again and again', () => {
  const peer = secp256k1.secp256k1XOnlyPublicKey(new Uint8Array(32).fill(9))
  const point = Uint8Array.of(2, ...peer)
  const bare = ratio(
    () => pointMultiply(point, light),
    () => pointMultiply(point, heavy),
  )
  const blinded = ratio(
    () => wasmMultiplication.secp256k1XOnlyEcdh(light, peer),
    () => wasmMultiplication.secp256k1XOnlyEcdh(heavy, peer),
  )
  // what it would be, to show that the measurement sees it
  expect(bare).toBeGreaterThan(2)
  expect(blinded).toBeGreaterThan(0.9)
  expect(blinded).toBeLessThan(1.1)
})

test('nor does that of libsecp256k1 as machine code, or of what stands in for it', () => {
  const peer = secp256k1.secp256k1XOnlyPublicKey(new Uint8Array(32).fill(9))
  const found = ratio(
    () => secp256k1.secp256k1XOnlyEcdh(light, peer),
    () => secp256k1.secp256k1XOnlyEcdh(heavy, peer),
  )
  expect(found).toBeGreaterThan(0.9)
  expect(found).toBeLessThan(1.1)
})

test('nor does that of X25519, which OpenSSL does in constant time', () => {
  const peer = curve25519.x25519PublicKey(new Uint8Array(32).fill(9))
  const found = ratio(
    () => curve25519.x25519(light, peer),
    () => curve25519.x25519(heavy, peer),
  )
  expect(found).toBeGreaterThan(0.9)
  expect(found).toBeLessThan(1.1)
})
