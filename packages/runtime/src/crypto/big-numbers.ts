/** The inverse modulo a prime, by Euclid's algorithm: its time depends on the value. @throws {RangeError} for zero */
export function invert(value: bigint, prime: bigint): bigint {
  let [a, b, x, y] = [value, prime, 1n, 0n]
  while (a !== 1n) {
    if (a === 0n) throw new RangeError('zero has no inverse')
    const quotient = b / a
    ;[a, b, x, y] = [b - quotient * a, a, y - quotient * x, x]
  }
  const rest = x % prime
  return rest < 0n ? rest + prime : rest
}

/** A number from its bytes, big-endian. */
export function toBigint(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`)
}

/** The 32 bytes of a number below 2^256, big-endian. */
export function toBytes(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))
}
