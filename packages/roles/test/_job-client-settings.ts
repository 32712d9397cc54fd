import { concatBytes } from '@sv2/bitcoin'
import type { JobClient, JobClientSettings } from '@sv2/roles/negotiator'
import { filled, IDENTIFICATION, MINERS } from './_fixtures.ts'

/** What the client is paid to when no pool is. */
export const OWN_SCRIPT: Uint8Array = concatBytes(Uint8Array.of(0, 20), filled(0x52, 20))

/** What of a negotiator client's settings matters to a test. */
export type JobClientOverrides = Partial<Omit<JobClientSettings, 'pairs' | 'patience' | 'miners'>> & {
  readonly pairs?: number
  readonly patience?: Partial<JobClientSettings['patience']>
  readonly miners?: Partial<JobClientSettings['miners']>
  readonly asyncMining?: boolean
  /** Asked for at the pools. */
  readonly extensions?: readonly number[]
}

/** Settings of a negotiator client, all but what matters left alone. */
export function clientSettings(overrides: JobClientOverrides): JobClientSettings {
  const { pairs = 1, patience, miners, asyncMining = true, extensions = [], ...rest } = overrides
  return {
    miners: { ...MINERS, extranonce: { serverId: new Uint8Array(0), leaseBytes: 2 }, ...miners },
    templates: {
      identification: IDENTIFICATION,
      endpoint: { host: 'tp.test', port: 8336 },
      outputSize: 100,
      outputSigops: 8,
      workMaxAgeMs: 120_000,
    },
    pairs: Array.from({ length: pairs }, (_, place) => ({
      name: `pool ${place}`,
      pool: { identification: IDENTIFICATION, endpoint: { host: `pool${place}.test`, port: 3333 } },
      server: { identification: IDENTIFICATION, endpoint: { host: `jds${place}.test`, port: 3334 } },
      userIdentity: `farm.${place}`,
      asyncMining,
      extensions,
    })),
    fullTemplate: true,
    payoutScript: OWN_SCRIPT,
    outputs: [],
    coinbaseTag: new TextEncoder().encode('/farm/'),
    rollableExtranonceSize: 8,
    patience: {
      tokenMs: 10_000,
      proposalMs: 30_000,
      customJobMs: 15_000,
      raceMs: 30_000,
      soloAfterMs: 5_000,
      ...patience,
    },
    trustAfterMs: 30_000,
    refusedShares: 5,
    jobRefreshMs: 60_000,
    ...rest,
  }
}

/** How Stratum V1 miners are treated. */
export const FRONT: ConstructorParameters<typeof JobClient>[1]['front'] = {
  doorDifficulty: [],
  startDifficulty: 2 ** -28,
  minDifficulty: 2 ** -32,
  versionRollingMask: 0x1fffe000,
  payoutCheck: { identityIsAddress: 'never', network: 'regtest' },
  separators: '.',
  probeMs: 0,
  resumeMs: 60_000,
  maxResumable: 10,
  limits: { maxWorkers: 10, maxSharesPerSecond: 100, maxRequestsPerSecond: 100 },
}
