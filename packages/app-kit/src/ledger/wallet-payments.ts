import {
  displayHash,
  hex,
  type Network,
  parseTransaction,
  scriptToAddress,
  txid as txidOf,
} from '@sv2/bitcoin'
import { POOL } from '@sv2/roles/ledger'
import { ApiRefusal } from '../api/refusal.ts'
import type { BookedPayment } from '../api/sources.ts'
import type { LedgerClient } from './ledger-client.ts'
import { untilOnDisk } from './on-disk.ts'
import type { PoolJournal } from './pool-journal.ts'

/** What payments are booked with. */
export interface WalletPaymentsDeps {
  readonly ledger: Pick<LedgerClient, 'ask'>
  readonly journal: Pick<PoolJournal, 'pay'>
  readonly network: Network
}

/**
 * Books a transaction of the operator's wallet: each output pays the account whose script it has. The pool's own process
 * writes it, since two processes cannot write one journal. Answers when it is on disk.
 * @throws {ApiRefusal} when the bytes are not a transaction, or an output is nobody's
 */
export async function bookPayment(
  bytes: Uint8Array,
  { ledger, journal, network }: WalletPaymentsDeps,
): Promise<BookedPayment> {
  const transaction = read(bytes)
  const txid = txidOf(transaction)
  const scripts = transaction.outputs.map(({ script }) => hex(script))
  const ask = () => ledger.ask({ kind: 'payees', txid: hex(txid), scripts })
  const { isBooked, names } = await ask()
  const outputs = transaction.outputs.map(({ value, script }, at) => ({
    name: names[at] ?? null,
    value,
    script,
  }))
  const strangers = outputs.filter(({ name }) => name === null)
  if (strangers.length > 0)
    throw new ApiRefusal(
      409,
      `outputs of no account: ${strangers.map(({ script, value }) => `${scriptToAddress(script, network) ?? hex(script)} (${value} sat)`).join(', ')}`,
    )
  const paid = outputs.flatMap(({ name, value }) => (name === null || name === POOL ? [] : [{ name, value }]))
  if (paid.length === 0) throw new ApiRefusal(409, 'the transaction pays no account')
  if (!isBooked) {
    journal.pay({ txid, paid })
    await untilOnDisk(async () => (await ask()).isBooked)
  }
  return {
    txid: displayHash(txid),
    booked: isBooked ? 'before' : 'now',
    paid: paid.map(({ name, value }) => ({ account: name, value_sat: Number(value) })),
    to_pool_sat: Number(outputs.reduce((sum, { name, value }) => (name === POOL ? sum + value : sum), 0n)),
  }
}

function read(bytes: Uint8Array): ReturnType<typeof parseTransaction> {
  try {
    return parseTransaction(bytes)
  } catch (error) {
    throw new ApiRefusal(400, `not a transaction: ${(error as Error).message}`)
  }
}
