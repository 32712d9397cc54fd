import type { Line } from './read-journal.ts'

/** The terms of a pool, as it publishes them. */
export interface Terms {
  /** Output script of the pool, hex. */
  readonly poolScript: string
  readonly feePpm: bigint
  /** Expected blocks of work in the window, times 2^40. */
  readonly window: bigint
  readonly dustLimit: bigint
  readonly maxPayouts: number
  /** A distribution is made no more often than this, ms, but for tips and blocks. */
  readonly refreshMs: number
  readonly confirmations: number
}

/** The terms that a journal names first. @throws {Error} when it names none */
export function firstTerms(lines: readonly Line[]): Terms {
  const first = lines.find((line) => line.kind === 'terms')
  if (first?.kind !== 'terms') throw new Error('no terms stand in the journal')
  return readTerms(first.text)
}

/** @throws {Error} when they are not those of pplns */
export function readTerms(text: string): Terms {
  const read = JSON.parse(text)
  if (read.scheme !== 'pplns') throw new Error(`the pool pays by ${read.scheme}: only pplns is computed here`)
  return {
    ...read,
    feePpm: BigInt(read.feePpm),
    window: BigInt(read.window),
    dustLimit: BigInt(read.dustLimit),
  }
}
