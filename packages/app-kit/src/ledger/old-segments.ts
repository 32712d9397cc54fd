import { snapshotSegments } from '@sv2/runtime/journal'
import type { SegmentRoots } from '../audit/segment-roots.ts'

/** Which segments of a journal may be removed. */
export interface KeepRules {
  /** Those that were closed this long ago, ms. */
  readonly keepMs: number
  /** Unix ms. */
  readonly now: number
  /** When the oldest work of the window was done, unix ms: what came since shows why the next block is split as it is. */
  readonly windowFrom: number
}

/**
 * Removes the oldest segments of a journal, and keeps their roots. A segment goes only when both snapshots stand behind it, and its root
 * is known. Answers the numbers of those that went.
 */
export function removeOldSegments(
  folder: string,
  roots: SegmentRoots,
  { keepMs, now, windowFrom }: KeepRules,
): number[] {
  const [older, newer] = snapshotSegments(folder)
  const removed: number[] = []
  if (older === undefined || newer === undefined) return removed
  for (const number of roots.keptNumbers()) {
    const closedAt = roots.info(number)?.closedAt
    const isOld = closedAt !== undefined && closedAt < Math.min(now - keepMs, windowFrom)
    if (number >= older || !isOld || !roots.remove(number)) break
    removed.push(number)
  }
  return removed
}
