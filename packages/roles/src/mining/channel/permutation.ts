import type { Sha256d } from '@sv2/bitcoin'

/** Four rounds make a permutation that cannot be told from a drawn one (Luby and Rackoff 1988). */
const ROUNDS = 4

/**
 * Numbers in an order that only the owner of the secret can predict: a Feistel network over them. What is
 * numbered so can be worked on by those only who were told the number.
 * @param bits 8, 16, 24 or 32: how many there are, as a power of two
 */
export function permutation(secret: Uint8Array, bits: number, sha256d: Sha256d): (number: number) => number {
  const half = 2 ** (bits / 2)
  const input = new Uint8Array(secret.length + 3)
  input.set(secret)
  const mix = (round: number, part: number): number => {
    input.set([round, part >> 8, part & 0xff], secret.length)
    const hash = sha256d(input)
    return (hash[0]! | (hash[1]! << 8)) & (half - 1)
  }
  return (number) => {
    let [left, right] = [Math.floor(number / half) % half, number % half]
    for (let round = 0; round < ROUNDS; round++) [left, right] = [right, left ^ mix(round, right)]
    return left * half + right
  }
}
