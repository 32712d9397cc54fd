import { commitTo } from '../../custom-jobs/commitment.ts'
import { valueTo } from '../../custom-jobs/custom-coinbase.ts'
import type { Emit, Millis } from '../../ground/role.ts'
import { sumOf } from './coinbase-check.ts'
import { commitDialogue } from './commit-dialogue.ts'
import { declareDialogue } from './declare-dialogue.ts'
import type { ServerEffect } from './facts.ts'
import type { Problem } from './problem.ts'
import type { Client, Proposal, ServerDialogue } from './proposal.ts'
import type { Tokens } from './tokens.ts'
import type { TransactionCache } from './transaction-cache.ts'
import type { TransactionList } from './transaction-list.ts'
import { KEEP_UNITS, type SlicedWork, type Slices } from './work.ts'

const DIALOGUES: Readonly<Record<Client['dialogue'], ServerDialogue>> = {
  declare: declareDialogue,
  commit: commitDialogue,
}

/** How the messages of a client's edition name transactions and tell verdicts. */
export function dialogueOf({ dialogue }: Pick<Client, 'dialogue'>): ServerDialogue {
  return DIALOGUES[dialogue]
}

/** What verdicts are told with. */
export interface VerdictsDeps {
  readonly tokens: Tokens
  readonly cache: TransactionCache
  readonly slices: Slices
  readonly emit: Emit<ServerEffect>
}

/** Tells clients what became of their jobs. */
export class Verdicts {
  readonly #deps: VerdictsDeps

  constructor(deps: VerdictsDeps) {
    this.#deps = deps
  }

  /** Tells a client that its job is not taken, and why. */
  refuse(client: Client, requestId: number, problem: Problem): void {
    const dialogue = dialogueOf(client)
    this.#deps.emit({ kind: 'send', to: client.session, message: dialogue.refused(requestId, problem) })
    const { detail } = problem
    this.#deps.emit({ kind: 'jobRefused', session: client.session, code: dialogue.codeOf(problem), detail })
  }

  /** Tells a client that its job is good; one that does not wait for it any more hears nothing. */
  accept(proposal: Proposal, { wanted, now }: { readonly wanted: boolean; readonly now: Millis }): void {
    const { client, job, tip, merklePath, transactions } = proposal
    this.#deps.slices.add(this.#remembering(transactions))
    if (!wanted) return
    const { version, coinbase, minExtranonceSize, token, distributionId } = job
    const { prevHash, nbits, height } = tip
    const committed = commitTo({ version, prevHash, nbits, coinbase, merklePath }, minExtranonceSize)
    const sealed = this.#deps.tokens.commit({ ...token, distributionId }, committed, now)
    const { session } = client
    this.#deps.emit({
      kind: 'send',
      to: session,
      message: dialogueOf(client).accepted(job.requestId, sealed),
    })
    const [script] = token.outputs
    const payout = script === undefined ? sumOf(coinbase.outputs) : valueTo(script, coinbase.outputs)
    this.#deps.emit({ kind: 'jobAccepted', session, height, transactions: transactions.length, payout })
  }

  /** What was in a good job is not asked for again. */
  *#remembering(transactions: TransactionList): SlicedWork {
    for (let place = 0; place < transactions.length; place++) {
      this.#deps.cache.add(transactions.at(place)!)
      yield KEEP_UNITS
    }
  }
}
