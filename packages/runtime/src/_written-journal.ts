import type { JournalRecord, ShareRecord } from '@sv2/journal'
import { JournalWriter, openJournalFolder } from './journal/index.ts'

/** A share of account 1 on job 1, with what a test needs otherwise. */
export function aShare(change: Partial<ShareRecord> = {}): ShareRecord {
  return {
    kind: 'share',
    time: 0,
    job: 1,
    account: 1,
    worker: 0,
    work: 100n,
    networkWork: 1000n,
    rewardToPool: 0n,
    rewardTotal: 0n,
    distributionId: 0n,
    header: new Uint8Array(80),
    extranonce: new Uint8Array(4),
    ...change,
  }
}

/** Writes a whole journal of node 0 into a folder, a new segment each `segmentBytes`. */
export async function writeJournal(
  folder: string,
  records: readonly JournalRecord[],
  segmentBytes: number,
): Promise<void> {
  const settings = {
    folder,
    node: 0,
    flushMs: 1,
    maxBytes: 100_000,
    segmentBytes,
    segmentMs: 60_000,
    retryMs: 1,
  }
  const writer = new JournalWriter(
    settings,
    openJournalFolder(folder, 0, () => new Uint8Array(16)),
    { flushed() {}, failed() {}, recovered() {} },
  )
  for (const record of records) writer.append(record)
  await writer.close()
}

/** The same, so many records to a segment. */
export async function writeSegments(
  folder: string,
  records: readonly JournalRecord[],
  each: number,
): Promise<void> {
  for (let at = 0; at < records.length; at += each)
    await writeJournal(folder, records.slice(at, at + each), Number.MAX_SAFE_INTEGER)
}
