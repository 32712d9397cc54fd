import { readFileSync } from 'node:fs'
import { type NodeRpc, NodeRpcError } from '@sv2/runtime'

/** What is to be booked, and where. */
export interface Recording {
  /** The signed transaction, or its txid; hex. */
  readonly tx: string
  /** URL of the pool's API. */
  readonly pool: string
  /** File with the token of the API. */
  readonly tokenFile: string
}

/** How long the pool may take to answer, ms. */
const TIMEOUT_MS = 30_000

interface Booked {
  readonly txid: string
  readonly booked: 'now' | 'before'
  readonly paid: readonly { readonly account: string; readonly value_sat: number }[]
  readonly to_pool_sat: number
  readonly error?: string
}

/**
 * Has the running pool book a transaction: it alone writes its journal.
 * @throws {Error} in words for the operator
 */
export async function record(
  { tx, pool, tokenFile }: Recording,
  { node, print }: { readonly node: NodeRpc | undefined; readonly print: (text: string) => void },
): Promise<void> {
  const transaction = /^[0-9a-f]{64}$/i.test(tx) ? await transactionOf(tx, node) : tx
  const answer = await fetch(new URL('/api/v1/payments', pool), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ transaction }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new Error(`the pool does not answer at ${pool}; it has to run, since it alone writes its journal`, {
      cause: error,
    })
  })
  const told = (await answer.json()) as Booked
  if (!answer.ok) throw new Error(told.error ?? `the pool answers ${answer.status}`)
  for (const { account, value_sat } of told.paid)
    print(`${String(value_sat).padStart(16)} sat  to ${account}`)
  print(`${String(told.to_pool_sat).padStart(16)} sat  back to the pool`)
  print(told.booked === 'now' ? `${told.txid} is booked` : `${told.txid} was booked before: nothing changed`)
}

/** Of the node's wallet, or of its mempool or index. */
async function transactionOf(txid: string, node: NodeRpc | undefined): Promise<string> {
  if (node === undefined) throw new Error('ledger.nodes names no node: give the transaction itself, in hex')
  try {
    return ((await node.call('gettransaction', [txid])) as { readonly hex: string }).hex
  } catch (error) {
    if (!(error instanceof NodeRpcError)) throw error
    return String(await node.call('getrawtransaction', [txid]))
  }
}
