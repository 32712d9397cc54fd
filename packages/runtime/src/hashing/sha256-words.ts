import { compress } from './sha256-compress.ts'

/** The initial hash value (FIPS 180-4 §5.3.3), 8 words. */
export const INITIAL_STATE = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
)

// Scratch of `sha256dInWords`; nothing else runs between filling and reading it.
const state = new Int32Array(8)
const block = new Int32Array(16)

/**
 * Double SHA-256 of bytes of any length, in TypeScript: 32 bytes in wire order. Faster than a call into OpenSSL while
 * the data is a few blocks long.
 */
export function sha256dInWords(data: Uint8Array): Uint8Array {
  hashOnce(data)
  for (let i = 0; i < 8; i++) block[i] = state[i]!
  block[8] = 0x8000_0000
  block.fill(0, 9, 15)
  block[15] = 256
  state.set(INITIAL_STATE)
  compress(state, block)
  const digest = new Uint8Array(32)
  for (let i = 0, at = 0; i < 8; i++, at += 4) {
    const word = state[i]!
    digest[at] = word >>> 24
    digest[at + 1] = word >>> 16
    digest[at + 2] = word >>> 8
    digest[at + 3] = word
  }
  return digest
}

/** Leaves SHA-256 of `data` in the scratch state. */
function hashOnce(data: Uint8Array): void {
  const { length } = data
  state.set(INITIAL_STATE)
  let at = 0
  for (; at + 64 <= length; at += 64) {
    for (let i = 0, from = at; i < 16; i++, from += 4) block[i] = word(data, from)
    compress(state, block)
  }
  const rest = length - at
  const whole = rest >> 2
  block.fill(0)
  for (let i = 0; i < whole; i++) block[i] = word(data, at + 4 * i)
  let last = 0x80 << (24 - 8 * (rest & 3))
  for (let i = at + 4 * whole, shift = 24; i < length; i++, shift -= 8) last |= data[i]! << shift
  block[whole] = last
  if (rest >= 56) {
    compress(state, block)
    block.fill(0)
  }
  block[14] = Math.floor(length / 0x2000_0000)
  block[15] = length << 3
  compress(state, block)
}

function word(data: Uint8Array, at: number): number {
  return (data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!
}
