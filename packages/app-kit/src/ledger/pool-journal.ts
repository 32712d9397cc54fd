import { AddressError, addressToScript, type Network } from '@sv2/bitcoin'
import { type JournalRecord, SHARE_SIZE } from '@sv2/journal'
import type { RecordEffect, RecordEvent } from '@sv2/roles/pool'
import { randomBytes } from '@sv2/runtime'
import {
  JournalFolderError,
  type JournalPosition,
  JournalWriter,
  openJournalFolder,
} from '@sv2/runtime/journal'
import { type JournalConfig, journalFolder } from '../config/journal.ts'
import { ConfigError } from '../config/problems.ts'
import { lockFolder } from '../folder-lock.ts'
import { freeBytes } from '../free-bytes.ts'
import type { Logger } from '../logger.ts'
import { Counter, Gauge, type Registry } from '../monitoring.ts'
import { type NumberSpace, RecordKeeper, type WalletPayment } from './record-keeper.ts'

const POOL_ID_BYTES = 16
const MIB = 1024 * 1024
const RETRY_MS = 1_000

export interface PoolJournalSettings {
  readonly config: JournalConfig
  readonly dataDir: string
  /** `server_id`. */
  readonly node: number
  readonly network: Network
  /** Of what this process numbers, where other processes number too; all of them when missing. */
  readonly numbers?: NumberSpace | undefined
}

export interface PoolJournalDeps {
  readonly log: Logger
  readonly registry: Registry
  /** Unix ms. */
  readonly now: () => number
  /** The role is told of what is on disk. */
  readonly tell: (event: RecordEvent) => void
  /** The journal has grown. */
  readonly grown?: (position: JournalPosition) => void
}

/** The journal of a pool's node: writes what the role wants recorded, and tells it what is on disk. */
export class PoolJournal {
  readonly folder: string
  readonly #writer: JournalWriter
  readonly #keeper: RecordKeeper
  #waitingSince: number | undefined
  #isFailing = false
  #flushed: number

  /** @throws {ConfigError} when the folder holds something else than this node's journal */
  constructor({ config, dataDir, node, network, numbers }: PoolJournalSettings, deps: PoolJournalDeps) {
    const { log } = deps
    this.folder = journalFolder(config, dataDir)
    const opened = openFolder(this.folder, node)
    if (opened.torn !== undefined)
      log.warn({ ...opened.torn }, 'the journal ended in a torn record: it was cut off, and kept in a file')
    this.#flushed = opened.nextSequence
    const { lost, failing } = journalMeters(deps.registry, this, () => this.#writer)
    const settings = {
      folder: this.folder,
      node,
      flushMs: config.flush_ms,
      maxBytes: config.max_bytes,
      segmentBytes: config.segment_mib * MIB,
      segmentMs: config.segment_sec * 1000,
      retryMs: RETRY_MS,
    }
    this.#writer = new JournalWriter(settings, opened, {
      flushed: (position, shares) => {
        this.#flushed = position.sequence
        this.#waitingSince = this.#writer.waitingShares > 0 ? performance.now() : undefined
        if (shares > 0) deps.tell({ kind: 'recorded', shares })
        deps.grown?.(position)
      },
      failed: (error, shares) => {
        this.#isFailing = true
        lost.inc(shares)
        failing.set(1)
        log.error(
          { err: error, shares },
          'the disk refuses the journal: shares are refused until it takes them',
        )
        deps.tell({ kind: 'recordingFailed' })
      },
      recovered: () => {
        this.#isFailing = false
        failing.set(0)
        log.info('the disk takes the journal again')
        deps.tell({ kind: 'recordingResumed' })
      },
    })
    this.#keeper = new RecordKeeper(
      {
        append: (record) => this.append(record),
        appendShare: (share) => {
          this.#waitingSince ??= performance.now()
          this.#writer.appendShare(share)
        },
        scriptOf: (user) => scriptOf(user, network),
        now: deps.now,
      },
      numbers,
    )
    log.info({ folder: this.folder, records: opened.nextSequence }, 'journal opened')
  }

  /** How long shares have been waiting for the disk, ms; about, and 0 when none waits. */
  get lagMs(): number {
    return this.#waitingSince === undefined ? 0 : performance.now() - this.#waitingSince
  }

  /** Room on its disk; undefined where that is not known. */
  get freeBytes(): number | undefined {
    return freeBytes(this.folder)
  }

  /** The disk refuses the journal. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  /** Sequence of the first record that is not on disk. */
  get flushed(): number {
    return this.#flushed
  }

  /** Does what the role wants done. */
  perform(effect: RecordEffect): void {
    this.#keeper.record(effect)
  }

  /** Writes shares whose fields another process has written, one behind another. @throws {RangeError} when they are none */
  appendWrittenShares(fields: Uint8Array): void {
    this.#waitingSince ??= performance.now()
    for (let at = 0; at < fields.length; at += SHARE_SIZE)
      this.#writer.appendWrittenShare(fields.subarray(at, at + SHARE_SIZE))
  }

  /** Writes that balances were paid by a transaction. */
  pay(payment: WalletPayment): void {
    this.#keeper.payment(payment)
  }

  /** Writes a record that comes from somewhere else than the role, such as from the chain. */
  append(record: JournalRecord): void {
    this.#writer.append(record)
  }

  close(): Promise<void> {
    return this.#writer.close()
  }
}

