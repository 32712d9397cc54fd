/** Small: a view of one piece keeps no more than this alive. */
const SLAB_BYTES = 4096
/** Larger requests get memory of their own. */
const LARGEST_SHARED_BYTES = 512

let slab = new Uint8Array(SLAB_BYTES)
let used = 0

/**
 * `length` zero bytes that no other caller has or will have, often a view into a larger buffer.
 *
 * A plain `new Uint8Array` costs 0.7 µs as soon as a view of it is taken, since V8 then makes its
 * ArrayBuffer; that is half of what sealing a share costs in WebAssembly. Small results therefore share the
 * buffer of a slab, which is handed out once, front to back, and never used again.
 */
export function freshBytes(length: number): Uint8Array {
  if (length > LARGEST_SHARED_BYTES) return new Uint8Array(length)
  if (used + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES)
    used = 0
  }
  const bytes = slab.subarray(used, used + length)
  // Kept on multiples of 8, so that word-wise ciphers stay on their fast path.
  used = (used + length + 7) & ~7
  return bytes
}
