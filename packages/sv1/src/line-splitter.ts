import { Sv1Error } from './sv1-error.ts'

const LF = 0x0a
const CR = 0x0d

/** What an unfinished line gets at first; it doubles as bytes arrive, never ahead of the peer by more. */
const FIRST_ALLOCATION = 256

const BYTE_ORDER_MARK = '\ufeff'

const NOTHING = new Uint8Array(0)

// A line feed is never part of a longer UTF-8 sequence, valid or not: many lines may be decoded at once.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Cuts a byte stream into lines of text, whatever way the stream was cut into chunks. Lines end with LF; one CR
 * before it is dropped, empty lines are left out, and bytes that are no UTF-8 become U+FFFD. A byte order mark in front of
 * the first line is skipped: there is software that writes one.
 *
 * State: the bytes of the unfinished line, at most `maxLength`, and none between lines.
 */
export class LineSplitter {
  readonly #maxLength: number
  #rest: Uint8Array
  #restLength: number
  #failure: Sv1Error | undefined
  /** A byte order mark may stand in front of what comes next. */
  #isFirst = true

  /** `maxLength`: the longest line taken, in bytes without its line feed. */
  constructor({ maxLength = 16_384 }: { maxLength?: number } = {}) {
    this.#maxLength = maxLength
    this.#rest = NOTHING
    this.#restLength = 0
    this.#failure = undefined
  }

  /** True in the middle of a line: a stream that ends now was cut off. */
  get pending(): boolean {
    return this.#restLength > 0
  }

  /** Memory of the unfinished line, bytes. */
  get heldBytes(): number {
    return this.#rest.length
  }

  /**
   * Takes the next chunk and returns the lines it completes, in order. Nothing keeps a view into the chunk.
   * @throws {Sv1Error} line-too-long as soon as that many bytes are there, and from then on
   */
  push(chunk: Uint8Array): string[] {
    if (this.#failure !== undefined) throw this.#failure
    const lines: string[] = []
    let from = 0
    let end = chunk.indexOf(LF)
    if (end >= 0 && this.#restLength > 0) {
      this.#keep(chunk.subarray(0, end))
      take(decoder.decode(this.#rest.subarray(0, this.#restLength)), lines)
      this.#rest = NOTHING
      this.#restLength = 0
      from = end + 1
      end = chunk.indexOf(LF, from)
    }
    const start = from
    while (end >= 0) {
      this.#check(end - from)
      from = end + 1
      end = chunk.indexOf(LF, from)
    }
    if (from > start) {
      for (const line of decoder.decode(chunk.subarray(start, from - 1)).split('\n')) take(line, lines)
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from))
    const [first] = lines
    if (this.#isFirst && first !== undefined) {
      this.#isFirst = false
      if (first === BYTE_ORDER_MARK) lines.shift()
      else if (first.startsWith(BYTE_ORDER_MARK)) lines[0] = first.slice(1)
    }
    return lines
  }

  #keep(part: Uint8Array): void {
    const needed = this.#restLength + part.length
    this.#check(needed)
    if (needed > this.#rest.length) {
      const size = Math.min(this.#maxLength, Math.max(needed, this.#rest.length * 2, FIRST_ALLOCATION))
      const grown = new Uint8Array(size)
      grown.set(this.#rest.subarray(0, this.#restLength))
      this.#rest = grown
    }
    this.#rest.set(part, this.#restLength)
    this.#restLength = needed
  }

  #check(length: number): void {
    if (length <= this.#maxLength) return
    this.#rest = NOTHING
    this.#failure = new Sv1Error('line-too-long', `${length} bytes in a line, ${this.#maxLength} allowed`)
    throw this.#failure
  }
}

function take(text: string, lines: string[]): void {
  const line = text.charCodeAt(text.length - 1) === CR ? text.slice(0, -1) : text
  if (line !== '') lines.push(line)
}
