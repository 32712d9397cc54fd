import { hex } from '@sv2/bitcoin'
import { SHARE_SIZE } from '@sv2/journal'
import type { RecordEvent } from '@sv2/roles/pool'
import { RecentTips } from '../recent-tips.ts'
import type { PoolJournal } from './pool-journal.ts'
import type { SentRecords } from './record-sender.ts'

export interface SharedJournalDeps extends Pick<PoolJournal, 'append' | 'appendWrittenShares'> {
  /** Tells a process what became of its shares. */
  tell(process: number, event: RecordEvent): void
}

/**
 * One journal for several processes: the one that has it writes what the others send, in the order in which it comes, and tells
 * each how many of its shares are on disk. A tip that several tell of is written once.
 */
export class SharedJournal {
  readonly #deps: SharedJournalDeps
  /** Shares that are not on disk yet, in the order of the journal, and whose they are. */
  #waiting: { readonly process: number; shares: number }[] = []
  /** Processes, and how often each was told that the disk refuses. */
  readonly #failures = new Map<number, number>()
  readonly #tips = new RecentTips()
  #isFailing = false

  constructor(deps: SharedJournalDeps) {
    this.#deps = deps
  }

  /** A process begins to send. Answers whether the disk takes the journal now. */
  join(process: number): boolean {
    this.#failures.set(process, 0)
    return !this.#isFailing
  }

  /** A process is gone; what it sent is written all the same. */
  leave(process: number): void {
    this.#failures.delete(process)
  }

  /** Writes what a process sent; but not the shares that it has refused since. */
  take(process: number, { failures, groups }: SentRecords): void {
    const areRefused = failures < (this.#failures.get(process) ?? 0)
    for (const group of groups) {
      if (group instanceof Uint8Array) {
        if (!areRefused) this.#shares(process, group)
      } else if (group.kind !== 'tip' || this.#tips.isNew(hex(group.prevHash))) this.#deps.append(group)
    }
  }

  /** Hands on what the journal tells. */
  heard(event: RecordEvent): void {
    if (event.kind === 'recorded') return this.#recorded(event.shares)
    this.#isFailing = event.kind === 'recordingFailed'
    if (this.#isFailing) this.#waiting = []
    for (const [process, failures] of this.#failures) {
      if (this.#isFailing) this.#failures.set(process, failures + 1)
      this.#deps.tell(process, event)
    }
  }

  #shares(process: number, fields: Uint8Array): void {
    this.#deps.appendWrittenShares(fields)
    const shares = fields.length / SHARE_SIZE
    const last = this.#waiting.at(-1)
    if (last?.process === process) last.shares += shares
    else this.#waiting.push({ process, shares })
  }

  #recorded(shares: number): void {
    const told = new Map<number, number>()
    let left = shares
    while (left > 0) {
      const [first] = this.#waiting
      if (first === undefined) break
      const count = Math.min(left, first.shares)
      told.set(first.process, (told.get(first.process) ?? 0) + count)
      left -= count
      first.shares -= count
      if (first.shares === 0) this.#waiting.shift()
    }
    for (const [process, count] of told)
      if (this.#failures.has(process)) this.#deps.tell(process, { kind: 'recorded', shares: count })
  }
}
