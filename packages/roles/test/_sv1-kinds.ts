import type { Sv1Kind } from '@sv2/sim'

const GH = 1e9
const TH = 1e12

/** Devices of the field with what they get done. */
export const SV1_KINDS: readonly Sv1Kind[] = [
  { userAgent: 'NerdMinerV2/V1.8.3', hashrate: 60_000, habit: 'next-job', suggests: 0.00015 },
  { userAgent: 'cpuminer/2.5.1', hashrate: 2e6, habit: 'next-job' },
  { userAgent: 'bitaxe/BM1366/v2.9.0', hashrate: 500 * GH, habit: 'next-job', suggests: 1000 },
  { userAgent: 'bitaxe/BM1370/v2.9.0', hashrate: 1.2 * TH, habit: 'at-once' },
  { userAgent: 'cgminer/4.11.1', hashrate: 14 * TH, habit: 'next-job' },
  { userAgent: 'bmminer/2.0.0', hashrate: 100 * TH, habit: 'next-job' },
  { userAgent: 'Antminer S21/Thu Oct  9 17:56:18 CST 2025', hashrate: 200 * TH, habit: 'next-job' },
  { userAgent: 'whatsminer/v1.1', hashrate: 110 * TH, habit: 'clean-job' },
  { userAgent: 'bosminer-plus-tuner 0.9.0', hashrate: 120 * TH, habit: 'at-once' },
  { userAgent: 'Avalon/1466', hashrate: 150 * TH, habit: 'next-job' },
  { userAgent: 'NiceHash/1.0.0', hashrate: 1_000 * TH, habit: 'next-job' },
  { userAgent: 'a miner nobody knows', hashrate: 30 * TH, habit: 'next-job' },
]

/** So many devices of all kinds, one after the other. */
export function mixedKinds(count: number): Sv1Kind[] {
  return Array.from({ length: count }, (_, at) => SV1_KINDS[at % SV1_KINDS.length]!)
}
