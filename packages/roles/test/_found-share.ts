import { meetsTarget } from '@sv2/bitcoin'
import { latestNtime, type Work } from '@sv2/roles/device'
import { filled } from './_fixtures.ts'
import { findShare } from './_test-miner.ts'

/** What a device tells its role of a share, or a block, that it found as late as its time may be. */
export function findFor(work: Work, now: number, isBlock: boolean) {
  const extranonce = filled(0x5a, work.extranonceSize)
  const isStandard = work.extranonceSize === 0
  const channel = {
    kind: isStandard ? ('standard' as const) : ('extended' as const),
    channelId: 0,
    groupId: 0,
    extranonceSize: work.extranonceSize,
    prefix: new Uint8Array(0),
    target: work.target,
  }
  const job = isStandard
    ? { type: 'NewMiningJob' as const, merkleRoot: work.merkleRoot }
    : {
        type: 'NewExtendedMiningJob' as const,
        versionRollingAllowed: true,
        merklePath: work.merklePath,
        coinbaseTxPrefix: work.coinbasePrefix,
        coinbaseTxSuffix: work.coinbaseSuffix,
      }
  const { nonce, ntime, version } = findShare(channel, {
    job: { ...job, channelId: 0, jobId: 0, minNtime: undefined, version: work.version },
    tip: { prevHash: work.prevHash, minNtime: work.ntime, nbits: work.nbits },
    ntime: latestNtime(work, now),
    hash: (hash) => (isBlock ? hash[31]! < 0x7f : meetsTarget(hash, work.target)),
  })
  return { kind: 'shareFound', workId: work.workId, nonce, ntime, version, extranonce }
}
