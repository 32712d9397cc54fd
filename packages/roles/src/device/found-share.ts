import { encodeHeader, meetsTarget, type Sha256d } from '@sv2/bitcoin'
import type { Millis } from '../ground/role.ts'
import { rootOf, type Work } from './work.ts'

/** What the hashing threads report. */
export interface FoundShare {
  readonly workId: number
  readonly version: number
  readonly ntime: number
  readonly nonce: number
  readonly extranonce: Uint8Array
}

/**
 * Why a share of a work would not be accepted; undefined when it is good. A chip that computes wrongly, or rolls what
 * it may not, costs the device nothing but that share (DEV-11, DEV-13, DEV-16, DEV-17, DEV-19).
 */
export function shareFault(
  work: Work,
  found: FoundShare,
  when: { readonly now: Millis; readonly sha256d: Sha256d },
): string | undefined {
  if (found.extranonce.length !== work.extranonceSize) return `extranonce of ${found.extranonce.length} bytes`
  if (((found.version ^ work.version) & ~work.versionMask) !== 0) return 'version bits outside the mask'
  if (found.ntime < work.ntime || found.ntime > latestNtime(work, when.now)) return `ntime ${found.ntime}`
  const merkleRoot =
    work.extranonceSize === 0 ? work.merkleRoot : rootOf(work, found.extranonce, when.sha256d)
  const header = encodeHeader({
    version: found.version,
    prevHash: work.prevHash,
    merkleRoot,
    ntime: found.ntime,
    nbits: work.nbits,
    nonce: found.nonce,
  })
  return meetsTarget(when.sha256d(header), work.target) ? undefined : 'its hash is above the target'
}

/** The header time a work may have reached: one second more for each that has passed (DEV-15, DEV-16). */
export function latestNtime(work: Pick<Work, 'ntime' | 'startedAt'>, now: Millis): number {
  return work.ntime + Math.max(0, Math.floor((now - work.startedAt) / 1000))
}
