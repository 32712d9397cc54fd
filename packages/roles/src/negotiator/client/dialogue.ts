import type { SplitCoinbase, TxOutput } from '@sv2/bitcoin'
import type { Message, NewTemplate, ProvideMissingTransactions, PushSolution } from '@sv2/messages'
import type { UpstreamLink } from '../../client/link.ts'
import type { CustomCoinbase } from '../../custom-jobs/custom-coinbase.ts'
import type { GrantedToken } from './granted-token.ts'

/** A job of ours, as a server is asked to agree to it. */
export interface JobProposal {
  readonly token: GrantedToken
  readonly template: NewTemplate
  /** scriptSig up to the extranonce. */
  readonly scriptPrefix: Uint8Array
  /** The coinbase, cut around the extranonce, stripped; undefined where the pool completes it. */
  readonly whole: { readonly coinbase: CustomCoinbase; readonly cut: SplitCoinbase } | undefined
  /** Our outputs and the template's, in this order. */
  readonly clientOutputs: readonly TxOutput[]
  /** Satoshi that these leave. */
  readonly valueRemaining: bigint
  /** The payout distribution that the coinbase follows. */
  readonly distributionId: bigint | undefined
  /** Bytes of the extranonce that we roll. */
  readonly extranonceSize: number
  /** In template order, without the coinbase. */
  readonly transactions: readonly Uint8Array[]
  /** As the template provider sent it; the client does not read it (JDC-13, JNC-04). */
  readonly excessData: Uint8Array
}

/** What a server says to our proposals. */
export type DialogueNews =
  | { readonly kind: 'accepted'; readonly requestId: number; readonly token: Uint8Array }
  | {
      readonly kind: 'refused'
      readonly requestId: number
      readonly code: string
      /** What the server adds, readable or not. */
      readonly details: Uint8Array
    }
  /** It asks for something no answer can be given to. */
  | { readonly kind: 'broken'; readonly reason: string }

/** The part of job negotiation in which servers differ: how a job is proposed, and what is asked back. */
export interface ClientDialogue {
  /** Proposes a job; answers the id of its answer. */
  propose(proposal: JobProposal): number
  /** Takes what the server says. */
  message(message: Message): DialogueNews | undefined
  /** Tells the server of a block on a proposed job, where there is a word for it. */
  push(solution: PushSolution): void
}

/** Proposals whose transactions may still be asked for. */
export const MAX_ASKED_BACK = 8

/** Keeps what was proposed by request id, the newest few. */
export class Proposed<T> {
  readonly #kept = new Map<number, T>()
  #lastId = 0

  add(proposed: T): number {
    this.#lastId = (this.#lastId + 1) >>> 0
    this.#kept.set(this.#lastId, proposed)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_ASKED_BACK) break
      this.#kept.delete(oldest)
    }
    return this.#lastId
  }

  get(requestId: number): T | undefined {
    return this.#kept.get(requestId)
  }

  delete(requestId: number): boolean {
    return this.#kept.delete(requestId)
  }
}

/** Sends the server the transactions that it misses; it has broken the protocol when the job has none at such a place. */
export function provideMissing(
  link: UpstreamLink,
  { requestId, unknownTxPositionList }: ProvideMissingTransactions,
  transactions: readonly Uint8Array[],
): DialogueNews | undefined {
  const transactionList = transactionsAt(transactions, unknownTxPositionList)
  if (transactionList === undefined)
    return { kind: 'broken', reason: 'asks for a transaction that the job does not have' }
  link.send({ type: 'ProvideMissingTransactions.Success', requestId, transactionList })
  return undefined
}

/** The transactions at these places; undefined when one of them has no transaction. */
function transactionsAt(
  transactions: readonly Uint8Array[],
  places: readonly number[],
): Uint8Array[] | undefined {
  const found: Uint8Array[] = []
  for (const place of places) {
    const transaction = transactions[place]
    if (transaction === undefined) return undefined
    found.push(transaction)
  }
  return found
}
