import { MissingSegmentsError, project, restoreLedger } from '@sv2/app-kit'
import { Projection, type StoreBatch, wholeBatch } from '@sv2/store'
import type { BooksSettings } from './read-books.ts'

/** What empty tables lack, from the whole journal. @throws {Error} when its first segments are not kept */
export function batchesFromStart(settings: BooksSettings): StoreBatch[] {
  try {
    const batch = project(settings, { Projection }, { from: 0, until: Number.POSITIVE_INFINITY })
    return batch === undefined ? [] : [batch]
  } catch (error) {
    if (!(error instanceof MissingSegmentsError)) throw error
    throw new Error(
      `${settings.folder} does not have its first segments: work in them cannot be made anew; use --from-snapshot to do without it`,
      { cause: error },
    )
  }
}

/** The same from the newest snapshot on: all blocks and balances, and work since then. */
export function batchesSinceSnapshot({ folder, node, ledger: settings }: BooksSettings): StoreBatch[] {
  const { ledger, tail } = restoreLedger({ folder, node, settings })
  const whole = wholeBatch(ledger, node, 0)
  const projection = new Projection(ledger, node, whole.next)
  for (const { sequence, record } of tail.read()) {
    const entry = { sequence, record }
    projection.take(entry, ledger.handle({ node, entry }))
  }
  tail.close()
  const since = projection.batch()
  return since === undefined ? [whole] : [whole, since]
}
