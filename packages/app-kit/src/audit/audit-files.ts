import { hex } from '@sv2/bitcoin'
import { inclusionProof, RECORDS_PER_LEAF } from '@sv2/journal'
import { type SegmentInfo, type SegmentRoot, SegmentRoots } from './segment-roots.ts'

/** What may be asked of a journal. */
export type AuditQuestion =
  | { readonly kind: 'segments'; readonly before: number; readonly limit: number }
  | { readonly kind: 'records'; readonly number: number; readonly from: number; readonly limit: number }
  | { readonly kind: 'proof'; readonly number: number; readonly index: number }

/** What it answers; undefined: there is no such segment or record. */
export interface AuditAnswers {
  readonly segments: {
    /** The newest first. */
    readonly items: readonly (SegmentInfo & {
      readonly isKept: boolean
      readonly root: SegmentRoot | undefined
    })[]
    readonly next: number | undefined
  }
  readonly records: { readonly frames: readonly string[]; readonly next: number | undefined } | undefined
  readonly proof:
    | {
        /** Leaves of the segment, and the place of this one among them. */
        readonly size: number
        readonly index: number
        /** Place of its first record in the segment; the leaf is that one and those behind it, sixteen at most. */
        readonly first: number
        readonly leaf: string
        readonly proof: readonly string[]
        readonly root: string
      }
    | undefined
}

/** Where the records of a segment were left off: the next page goes on without reading all before it again. */
interface Place {
  readonly number: number
  readonly index: number
  readonly frames: Generator<Uint8Array>
}

/** Answers what auditors ask of the journal in a folder. Reads files: for a thread of its own. */
export class AuditFiles {
  readonly roots: SegmentRoots
  #place: Place | undefined
  /** Those of the segment that was asked for last. */
  #leaves: { readonly number: number; readonly leaves: readonly Uint8Array[] } | undefined

  constructor(folder: string) {
    this.roots = new SegmentRoots(folder)
  }

  /** @throws {JournalError} where the journal is damaged */
  answer(question: AuditQuestion): AuditAnswers[keyof AuditAnswers] {
    switch (question.kind) {
      case 'segments':
        return this.#segments(question.before, question.limit)
      case 'records':
        return this.#records(question.number, question.from, question.limit)
      case 'proof':
        return this.#proof(question.number, question.index)
      default:
        throw new TypeError(`no question: ${question satisfies never}`)
    }
  }

  #segments(before: number, limit: number): AuditAnswers['segments'] {
    const numbers = this.roots.numbers().filter((number) => number < before)
    const page = numbers.slice(-limit).reverse()
    return {
      items: page.map((number) => ({
        ...this.roots.info(number)!,
        isKept: this.roots.isKept(number),
        root: this.roots.known(number),
      })),
      next: numbers.length > page.length ? page.at(-1) : undefined,
    }
  }

  #records(number: number, from: number, limit: number): AuditAnswers['records'] {
    if (!this.roots.isKept(number)) return undefined
    const { frames } = this.#placeAt(number, from)
    const page: string[] = []
    while (page.length < limit) {
      const { value, done } = frames.next()
      if (done === true) return { frames: page, next: undefined }
      page.push(hex(value))
    }
    this.#place = { number, index: from + limit, frames }
    return { frames: page, next: from + limit }
  }

  #placeAt(number: number, index: number): Place {
    const known = this.#place
    this.#place = undefined
    if (known?.number === number && known.index === index) return known
    known?.frames.return(undefined)
    const frames = this.roots.frames(number)
    for (let n = 0; n < index; n++) if (frames.next().done === true) break
    return { number, index, frames }
  }

  /** @param record its place in the segment */
  #proof(number: number, record: number): AuditAnswers['proof'] {
    const root = this.roots.known(number)
    if (root === undefined || !this.roots.isKept(number)) return undefined
    if (this.#leaves?.number !== number) this.#leaves = { number, leaves: [...this.roots.leaves(number)] }
    const { leaves } = this.#leaves
    const index = Math.floor(record / RECORDS_PER_LEAF)
    const leaf = leaves[index]
    if (leaf === undefined || record >= root.records) return undefined
    const proof = inclusionProof(leaves, index).map((node) => hex(node))
    return {
      size: leaves.length,
      index,
      first: index * RECORDS_PER_LEAF,
      leaf: hex(leaf),
      proof,
      root: root.root,
    }
  }
}
