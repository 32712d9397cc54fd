import {
  displayHash,
  equalBytes,
  hex,
  type Network,
  scriptToAddress,
  unhex,
  verifyMessage,
} from '@sv2/bitcoin'
import {
  type AccountRecord,
  type AddressRecord,
  type BlockRecord,
  chainRoot,
  JournalError,
  type JournalRecord,
  readFrame,
  SegmentRootMaker,
  type ShareRecord,
} from '@sv2/journal'
import { type Booking, Ledger, type LedgerFact, payoutMessage } from '@sv2/roles/ledger'
import { fastSha256 } from '@sv2/runtime'
import { Findings } from './findings.ts'
import type { PoolSource, ToldSegment } from './pool-source.ts'
import { ShareChecks } from './share-checks.ts'
import { type Alone, SplitChecks } from './split-checks.ts'

export const BROKEN_CHAIN =
  'The roots of the journal do not hold: what the pool shows is not what it has committed to.'
export const UNSIGNED = 'An account is paid to an address that has not signed for that.'
export const GAP = 'Records of the journal are left out.'

/** A block of the journal, with its coinbase. */
export interface JournalBlock {
  readonly booking: Booking
  /** Without witness. */
  readonly coinbase: Uint8Array
}

/** What a journal comes to, for one account. */
export interface ReadJournal {
  readonly ledger: Ledger
  readonly blocks: readonly JournalBlock[]
  /** Header hashes of the account's shares, display order hex. */
  readonly own: ReadonlySet<string>
  /** Work of them, hashes. */
  readonly ownWork: bigint
  readonly records: number
  /** Segments whose records the pool no longer keeps: what follows from them cannot be checked. */
  readonly removed: number
  readonly shares: ShareChecks
  readonly splits: SplitChecks
}

/** What is looked for. */
export interface Wanted {
  readonly account: string
  readonly network: Network
  /** Shares whose coinbase is looked at, about. */
  readonly sample: number
  /** In [0, 1). */
  readonly random: () => number
}

/** Reads the whole journal of a pool, and checks its roots, its shares, and the coinbases of its jobs on the way. */
export async function readJournal(
  source: PoolSource,
  segments: readonly ToldSegment[],
  wanted: Wanted,
  findings: Findings,
): Promise<ReadJournal> {
  const reader = new JournalReader(segments, wanted, findings)
  let chained: Uint8Array = new Uint8Array(32)
  for (const segment of segments) {
    if (!reader.isNext(segment))
      findings.broken(
        GAP,
        `segment ${segment.number} begins at record ${segment.first}, and ${reader.sequence} was to come`,
      )
    reader.sequence = segment.first
    const root = segment.kept ? await readSegment(source, segment, reader, findings) : rootTold(segment)
    if (!segment.kept) reader.skip(segment)
    if (segment.root === null || segment.chained_root === null) continue
    chained = chainRoot(chained, root)
    if (!equalBytes(chained, unhex(segment.chained_root)))
      findings.broken(BROKEN_CHAIN, `segment ${segment.number} is not chained to the one before it`)
    chained = unhex(segment.chained_root)
  }
  return reader.end()
}

/** Answers the root that its records have. */
async function readSegment(
  source: PoolSource,
  segment: ToldSegment,
  reader: JournalReader,
  findings: Findings,
): Promise<Uint8Array> {
  const maker = new SegmentRootMaker(fastSha256)
  for await (const page of source.records(segment.number))
    for (const frame of page) {
      maker.take(frame)
      reader.take(frame, segment)
    }
  const root = maker.root()
  if (segment.root !== null && hex(root) !== segment.root)
    findings.broken(
      BROKEN_CHAIN,
      `segment ${segment.number}: its records have the root ${hex(root)}, and it tells ${segment.root}`,
    )
  return root
}

function rootTold({ root }: ToldSegment): Uint8Array {
  return root === null ? new Uint8Array(32) : unhex(root)
}

class JournalReader {
  readonly #wanted: Wanted
  readonly #findings: Findings
  readonly #ledger: Ledger
  readonly #shares: ShareChecks
  readonly #splits: SplitChecks
  readonly #accounts = new Map<number, AccountRecord>()
  readonly #own = new Set<string>()
  /** Whether the pool made the job, by the hash of a share that is a block. */
  readonly #blockJobs = new Map<string, boolean>()
  readonly #jobs = new Map<number, boolean>()
  readonly #blocks: { readonly record: BlockRecord; readonly alone: Alone }[] = []
  #ownWork = 0n
  #records = 0
  #removed = 0
  /** Names, jobs and tips may stand in segments that are not kept: a process names all of them anew when it starts. */
  #isNamed = true
  /** Sequence of the next record. */
  sequence = 0

