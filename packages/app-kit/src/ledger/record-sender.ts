import type { Network } from '@sv2/bitcoin'
import { appendShareFields, ByteWriter, type JournalRecord } from '@sv2/journal'
import type { RecordEffect } from '@sv2/roles/pool'
import { scriptOf } from './pool-journal.ts'
import { type NumberSpace, RecordKeeper } from './record-keeper.ts'

/** So many bytes of shares are handed on at once, however short they waited. */
const MAX_BYTES = 256 * 1024

/** What one process wants written into the journal of another, in order. */
export interface SentRecords {
  /** How often the sender has heard that the disk refuses: shares sent before it heard of the last time are refused already. */
  readonly failures: number
  /** Records; of shares the fields, one behind another. */
  readonly groups: readonly (JournalRecord | Uint8Array)[]
}

export interface RecordSenderDeps {
  send(records: SentRecords): void
  /** Unix ms. */
  now(): number
}

/** Makes records of what a pool's role wants recorded, for a journal that another process writes. */
export class RecordSender {
  readonly #deps: RecordSenderDeps
  readonly #waitMs: number
  readonly #keeper: RecordKeeper
  readonly #shares = new ByteWriter(64 * 1024)
  #groups: (JournalRecord | Uint8Array)[] = []
  #timer: NodeJS.Timeout | undefined
  #failures = 0

  /** @param settings `waitMs`: records wait so long for others that go with them */
  constructor(
    settings: { readonly network: Network; readonly numbers: NumberSpace; readonly waitMs: number },
    deps: RecordSenderDeps,
  ) {
    this.#deps = deps
    this.#waitMs = settings.waitMs
    this.#keeper = new RecordKeeper(
      {
        append: (record) => {
          this.#endShares()
          this.#groups.push(record)
          this.#gathered()
        },
        appendShare: (share) => {
          appendShareFields(this.#shares, share)
          this.#gathered()
        },
        scriptOf: (user) => scriptOf(user, settings.network),
        now: deps.now,
      },
      settings.numbers,
    )
  }

  /** Does what the role wants done. */
  perform(effect: RecordEffect): void {
    this.#keeper.record(effect)
  }

  /** The role has heard that the disk refuses: what waits here is refused with the rest. */
  failed(): void {
    this.flush()
    this.#failures++
  }

  /** Sends what waits. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#endShares()
    if (this.#groups.length === 0) return
    const groups = this.#groups
    this.#groups = []
    this.#deps.send({ failures: this.#failures, groups })
  }

  #gathered(): void {
    if (this.#shares.size >= MAX_BYTES) return this.flush()
    this.#timer ??= setTimeout(() => this.flush(), this.#waitMs)
  }

  #endShares(): void {
    if (this.#shares.size === 0) return
    this.#groups.push(this.#shares.written.slice())
    this.#shares.clear()
  }
}
