import type { Channel } from '../mining/channel/channel.ts'
import type { DecidedShare } from '../mining/miners/shares.ts'

/** Heads of the list that are given out before it is copied. */
const MANY_GONE = 4_096

/** A share that waits. */
export interface UnrecordedShare extends DecidedShare {
  /** It has a record in the journal; otherwise it only waits for those before it. */
  readonly isRecord: boolean
}

/**
 * Shares that were found good and are not on disk yet, in the order in which they came. Each is acknowledged when it is
 * recorded, or refused when the disk refuses it. They stand in columns: as objects, which live for as long as the disk
 * takes, they doubled the collector's work.
 */
export class UnrecordedShares {
  #channels: Channel[] = []
  #sequenceNumbers: number[] = []
  #difficulties: number[] = []
  #isRecord: boolean[] = []
  #gone = 0

  get size(): number {
    return this.#channels.length - this.#gone
  }

  add({ channel, sequenceNumber, difficulty, isRecord }: UnrecordedShare): void {
    this.#channels.push(channel)
    this.#sequenceNumbers.push(sequenceNumber)
    this.#difficulties.push(difficulty)
    this.#isRecord.push(isRecord)
  }

  /** Whether the oldest has a record; undefined when nothing waits. */
  get isRecordNext(): boolean | undefined {
    return this.#isRecord[this.#gone]
  }

  /** The oldest of them; undefined when there is none. */
  shift(): UnrecordedShare | undefined {
    const at = this.#gone
    const channel = this.#channels[at]
    if (channel === undefined) return undefined
    const share = {
      channel,
      sequenceNumber: this.#sequenceNumbers[at]!,
      difficulty: this.#difficulties[at]!,
      isRecord: this.#isRecord[at]!,
    }
    this.#gone++
    if (this.#gone === this.#channels.length || this.#gone >= MANY_GONE) this.#forget()
    return share
  }

  #forget(): void {
    const gone = this.#gone
    this.#channels = this.#channels.slice(gone)
    this.#sequenceNumbers = this.#sequenceNumbers.slice(gone)
    this.#difficulties = this.#difficulties.slice(gone)
    this.#isRecord = this.#isRecord.slice(gone)
    this.#gone = 0
  }
}
