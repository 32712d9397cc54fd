import { addCoinbaseWitness, findWitnessCommitment, type Sha256d } from '@sv2/bitcoin'
import type { Message, PushSolution } from '@sv2/messages'
import type { UpstreamLink } from '../../client/link.ts'
import {
  type ClientDialogue,
  type DialogueNews,
  type JobProposal,
  Proposed,
  provideMissing,
} from './dialogue.ts'

/** Jobs are declared with the whole coinbase and the list of all transactions. docs/wire.md §4.3.2. */
export class DeclareDialogue implements ClientDialogue {
  readonly #link: UpstreamLink
  readonly #sha256d: Sha256d
  readonly #proposed = new Proposed<JobProposal>()

  constructor(link: UpstreamLink, deps: { readonly sha256d: Sha256d }) {
    this.#link = link
    this.#sha256d = deps.sha256d
  }

  propose(proposal: JobProposal): number {
    const { token, template, whole, transactions, excessData, distributionId } = proposal
    if (whole === undefined) throw new RangeError('a job is declared with its coinbase')
    const { coinbase, cut } = whole
    // the witness stays in, where the block has one (JDC-07)
    const { prefix, suffix } =
      findWitnessCommitment(coinbase.outputs) === undefined ? cut : addCoinbaseWitness(cut.prefix, cut.suffix)
    const requestId = this.#proposed.add(proposal)
    this.#link.send({
      type: 'DeclareMiningJob',
      requestId,
      miningJobToken: token.bytes,
      version: template.version,
      coinbaseTxPrefix: prefix,
      coinbaseTxSuffix: suffix,
      wtxidList: transactions.map((transaction) => this.#sha256d(transaction)),
      excessData,
      ...(distributionId === undefined ? {} : { distributionId }),
    })
    return requestId
  }

  message(message: Message): DialogueNews | undefined {
    switch (message.type) {
      case 'DeclareMiningJob.Success': {
        const { requestId, newMiningJobToken } = message
        if (this.#proposed.get(requestId) === undefined) return undefined
        return { kind: 'accepted', requestId, token: newMiningJobToken.slice() }
      }
      case 'DeclareMiningJob.Error': {
        const { requestId, errorCode: code, errorDetails } = message
        if (!this.#proposed.delete(requestId)) return undefined
        return { kind: 'refused', requestId, code, details: errorDetails.slice() }
      }
      case 'ProvideMissingTransactions': {
        const proposal = this.#proposed.get(message.requestId)
        return proposal && provideMissing(this.#link, message, proposal.transactions)
      }
      default:
        return undefined
    }
  }

  push(solution: PushSolution): void {
    this.#link.send(solution)
  }
}
