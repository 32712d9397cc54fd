import {
  appendFrame,
  appendShare,
  appendWrittenShare,
  ByteWriter,
  encodeSegmentHeader,
  type JournalRecord,
  SEGMENT_HEADER_SIZE,
  type SharePlaces,
} from '@sv2/journal'
import { type JournalDisk, systemDisk } from './journal-disk.ts'
import type { OpenedFolder } from './journal-folder.ts'
import { segmentPath } from './segment-files.ts'

export interface JournalSettings {
  readonly folder: string
  /** `server_id` of this node. */
  readonly node: number
  /** A record waits no longer than this for its flush to begin, ms. */
  readonly flushMs: number
  /** So many bytes are flushed at once, however short they waited. */
  readonly maxBytes: number
  /** A segment is closed when it is this large, or this old. */
  readonly segmentBytes: number
  readonly segmentMs: number
  /** How long after a refusal the disk is tried again, ms. */
  readonly retryMs: number
}

/** Where the journal ends on disk. */
export interface JournalPosition {
  readonly segment: number
  /** Offset in the segment's file. */
  readonly offset: number
  /** Sequence of the next record. */
  readonly sequence: number
}

/** What a journal tells of what it was given. */
export interface JournalObserver {
  /** Everything up to a position is on disk; so many shares of it came since the last time. */
  flushed(position: JournalPosition, shares: number): void
  /** The disk refuses: so many shares, all that waited, are given up. Other records are tried again. */
  failed(error: Error, shares: number): void
  /** The disk takes records again. */
  recovered(): void
}

/**
 * Writes the journal of one node, a group of records at a time: a group is written and flushed (`fdatasync`) while the next
 * one gathers. What the observer was told of survives a loss of power.
 */
export class JournalWriter {
  readonly #settings: JournalSettings
  readonly #observer: JournalObserver
  readonly #disk: JournalDisk
  readonly #opened: OpenedFolder
  #segment: number
  #offset = 0
  #segmentSince = 0
  #file: number | undefined
  /** Sequence of the next record, and of the first that is not on disk. */
  #sequence: number
  #durable: number
  #gathering = new ByteWriter(64 * 1024)
  #spare = new ByteWriter(64 * 1024)
  /** Records of the group that must not be given up. */
  #kept: JournalRecord[] = []
  #shares = 0
  #timer: NodeJS.Timeout | undefined
  #isWriting = false
  #isFailing = false
  #closing: (() => void) | undefined
  #lastFlushMs = 0

  constructor(
    settings: JournalSettings,
    opened: OpenedFolder,
    observer: JournalObserver,
    disk: JournalDisk = systemDisk,
  ) {
    this.#settings = settings
    this.#opened = opened
    this.#observer = observer
    this.#disk = disk
    this.#segment = opened.nextSegment
    this.#sequence = opened.nextSequence
    this.#durable = opened.nextSequence
  }

  /** Shares that are not on disk yet. */
  get waitingShares(): number {
    return this.#shares
  }

  /** How long the last flush took, ms. */
  get lastFlushMs(): number {
    return this.#lastFlushMs
  }

