import { merklePath } from '@sv2/bitcoin'
import type { NodeTemplate, NodeTransaction } from '@sv2/roles/ground'
import { fastSha256d } from '../crypto/fast-sha256d.ts'
import { pooledCopy } from './pooled-copy.ts'

/**
 * A template on its way from one thread to another: arrays of numbers, which are handed over, instead of an object for each
 * transaction, which would be copied. Of transactions that the template before had, it says only where.
 */
export interface PackedTemplate {
  readonly head: Omit<NodeTemplate, 'transactions'>
  /** Of each transaction: its place in the template before, or −1 for a new one. */
  readonly from: Int32Array
  /** Satoshi. */
  readonly fees: Float64Array
  /** Of each transaction: weight units, signature operation cost, number of transactions it depends on. */
  readonly numbers: Uint32Array
  /** What they depend on, one transaction behind the other. */
  readonly depends: Uint32Array
  /** Of each new transaction: length in bytes. */
  readonly lengths: Uint32Array
  /** Serializations of the new ones, and their two hashes, one transaction behind the other. */
  readonly data: Uint8Array
  readonly hashes: Uint8Array
}

const NUMBERS = 3
const HASH = 32

/** Packs templates, one after another, all of which are unpacked in that order. */
export class TemplatePacker {
  /** Places in the last template, by the array with the serialization: that of a known transaction is the same one. */
  #places = new Map<Uint8Array, number>()

  /** Packs a template, and computes its merkle path beside. */
  pack({ transactions, ...head }: NodeTemplate): PackedTemplate {
    const places = new Map<Uint8Array, number>()
    const from = new Int32Array(transactions.length)
    const fees = new Float64Array(transactions.length)
    const numbers = new Uint32Array(NUMBERS * transactions.length)
    const fresh: NodeTransaction[] = []
    for (const [place, each] of transactions.entries()) {
      const before = this.#places.get(each.data) ?? -1
      if (before === -1) fresh.push(each)
      places.set(each.data, place)
      from[place] = before
      fees[place] = Number(each.fee)
      numbers.set([each.weight, each.sigops, each.depends.length], NUMBERS * place)
    }
    this.#places = places
    const path = merklePath(
      transactions.map(({ txid }) => txid),
      fastSha256d,
    )
    return {
      head: { ...head, merklePath: path },
      from,
      fees,
      numbers,
      depends: Uint32Array.from(transactions.flatMap(({ depends }) => depends)),
      lengths: Uint32Array.from(fresh, ({ data }) => data.length),
      data: together(fresh.map(({ data }) => data)),
      hashes: together(fresh.flatMap(({ txid, wtxid }) => [txid, wtxid])),
    }
  }
}

/** What is handed over with a packed template. */
export function buffersOf({
  from,
  fees,
  numbers,
  depends,
  lengths,
  data,
  hashes,
}: PackedTemplate): ArrayBuffer[] {
  return [from, fees, numbers, depends, lengths, data, hashes].map(({ buffer }) => buffer as ArrayBuffer)
}

/** Unpacks templates in the order they were packed in. What has not changed is the same object again. */
export class TemplateUnpacker {
  #last: readonly NodeTransaction[] = []

  unpack(packed: PackedTemplate): NodeTemplate {
    const { head, from, fees, numbers, depends, lengths, data, hashes } = packed
    const transactions: NodeTransaction[] = new Array(from.length)
    let freshPlace = 0
    let dataAt = 0
    let dependsAt = 0
    for (let place = 0; place < from.length; place++) {
      const at = NUMBERS * place
      const count = numbers[at + 2]!
      const said = {
        fee: fees[place]!,
        weight: numbers[at]!,
        sigops: numbers[at + 1]!,
        depends: count === 0 ? NONE : [...depends.subarray(dependsAt, dependsAt + count)],
      }
      dependsAt += count
      const before = this.#last[from[place]!]
      if (before !== undefined) {
        transactions[place] = isSame(before, said) ? before : { ...before, ...said, fee: BigInt(said.fee) }
        continue
      }
      const length = lengths[freshPlace]!
      const hashesAt = 2 * HASH * freshPlace
      transactions[place] = {
        ...said,
        data: pooledCopy(data.subarray(dataAt, dataAt + length)),
        txid: pooledCopy(hashes.subarray(hashesAt, hashesAt + HASH)),
        wtxid: pooledCopy(hashes.subarray(hashesAt + HASH, hashesAt + 2 * HASH)),
        fee: BigInt(said.fee),
      }
      freshPlace++
      dataAt += length
    }
    this.#last = transactions
    return { ...head, transactions }
  }
}

const NONE: readonly number[] = []

interface Said {
  readonly fee: number
  readonly weight: number
  readonly sigops: number
  readonly depends: readonly number[]
}

function isSame(before: NodeTransaction, { fee, weight, sigops, depends }: Said): boolean {
  return (
    Number(before.fee) === fee &&
    before.weight === weight &&
    before.sigops === sigops &&
    before.depends.length === depends.length &&
    depends.every((place, index) => before.depends[index] === place)
  )
}

function together(arrays: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const array of arrays) {
    all.set(array, at)
    at += array.length
  }
  return all
}
