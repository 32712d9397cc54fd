import { concatBytes, encodeOutput, sipHash24, sipHashKey } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import type { UpstreamLink } from '../../client/link.ts'
import {
  type ClientDialogue,
  type DialogueNews,
  type JobProposal,
  Proposed,
  provideMissing,
} from './dialogue.ts'

interface Committed {
  readonly proposal: JobProposal
  /** SHA-256 of each transaction's data, in template order. */
  readonly hashes: readonly Uint8Array[]
}

interface CommitDialogueDeps {
  /** SHA-256 once, of every transaction. */
  readonly sha256: (data: Uint8Array) => Uint8Array
  readonly randomBytes: (count: number) => Uint8Array
}

/** A commit names the transactions by short hashes, and the pool completes the coinbase. docs/wire.md O-04. */
export class CommitDialogue implements ClientDialogue {
  readonly #link: UpstreamLink
  readonly #deps: CommitDialogueDeps
  readonly #committed = new Proposed<Committed>()

  constructor(link: UpstreamLink, deps: CommitDialogueDeps) {
    this.#link = link
    this.#deps = deps
  }

  propose(proposal: JobProposal): number {
    const { token, template, transactions } = proposal
    const { sha256, randomBytes } = this.#deps
    const hashes = transactions.map((transaction) => sha256(transaction))
    const nonce = randomBytes(8)
    const key = sipHashKey(sha256(nonce))
    const requestId = this.#committed.add({ proposal, hashes })
    this.#link.send({
      type: 'CommitMiningJob',
      requestId,
      miningJobToken: token.bytes,
      version: template.version,
      coinbaseTxVersion: template.coinbaseTxVersion,
      coinbasePrefix: proposal.scriptPrefix,
      coinbaseTxInputSequence: template.coinbaseTxInputSequence,
      coinbaseTxValueRemaining: proposal.valueRemaining,
      coinbaseTxOutputs: proposal.clientOutputs.map(encodeOutput),
      coinbaseTxLocktime: template.coinbaseTxLocktime,
      minExtranonceSize: proposal.extranonceSize,
      txShortHashNonce: new DataView(nonce.buffer, nonce.byteOffset, 8).getBigUint64(0, true),
      txShortHashList: hashes.map((hash) => sipHash24(key, hash)),
      txHashListHash: sha256(concatBytes(...hashes)),
      excessData: proposal.excessData,
    })
    return requestId
  }

  message(message: Message): DialogueNews | undefined {
    switch (message.type) {
      case 'CommitMiningJob.Success': {
        const { requestId, newMiningJobToken } = message
        if (this.#committed.get(requestId) === undefined) return undefined
        return { kind: 'accepted', requestId, token: newMiningJobToken.slice() }
      }
      case 'CommitMiningJob.Error': {
        const { requestId, errorCode: code, errorDetails } = message
        if (!this.#committed.delete(requestId)) return undefined
        return { kind: 'refused', requestId, code, details: errorDetails.slice() }
      }
      case 'IdentifyTransactions': {
        const { requestId } = message
        const known = this.#committed.get(requestId)
        if (known !== undefined)
          this.#link.send({ type: 'IdentifyTransactions.Success', requestId, txHashList: [...known.hashes] })
        return undefined
      }
      case 'ProvideMissingTransactions': {
        const known = this.#committed.get(message.requestId)
        return known && provideMissing(this.#link, message, known.proposal.transactions)
      }
      default:
        return undefined
    }
  }

  /** There is no such message: the pool has the share, and its server the transactions. */
  push(): void {}
}