  constructor(segments: readonly ToldSegment[], wanted: Wanted, findings: Findings) {
    const expected = segments.reduce((sum, { records }) => sum + records, 0)
    const chance = wanted.sample / Math.max(1, expected)
    this.#wanted = wanted
    this.#findings = findings
    this.#shares = new ShareChecks(findings, () => wanted.random() < chance)
    // where records are missing, the ledger makes other distributions of the others than the pool did
    this.#splits = new SplitChecks(segments.every(({ kept }) => kept) ? findings : new Findings())
    this.sequence = segments[0]?.first ?? 0
    // the terms that hold stand in the journal
    this.#ledger = new Ledger({
      network: wanted.network,
      scheme: { scheme: 'solo' },
      feePpm: 0n,
      poolScript: new Uint8Array(0),
      dustLimit: 0,
      maxPayouts: 0,
      refreshMs: 0,
      confirmations: 6,
    })
  }

  isNext({ first }: ToldSegment): boolean {
    return this.sequence === first
  }

  skip({ records }: ToldSegment): void {
    this.#removed++
    this.#isNamed = false
    this.sequence += records
  }

  take(bytes: Uint8Array, { number, node }: ToldSegment): void {
    const entry = this.#read(bytes, number)
    if (entry === undefined) return
    const { sequence, record } = entry
    if (sequence !== this.sequence)
      this.#findings.broken(GAP, `records ${this.sequence} to ${sequence - 1} are missing`)
    this.sequence = sequence + 1
    this.#check(record, sequence)
    this.#records++
    for (const fact of this.#book(node, record))
      if (fact.kind === 'distribution') this.#splits.distribution(fact.distribution)
  }

  #book(node: number, record: JournalRecord): readonly LedgerFact[] {
    try {
      return this.#ledger.handle({ node, entry: { sequence: this.#ledger.cursor(node), record } })
    } catch (error) {
      // such as a share of an account whose record is left out
      if (this.#isNamed) this.#findings.broken(GAP, (error as Error).message)
      return []
    }
  }

  #read(bytes: Uint8Array, segment: number) {
    try {
      return readFrame(bytes, 0)
    } catch (error) {
      if (!(error instanceof JournalError)) throw error
      this.#findings.broken(BROKEN_CHAIN, `segment ${segment}: ${error.message}`)
      return undefined
    }
  }

  #check(record: JournalRecord, sequence: number): void {
    if (record.kind === 'terms') this.#isNamed = true
    if (record.kind === 'account') this.#accounts.set(record.account, record)
    if (record.kind === 'address') this.#address(record)
    if (record.kind === 'tip') this.#shares.tip(record)
    if (record.kind === 'block') this.#blocks.push({ record, alone: this.#alone(record.account) })
    if (record.kind === 'job') {
      this.#shares.job(record)
      this.#jobs.set(record.job, record.isOwn)
    }
    if (record.kind === 'share') this.#share(record, sequence)
  }

  /** A name is paid to an address that has signed for that, and so has the address before it. */
  #address({ name, script, signedAt, signatures }: AddressRecord): void {
    const { network } = this.#wanted
    const message = payoutMessage(name, scriptToAddress(script, network) ?? hex(script), signedAt)
    const before = this.#ledger.accounts.addressOf(name)?.account
    const signers = before === undefined || before === hex(script) ? [script] : [script, unhex(before)]
    for (const [at, signer] of signers.entries())
      if (verifyMessage(message, signer, signatures[at] ?? '') !== 'signed')
        this.#findings.broken(UNSIGNED, `${scriptToAddress(signer, network) ?? hex(signer)}: ${message}`)
  }

  #share(share: ShareRecord, sequence: number): void {
    const { hash, job } = this.#shares.share(share, sequence, this.#isNamed ? 'all' : 'some')
    if (job !== undefined) this.#splits.job(job, share.extranonce, this.#alone(share.account))
    if ((BigInt(`0x${hash}`) + 1n) * share.networkWork <= 1n << 256n)
      this.#blockJobs.set(hash, this.#jobs.get(share.job) ?? true)
    if (this.#accounts.get(share.account)?.name !== this.#wanted.account) return
    this.#own.add(hash)
    this.#ownWork += share.work
  }

  #alone(account: number): Alone {
    return { miner: this.#accounts.get(account)?.script, terms: this.#ledger.terms }
  }

  end(): ReadJournal {
    const coinbases = new Map<string, Uint8Array>()
    for (const { record, alone } of this.#blocks) {
      const hash = displayHash(record.hash)
      coinbases.set(hash, record.coinbase)
      this.#splits.block(record, { ...alone, isOwn: this.#blockJobs.get(hash) ?? true })
    }
    return {
      ledger: this.#ledger,
      blocks: this.#ledger
        .blocks()
        .map(({ booking }) => ({ booking, coinbase: coinbases.get(booking.hash)! })),
      own: this.#own,
      ownWork: this.#ownWork,
      records: this.#records,
      removed: this.#removed,
      shares: this.#shares,
      splits: this.#splits,
    }
  }
}
