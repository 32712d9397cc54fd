import type { Configure, ConfigureResult } from '@sv2/sv1'

/** Bits of BIP 320: granted while it is not known what an upstream takes, since every edition of Stratum V2 takes them. */
export const BIP320_MASK = 0x1fff_e000

/** What `mining.configure` is answered (BIP 310), and the version bits that were asked for when they are granted. */
export function grant(
  asked: Configure,
  available: number,
): { readonly result: ConfigureResult; readonly askedMask: number | undefined } {
  const refused = asked.extensions.filter((name) => !KNOWN.has(name))
  const rolling = asked.versionRolling
  const mask = rolling === undefined ? 0 : (rolling.mask & available) >>> 0
  const isGranted = rolling !== undefined && mask !== 0 && bitCount(mask) >= rolling.minBitCount
  return {
    askedMask: isGranted ? rolling.mask : undefined,
    result: {
      refused,
      ...(rolling !== undefined && { versionRolling: isGranted && { mask } }),
      ...(asked.extensions.includes('minimum-difficulty') && { minimumDifficulty: true }),
      ...(asked.extensions.includes('subscribe-extranonce') && { subscribeExtranonce: true }),
    },
  }
}

const KNOWN = new Set(['version-rolling', 'minimum-difficulty', 'subscribe-extranonce'])

function bitCount(mask: number): number {
  let count = 0
  for (let rest = mask >>> 0; rest !== 0; rest >>>= 1) count += rest & 1
  return count
}
