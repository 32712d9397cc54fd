import type { Work } from '@sv2/roles/device'

/** Bytes that look random and are the same in every run. */
export function bytesOf(length: number, seed: number): Uint8Array {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}

/** A work that every hash solves, unless said otherwise. */
export function aWork(over: Partial<Work> = {}): Work {
  return {
    workId: 1,
    version: 0x2000_0000,
    versionMask: 0,
    prevHash: bytesOf(32, 1),
    nbits: 0x207f_ffff,
    ntime: 1_700_000_000,
    startedAt: 0,
    target: new Uint8Array(32).fill(0xff),
    extranonceSize: 0,
    coinbasePrefix: bytesOf(40, 2),
    coinbaseSuffix: bytesOf(30, 3),
    merklePath: [bytesOf(32, 4), bytesOf(32, 5)],
    merkleRoot: bytesOf(32, 6),
    ...over,
  }
}
