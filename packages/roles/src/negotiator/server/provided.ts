import { concatBytes } from '@sv2/bitcoin'
import { knownTransaction, type TransactionHashes } from './known-transaction.ts'
import { internalError, missingTransactions, type Problem } from './problem.ts'
import type { Proposal, ServerDialogue } from './proposal.ts'
import { type SlicedWork, unitsOf } from './work.ts'

/** What a client has provided, copied out of its message in one piece: most of it waits for its turn. */
export class ProvidedList {
  readonly bytes: Uint8Array
  readonly #ends: Uint32Array

  constructor(list: readonly Uint8Array[]) {
    this.bytes = concatBytes(...list)
    this.#ends = new Uint32Array(list.length)
    let end = 0
    for (const [index, data] of list.entries()) {
      end += data.length
      this.#ends[index] = end
    }
  }

  get length(): number {
    return this.#ends.length
  }

  /** A copy of one transaction's data. */
  at(index: number): Uint8Array {
    return this.bytes.slice(this.#ends[index - 1] ?? 0, this.#ends[index])
  }
}

/**
 * Puts the transactions that a client has provided into their places, if they are what it promised.
 * @param room bytes that may still be taken, of all clients
 */
export function* takeProvided(
  proposal: Proposal,
  list: ProvidedList,
  {
    dialogue,
    hashes,
    room,
  }: { readonly dialogue: ServerDialogue; readonly hashes: TransactionHashes; readonly room: number },
): SlicedWork<Problem | undefined> {
  const { asked, transactions, job, tip } = proposal
  if (list.length !== asked.length)
    return missingTransactions(`${list.length} transactions where ${asked.length} were asked for`)
  const bytes = list.bytes.length
  if (bytes > tip.weightLimit) return missingTransactions(`${bytes} bytes of transactions`)
  if (bytes > room) return internalError('too many bytes of transactions wait for their check')
  // Counted before they are read: what waits for its turn waits in memory.
  proposal.providedBytes += bytes
  for (const [index, place] of asked.entries()) {
    const tx = knownTransaction(list.at(index), hashes)
    if (tx === undefined || !dialogue.isPromised(job.promised, place, tx))
      return missingTransactions(`what was provided for place ${place} is not what was promised`)
    transactions.put(place, tx)
    yield unitsOf(tx.data.length)
  }
  return undefined
}
