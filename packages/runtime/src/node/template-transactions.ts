import { parseTransaction, transactionWeight } from '@sv2/bitcoin'
import type { NodeTransaction } from '@sv2/roles/ground'
import { z } from 'zod'
import { fastSha256d } from '../crypto/fast-sha256d.ts'
import { hexBytes } from './hex-text.ts'
import { readAnswer } from './read-answer.ts'

const hash = z.string().regex(/^[0-9a-f]{64}$/i)
const transaction = z.object({
  data: z.string().regex(/^(?:[0-9a-f]{2})*$/i),
  txid: hash,
  hash: hash.optional(),
  depends: z.array(z.int().min(1)),
  fee: z.coerce.bigint(),
  sigops: z.int().min(0).default(0),
  weight: z.int().min(0).optional(),
})
const answer = z.object({ transactions: z.array(transaction) })

/** What is the same in every template that has a transaction. */
type Bytes = Pick<NodeTransaction, 'data' | 'txid' | 'wtxid'>

/**
 * Reads the transactions of templates. A full block has 9,000 and more, most of which the template before had: their bytes are
 * kept, and read once. By a schema alone they took 62 ms of 6 MB, and 7 ms so.
 */
export class TemplateTransactions {
  /** Those of the last answer, by `hash` as the node tells it. */
  #known = new Map<string, Bytes>()

  /**
   * Reads them in the order of the template.
   * @throws {OddAnswer} naming the members that are missing or wrong
   */
  read(transactions: readonly unknown[]): readonly NodeTransaction[] {
    return this.#asUsual(transactions) ?? strictly(transactions)
  }

  /** As Bitcoin Core tells them; undefined where one is told in another way. */
  #asUsual(transactions: readonly unknown[]): readonly NodeTransaction[] | undefined {
    const known = this.#known
    const kept = new Map<string, Bytes>()
    const read: NodeTransaction[] = []
    for (const each of transactions) {
      const { data, txid, hash: wtxid, depends, fee, sigops, weight } = Object(each)
      if (!isHashText(txid) || !isHashText(wtxid) || typeof data !== 'string') return undefined
      if (!isCount(fee) || !isCount(sigops) || !isCount(weight) || !isPlaces(depends)) return undefined
      const bytes = known.get(wtxid) ?? bytesOf({ data, txid, wtxid })
      if (bytes === undefined) return undefined
      kept.set(wtxid, bytes)
      const places = depends.map((place) => place - 1)
      read.push({ ...bytes, fee: BigInt(fee), weight, sigops, depends: places })
    }
    this.#known = kept
    return read
  }
}

/** By the schema: what is optional may be missing, and what is wrong is named. */
function strictly(transactions: readonly unknown[]): readonly NodeTransaction[] {
  return readAnswer(answer, 'getblocktemplate', { transactions }).transactions.map((tx) => {
    const data = hexBytes(tx.data)
    return {
      data,
      txid: hashOf(tx.txid),
      wtxid: tx.hash === undefined ? fastSha256d(data) : hashOf(tx.hash),
      fee: tx.fee,
      weight: tx.weight ?? transactionWeight(parseTransaction(data)),
      sigops: tx.sigops,
      depends: tx.depends.map((place) => place - 1),
    }
  })
}

/** Undefined where one is no hex. */
function bytesOf(texts: { readonly [Key in keyof Bytes]: string }): Bytes | undefined {
  try {
    return { data: hexBytes(texts.data), txid: hashOf(texts.txid), wtxid: hashOf(texts.wtxid) }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}

/**
 * From the order of the display to that of headers. Digit by digit: an array of 32 bytes stays in the heap unless the host is
 * handed its buffer, and 18,000 buffers outside were half of what a template cost.
 * @throws {RangeError} for a text that is not hex
 */
function hashOf(text: string): Uint8Array {
  const hash = new Uint8Array(32)
  for (let at = 0; at < 32; at++) {
    const byte = (digit(text.charCodeAt(62 - 2 * at)) << 4) | digit(text.charCodeAt(63 - 2 * at))
    if (byte < 0) throw new RangeError(`no hash: "${text}"`)
    hash[at] = byte
  }
  return hash
}

/** Of a hexadecimal digit; negative for what is none. */
function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -0x100
}

function isHashText(value: unknown): value is string {
  return typeof value === 'string' && value.length === 64
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Counted from 1. */
function isPlaces(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((place) => isCount(place) && place >= 1)
}
