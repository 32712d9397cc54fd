import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { Ledger, type LedgerSettings, type LedgerSnapshot, SNAPSHOT_VERSION } from '@sv2/roles/ledger'
import {
  type IgnoredSnapshot,
  JournalTail,
  segmentNumbers,
  snapshotsOf,
  type TailOptions,
  writeSnapshot,
} from '@sv2/runtime/journal'

/** A journal, and on what terms its books are kept where it names none. */
export interface LedgerSource {
  readonly folder: string
  readonly node: number
  readonly settings: LedgerSettings
}

/** How a ledger is restored. */
export interface RestoreOptions extends Omit<TailOptions, 'from'> {
  /** A snapshot is taken if it is from before this record. */
  readonly upTo?: number
  /** Told of snapshots that cannot be used. */
  readonly ignored?: (snapshot: IgnoredSnapshot) => void
}

/** A ledger as far as a snapshot has it, and the journal from there on. */
export interface RestoredLedger {
  readonly ledger: Ledger
  readonly tail: JournalTail
}

/** The first segments of a journal are not kept, and no snapshot of the books can be used instead. */
export class MissingSegmentsError extends Error {
  override readonly name = 'MissingSegmentsError'
}

const LINE_END = '\n'.charCodeAt(0)

/** Writes down all that a ledger knows, which has read everything in front of a segment. @throws what the disk throws */
export function saveLedger(folder: string, segment: number, { blocks, ...rest }: LedgerSnapshot): void {
  // a line for each block: a string cannot hold them all
  const lines = [rest, ...blocks].map((part) => Buffer.from(`${JSON.stringify(part)}\n`))
  const content = gzipSync(Buffer.concat(lines), { level: constants.Z_BEST_SPEED })
  writeSnapshot(folder, { segment, content }, SNAPSHOT_VERSION)
}

/**
 * The ledger of the newest good snapshot; one that has read nothing where there is none.
 * @throws {MissingSegmentsError}
 */
export function restoreLedger(source: LedgerSource, options: RestoreOptions = {}): RestoredLedger {
  const { folder, node, settings } = source
  const { upTo = Number.POSITIVE_INFINITY, ignored = () => {}, segmentEnded } = options
  const tail = (from?: number) => new JournalTail(folder, { from, ...(segmentEnded && { segmentEnded }) })
  for (const { segment, content } of snapshotsOf(folder, SNAPSHOT_VERSION, ignored)) {
    const ledger = new Ledger(settings, parse(content))
    if (ledger.cursor(node) <= upTo) return { ledger, tail: tail(segment) }
  }
  const first = segmentNumbers(folder)[0] ?? 0
  if (first > 0)
    throw new MissingSegmentsError(
      `the journal in ${folder} begins with segment ${first}, and no snapshot of the books can be used: put segments or snapshots back from a backup`,
    )
  return { ledger: new Ledger(settings), tail: tail() }
}

function parse(content: Uint8Array): LedgerSnapshot {
  const [rest, ...blocks] = linesOf(gunzipSync(content)).map((line) => JSON.parse(line))
  return { ...rest, blocks } as LedgerSnapshot
}

function linesOf(bytes: Buffer): string[] {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(LINE_END, at)
    lines.push(bytes.toString('utf8', at, end))
    at = end + 1
  }
  return lines
}
