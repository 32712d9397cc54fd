/** A SipHash key: two 64-bit words, each as `[low, high]` halves of 32 bits. */
export type SipHashKey = readonly [k0Low: number, k0High: number, k1Low: number, k1High: number]

/** The key in the first 16 bytes: k0 and k1, each 64 bits little-endian. @throws {RangeError} when there are fewer */
export function sipHashKey(bytes: Uint8Array): SipHashKey {
  if (bytes.length < 16) throw new RangeError(`a SipHash key of ${bytes.length} bytes, not 16`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  return [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true)]
}

/** SipHash-2-4 (Aumasson, Bernstein 2012): 8 bytes, the 64-bit result little-endian. */
export function sipHash24(key: SipHashKey, data: Uint8Array): Uint8Array {
  const halves = new Uint32Array(2)
  sipHash24Into(halves, key, data)
  const hash = new Uint8Array(8)
  const view = new DataView(hash.buffer)
  view.setUint32(0, halves[0]!, true)
  view.setUint32(4, halves[1]!, true)
  return hash
}

/**
 * SipHash-2-4 without a new object: the low and the high half of the result are left in `halves`. Written on 32-bit halves
 * in local variables, since it runs once for every transaction a node knows.
 */
export function sipHash24Into(halves: Uint32Array, key: SipHashKey, data: Uint8Array): void {
  let v0l = key[0] ^ 0x70736575
  let v0h = key[1] ^ 0x736f6d65
  let v1l = key[2] ^ 0x6e646f6d
  let v1h = key[3] ^ 0x646f7261
  let v2l = key[0] ^ 0x6e657261
  let v2h = key[1] ^ 0x6c796765
  let v3l = key[2] ^ 0x79746573
  let v3h = key[3] ^ 0x74656462
  const { length } = data
  const words = (length >> 3) + 1
  // each word has two rounds, and a last one of four comes when all are in
  for (let n = 0; n <= words; n++) {
    let low = 0
    let high = 0
    let rounds = 2
    if (n < words - 1) {
      low = word(data, 8 * n)
      high = word(data, 8 * n + 4)
    } else if (n < words) {
      low = lastBytes(data, 8 * n)
      high = lastBytes(data, 8 * n + 4) | (length << 24)
    } else {
      v2l ^= 0xff
      rounds = 4
    }
    v3l ^= low
    v3h ^= high
    for (let round = 0; round < rounds; round++) {
      let t = 0
      v0l = (v0l + v1l) | 0
      v0h = (v0h + v1h + carry(v0l, v1l)) | 0
      t = v1l
      v1l = ((v1l << 13) | (v1h >>> 19)) ^ v0l
      v1h = ((v1h << 13) | (t >>> 19)) ^ v0h
      t = v0l
      v0l = v0h
      v0h = t
      v2l = (v2l + v3l) | 0
      v2h = (v2h + v3h + carry(v2l, v3l)) | 0
      t = v3l
      v3l = ((v3l << 16) | (v3h >>> 16)) ^ v2l
      v3h = ((v3h << 16) | (t >>> 16)) ^ v2h
      v0l = (v0l + v3l) | 0
      v0h = (v0h + v3h + carry(v0l, v3l)) | 0
      t = v3l
      v3l = ((v3l << 21) | (v3h >>> 11)) ^ v0l
      v3h = ((v3h << 21) | (t >>> 11)) ^ v0h
      v2l = (v2l + v1l) | 0
      v2h = (v2h + v1h + carry(v2l, v1l)) | 0
      t = v1l
      v1l = ((v1l << 17) | (v1h >>> 15)) ^ v2l
      v1h = ((v1h << 17) | (t >>> 15)) ^ v2h
      t = v2l
      v2l = v2h
      v2h = t
    }
    v0l ^= low
    v0h ^= high
  }
  halves[0] = v0l ^ v1l ^ v2l ^ v3l
  halves[1] = v0h ^ v1h ^ v2h ^ v3h
}

/** What an addition of 32 bits carries over, told by its sum and one of its terms. */
function carry(sum: number, term: number): number {
  return sum >>> 0 < term >>> 0 ? 1 : 0
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

/** A word whose bytes are zero where the data has ended. */
function lastBytes(bytes: Uint8Array, at: number): number {
  let low = 0
  for (let i = 0; i < 4 && at + i < bytes.length; i++) low |= bytes[at + i]! << (8 * i)
  return low
}
