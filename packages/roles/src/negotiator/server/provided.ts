import { knownTransaction, type TransactionHashes } from './known-transaction.ts'
import { internalError, missingTransactions, type Problem } from './problem.ts'
import type { Dialogue, Proposal } from './proposal.ts'
import { unitsOf, type Work } from './work.ts'

/**
 * Puts the transactions that a client has provided into their places, if they are what it promised.
 * @param how.room bytes that may still be taken, of all clients
 */
export function* takeProvided(
  proposal: Proposal,
  list: readonly Uint8Array[],
  how: { readonly dialogue: Dialogue; readonly hashes: TransactionHashes; readonly room: number },
): Work<Problem | undefined> {
  const { asked, transactions, job, tip } = proposal
  if (list.length !== asked.length)
    return missingTransactions(`${list.length} transactions where ${asked.length} were asked for`)
  const bytes = list.reduce((sum, data) => sum + data.length, 0)
  if (bytes > tip.weightLimit) return missingTransactions(`${bytes} bytes of transactions`)
  if (bytes > how.room) return internalError('too many bytes of transactions wait for their check')
  // Counted before they are read: what waits for its turn waits in memory.
  proposal.providedBytes += bytes
  for (const [index, place] of asked.entries()) {
    const tx = knownTransaction(list[index]!, how.hashes)
    if (tx === undefined || !how.dialogue.isPromised(job.promised, place, tx))
      return missingTransactions(`what was provided for place ${place} is not what was promised`)
    transactions[place] = tx
    yield unitsOf(tx.data.length)
  }
  return undefined
}