/** Takes the journal's folder: two processes that write one journal would tear it. Answers what gives it back. @throws {ConfigError} */
export function lockJournal(
  config: JournalConfig,
  dataDir: string,
  log: Pick<Logger, 'warn'>,
): Promise<() => Promise<void>> {
  return lockFolder(journalFolder(config, dataDir), 'pool', {
    key: 'journal.dir',
    onTrouble: (error) =>
      log.warn({ err: error }, 'the journal cannot be locked; see to it that no other process uses it'),
  })
}

function openFolder(folder: string, node: number) {
  try {
    return openJournalFolder(folder, node, () => randomBytes(POOL_ID_BYTES))
  } catch (error) {
    if (!(error instanceof JournalFolderError)) throw error
    throw new ConfigError([{ key: 'journal.dir', value: folder, message: error.message }])
  }
}

/** The script of an account that is an address of the network; empty for any other name. */
export function scriptOf(user: string, network: Network): Uint8Array {
  try {
    return addressToScript(user, network)
  } catch (error) {
    if (!(error instanceof AddressError)) throw error
    return new Uint8Array(0)
  }
}

/** What the journal tells of itself, as metrics. */
export function journalMeters(
  registry: Registry,
  journal: { readonly lagMs: number; readonly freeBytes: number | undefined },
  writer: () => Pick<JournalWriter, 'waitingShares' | 'lastFlushMs'>,
): { readonly lost: Counter; readonly failing: Gauge } {
  const registers = [registry]
  new Gauge({
    name: 'sv2_pool_journal_lag_seconds',
    help: 'How long shares have been waiting for the disk',
    registers,
    collect() {
      this.set(journal.lagMs / 1000)
    },
  })
  new Gauge({
    name: 'sv2_pool_journal_disk_free_bytes',
    help: 'Room on the disk of the journal',
    registers,
    collect() {
      this.set(journal.freeBytes ?? Number.NaN)
    },
  })
  new Gauge({
    name: 'sv2_pool_journal_waiting_shares',
    help: 'Shares that are not on disk yet',
    registers,
    collect() {
      this.set(writer().waitingShares)
    },
  })
  new Gauge({
    name: 'sv2_pool_journal_flush_seconds',
    help: 'How long the last flush of the journal took',
    registers,
    collect() {
      this.set(writer().lastFlushMs / 1000)
    },
  })
  return {
    lost: new Counter({
      name: 'sv2_pool_journal_refused_shares_total',
      help: 'Good shares that were refused because the disk did not take them',
      registers,
    }),
    failing: new Gauge({
      name: 'sv2_pool_journal_failing',
      help: '1 while the disk refuses the journal',
      registers,
    }),
  }
}
