import { concatBytes, parseTransaction, type TxOutput } from '@sv2/bitcoin'
import type { NewExtendedMiningJob } from '@sv2/messages'
import { type Distribution, PAYOUT_CLASSES } from '@sv2/roles/payouts'
import type { PoolSettings } from '@sv2/roles/pool'
import { filled } from './_fixtures.ts'
import type { TestChannel } from './_test-miner.ts'

/** The script of a miner by number: a witness program of 20 bytes. */
export function minerScript(n: number): Uint8Array {
  return concatBytes(Uint8Array.of(0, 20, n & 0xff, n >> 8), filled(0x4d, 18))
}

/** The output script of the pool in mode shared. */
export const POOL_SCRIPT = concatBytes(Uint8Array.of(0x51, 0x20), filled(0x50))

/** A pool that pays its miners from the coinbase. */
export const SHARED: PoolSettings['payout'] = {
  mode: 'shared',
  network: 'regtest',
  poolScript: POOL_SCRIPT,
  classes: PAYOUT_CLASSES,
}

/** An identity of the miner with this number. */
export const ALICE = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

/** A distribution to so many miners, the first of them with the largest weight. */
export function aDistribution(
  id: bigint,
  miners: number,
  overrides: Partial<Distribution> = {},
): Distribution {
  return {
    id,
    pool: { script: POOL_SCRIPT, weight: 20_000n },
    payouts: Array.from({ length: miners }, (_, n) => ({
      script: minerScript(n),
      weight: BigInt(1_000_000 - n),
      dustLimit: 294,
    })),
    additionalOutputs: [],
    ...overrides,
  }
}

/** The whole coinbase of a job on a channel, without witness; what is rolled is zero. */
export function coinbaseOf(job: NewExtendedMiningJob, channel: TestChannel): Uint8Array {
  const rolled = filled(0, channel.extranonceSize)
  return concatBytes(job.coinbaseTxPrefix, channel.prefix, rolled, job.coinbaseTxSuffix)
}

/** The outputs of a job's coinbase, in order. */
export function outputsOf(job: NewExtendedMiningJob, channel: TestChannel): readonly TxOutput[] {
  return parseTransaction(coinbaseOf(job, channel)).outputs
}
