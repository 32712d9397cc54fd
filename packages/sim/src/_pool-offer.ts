import { buildCoinbase, encodeHeightPush } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { filled, NBITS_HARD, NTIME } from './_fixtures.ts'
import { POOL_SCRIPT } from './_job-client.ts'

/** What a pool says when it works on another block: a job of its own, and the tip. */
export function anOffer(jobId: number, height: number, prevHash: Uint8Array): Message[] {
  const { prefix, suffix } = buildCoinbase({
    version: 2,
    scriptSigPrefix: encodeHeightPush(height),
    // the pool's prefix, what tells repetitions apart, and what miners split
    extranonceSize: 4 + 2 + 10,
    sequence: 0,
    outputs: [{ value: 5n, script: POOL_SCRIPT }],
    locktime: 0,
  })
  return [
    {
      type: 'NewExtendedMiningJob',
      channelId: 7,
      jobId,
      minNtime: undefined,
      version: 0x2000_0000,
      versionRollingAllowed: true,
      merklePath: [filled(0x77)],
      coinbaseTxPrefix: prefix,
      coinbaseTxSuffix: suffix,
    },
    { type: 'SetNewPrevHash', channelId: 7, jobId, prevHash, minNtime: NTIME, nbits: NBITS_HARD },
  ]
}