  /** While the disk refuses, shares are refused too: they would only wait to be given up. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  /** Takes a record into the next group. @throws {RangeError} when a field does not fit */
  append(record: JournalRecord): void {
    appendFrame(this.#gathering, { sequence: this.#sequence, record })
    if (record.kind === 'share') this.#shares++
    else this.#kept.push(record)
    this.#appended()
  }

  /** Takes a share's record into the next group; its bytes are the caller's again. @throws {RangeError} when a field does not fit */
  appendShare(share: SharePlaces): void {
    appendShare(this.#gathering, this.#sequence, share)
    this.#shares++
    this.#appended()
  }

  /** Takes a share into the next group whose fields `appendShareFields` has written. @throws {RangeError} when they are none */
  appendWrittenShare(fields: Uint8Array): void {
    appendWrittenShare(this.#gathering, this.#sequence, fields)
    this.#shares++
    this.#appended()
  }

  /** Flushes what is left, and closes the file. */
  async close(): Promise<void> {
    if (this.#gathering.size > 0 || this.#isWriting) {
      await new Promise<void>((resolve) => {
        this.#closing = resolve
        if (!this.#isWriting) this.#flush()
      })
    }
    clearTimeout(this.#timer)
    if (this.#file !== undefined) await this.#disk.close(this.#file)
    this.#file = undefined
  }

  #appended(): void {
    this.#sequence++
    if (this.#isWriting || this.#isFailing) return
    if (this.#gathering.size >= this.#settings.maxBytes) return this.#flush()
    this.#timer ??= setTimeout(() => this.#flush(), this.#settings.flushMs)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isWriting = true
    const group = this.#gathering
    const shares = this.#shares
    const kept = this.#kept
    const sequence = this.#sequence
    this.#gathering = this.#spare
    this.#gathering.clear()
    this.#kept = []
    const begun = performance.now()
    this.#write(group.written).then(
      () => {
        this.#lastFlushMs = performance.now() - begun
        this.#spare = group
        this.#isWriting = false
        this.#durable = sequence
        this.#shares -= shares
        if (this.#isFailing) this.#observer.recovered()
        this.#isFailing = false
        this.#observer.flushed({ segment: this.#segment, offset: this.#offset, sequence }, shares)
        this.#next()
      },
      (error: unknown) => {
        this.#spare = group
        this.#isWriting = false
        this.#fail(error as Error, kept)
      },
    )
  }

  #next(): void {
    const { size } = this.#gathering
    if (size === 0) return this.#closing?.()
    if (size >= this.#settings.maxBytes || this.#closing !== undefined) return this.#flush()
    this.#timer = setTimeout(() => this.#flush(), this.#settings.flushMs)
  }

  /** Shares are given up, everything else is gathered again for the next attempt. Their numbers are used again. */
  #fail(error: Error, kept: readonly JournalRecord[]): void {
    const again = [...kept, ...this.#kept]
    const shares = this.#shares
    this.#sequence = this.#durable
    this.#gathering.clear()
    this.#kept = []
    this.#shares = 0
    this.#isFailing = true
    for (const record of again) this.append(record)
    this.#observer.failed(error, shares)
    if (this.#closing !== undefined) return this.#closing()
    this.#timer = setTimeout(() => this.#flush(), this.#settings.retryMs)
  }

  /** After a refusal nobody knows what the file holds: the next group begins another one. */
  async #write(bytes: Uint8Array): Promise<void> {
    const { segmentBytes, segmentMs } = this.#settings
    const isOld = this.#offset >= segmentBytes || performance.now() - this.#segmentSince >= segmentMs
    if (this.#file !== undefined && isOld) await this.#end()
    this.#file ??= await this.#begin()
    try {
      await this.#disk.write(this.#file, bytes, this.#offset)
      await this.#disk.datasync(this.#file)
    } catch (error) {
      const file = this.#file
      await this.#disk.truncate(file, this.#offset).catch(() => {
        // what is behind the last whole group is told from it by the sequence that the next segment begins with
      })
      await this.#end().catch(() => {})
      throw error
    }
    this.#offset += bytes.length
  }

  async #begin(): Promise<number> {
    const { folder, node } = this.#settings
    const { poolId } = this.#opened
    const header = encodeSegmentHeader({ poolId, node, number: this.#segment, firstSequence: this.#durable })
    const file = await this.#disk.create(segmentPath(folder, this.#segment), header)
    this.#offset = SEGMENT_HEADER_SIZE
    this.#segmentSince = performance.now()
    return file
  }

  async #end(): Promise<void> {
    const file = this.#file!
    this.#file = undefined
    this.#segment++
    await this.#disk.close(file)
  }
}
