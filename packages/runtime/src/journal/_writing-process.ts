import { writeSync } from 'node:fs'
import { openJournalFolder } from './journal-folder.ts'
import { JournalWriter } from './journal-writer.ts'

/** Shares taken in one go, as a busy pool does between two turns of its loop. */
const AT_ONCE = 200
/** Shares that may wait; then it takes no more until some are on disk. */
const MOST_WAITING = 5_000

/**
 * A process that is killed while it writes: fills a journal as fast as it can, and prints after each flush how many shares were
 * recorded since its start. Arguments: folder, number of the run.
 */
const [folder = '', run = '0'] = process.argv.slice(2)
const opened = openJournalFolder(folder, 0, () => new Uint8Array(16).fill(1))
const settings = {
  folder,
  node: 0,
  flushMs: 2,
  maxBytes: 64 * 1024,
  segmentBytes: 400_000,
  segmentMs: 600_000,
  retryMs: 1000,
}
let recorded = 0
let appended = 0
const writer = new JournalWriter(settings, opened, {
  flushed(_, shares) {
    recorded += shares
    writeSync(1, `${recorded}\n`)
  },
  failed(error) {
    throw error
  },
  recovered() {},
})

function fill(): void {
  for (let n = 0; n < AT_ONCE && appended - recorded < MOST_WAITING; n++) {
    const header = new Uint8Array(80)
    new DataView(header.buffer).setUint32(0, Number(run), true)
    new DataView(header.buffer).setUint32(4, appended, true)
    writer.append({
      kind: 'share',
      time: appended,
      job: 1,
      account: 1,
      worker: 0,
      work: 1n,
      networkWork: 2n,
      rewardToPool: 0n,
      rewardTotal: 0n,
      distributionId: 0n,
      header,
      extranonce: new Uint8Array(32),
    })
    appended++
  }
  setImmediate(fill)
}
fill()
