import { equalBytes } from '@sv2/bitcoin'
import type { IdentifyTransactionsSuccess, ProvideMissingTransactionsSuccess } from '@sv2/messages'
import { type Millis, NEVER } from '../../role.ts'
import { commitTo } from '../commitment.ts'
import { valueTo } from '../custom-coinbase.ts'
import type { Client } from './client.ts'
import { checkOutputs, heightOf } from './coinbase-check.ts'
import { commitDialogue } from './commit-dialogue.ts'
import { declareDialogue } from './declare-dialogue.ts'
import type { Emit } from './facts.ts'
import { hashKey } from './hash-key.ts'
import type { KeptJobs } from './kept-jobs.ts'
import type { TransactionHashes } from './known-transaction.ts'
import { badList, internalError, missingTransactions, type Problem, staleTip } from './problem.ts'
import { completeList, type Dialogue, type Job, type Lookup, type Proposal } from './proposal.ts'
import { takeProvided } from './provided.ts'
import { exampleBlock, problemOf, review } from './review.ts'
import type { ServerLimits } from './settings.ts'
import { solve } from './solve.ts'
import type { Tip } from './tip.ts'
import type { Tokens } from './tokens.ts'
import type { TransactionCache } from './transaction-cache.ts'

/** What the check of proposals works with. */
export interface ProposalsDeps extends TransactionHashes {
  readonly tokens: Tokens
  readonly cache: TransactionCache
  readonly kept: KeptJobs
  readonly emit: Emit
}

const DIALOGUES: Readonly<Record<Client['dialogue'], Dialogue>> = {
  declare: declareDialogue,
  commit: commitDialogue,
}

/** Jobs on their way from a client's proposal to a verdict, the cheap checks first. */
export class Proposals {
  readonly #limits: ServerLimits
  readonly #deps: ProposalsDeps
  readonly #open = new Map<number, Proposal>()
  #tip: Tip | undefined
  #lastId = 0
  #now: Millis = 0

  constructor(limits: ServerLimits, deps: ProposalsDeps) {
    this.#limits = limits
    this.#deps = deps
  }

  /** Jobs that are not decided. */
  get size(): number {
    return this.#open.size
  }

  nextDeadline(): Millis {
    let due = NEVER
    for (const proposal of this.#open.values())
      if (waitsForClient(proposal)) due = Math.min(due, proposal.due)
    return due
  }

  /** Why no further job of this client can be taken now. */
  refusal(client: Client, requestId: number): Problem | undefined {
    const { pendingPerClient, pendingInAll } = this.#limits
    if (client.pending.has(requestId)) return internalError('a job with this request_id is not decided yet')
    if (client.pending.size >= pendingPerClient) return internalError('too many jobs of this connection')
    return this.#open.size < pendingInAll ? undefined : internalError('too many jobs')
  }

  /** Takes a job whose token is good. */
  propose(client: Client, job: Job, now: Millis): void {
    this.#now = now
    const problem = this.#unfit(job)
    if (problem !== undefined || this.#tip === undefined)
      return this.refuse(client, job.requestId, problem ?? internalError('the node has no template yet'))
    this.#lastId++
    const proposal: Proposal = {
      id: this.#lastId,
      client,
      job,
      tip: this.#tip,
      due: now + this.#limits.provideWithinMs,
      stage: 'incomplete',
      transactions: [],
      asked: [],
      providedBytes: 0,
      merklePath: [],
      early: [],
    }
    this.#open.set(proposal.id, proposal)
    client.pending.set(job.requestId, proposal)
    this.#place(proposal)
  }

  identified(client: Client, message: IdentifyTransactionsSuccess, now: Millis): void {
    this.#now = now
    const proposal = client.pending.get(message.requestId)
    if (proposal?.stage !== 'identifying' || proposal.job.promised.kind !== 'shortHashes') return
    proposal.job.promised.hashes = message.txHashList.map((hash) => hash.slice())
    this.#lookUp(proposal)
  }

  provided(client: Client, message: ProvideMissingTransactionsSuccess, now: Millis): void {
    this.#now = now
    const proposal = client.pending.get(message.requestId)
    if (proposal?.stage !== 'incomplete') return
    const problem = takeProvided(proposal, message.transactionList, {
      dialogue: this.#dialogueOf(proposal),
      hashes: this.#deps,
      room: this.#limits.pendingBytes - this.#providedBytes(),
    })
    if (problem !== undefined) return this.#decide(proposal, problem)
    this.#settle(proposal)
  }

  /** The node has said what it thinks of a block. @param verdict null: good; undefined: no node could be asked */
  checked(id: number, verdict: string | null | undefined, now: Millis): void {
    this.#now = now
    const proposal = this.#open.get(id)
    if (proposal?.stage === 'checking') this.#decide(proposal, problemOf(verdict))
    this.#toNode()
  }

  /** The node's template is on this tip. Jobs on another are over, those that were ahead of it go on. */
  onTip(tip: Tip, now: Millis): void {
    this.#now = now
    const moved = this.#tip === undefined || !equalBytes(this.#tip.prevHash, tip.prevHash)
    this.#tip = tip
    if (!moved) return
    for (const proposal of this.#open.values()) {
      if (proposal.stage === 'checking') continue
      proposal.tip = tip
      this.#place(proposal)
    }
    this.#toNode()
  }

  tick(now: Millis): void {
    this.#now = now
    for (const proposal of this.#open.values()) {
      if (!waitsForClient(proposal) || proposal.due > now) continue
      const late =
        proposal.stage === 'ahead'
          ? staleTip('no node of ours has this tip')
          : missingTransactions('what is missing did not come in time')
      this.#decide(proposal, late)
    }
  }

  /** A client is gone: what is complete is still checked, since a solution of it may come another way. */
  left(client: Client): void {
    for (const proposal of client.pending.values())
      if (waitsForClient(proposal)) this.#open.delete(proposal.id)
    client.pending.clear()
  }

  /** Jobs not decided yet, the newest first, those of one connection before all others. */
  inOrderFor(client: Client | undefined): readonly Proposal[] {
    const newest = [...this.#open.values()].reverse()
    const own = newest.filter((proposal) => proposal.client === client)
    return [...own, ...newest.filter((proposal) => proposal.client !== client)]
  }

  refuse(client: Client, requestId: number, problem: Problem): void {
    const dialogue = DIALOGUES[client.dialogue]
    this.#deps.emit({ kind: 'send', to: client.session, message: dialogue.refused(requestId, problem) })
    const { detail } = problem
    this.#deps.emit({ kind: 'jobRefused', session: client.session, code: dialogue.codeOf(problem), detail })
  }

  /** Checks that need neither transactions nor the tip. */
  #unfit({ promised, token, coinbase }: Job): Problem | undefined {
    const { list } = promised
    if (promised.kind === 'wtxids' && new Set(list.map(hashKey)).size < list.length)
      return badList('a transaction stands there twice')
    return checkOutputs({ token, coinbase })
  }

  #place(proposal: Proposal): void {
    const { scriptPrefix } = proposal.job.coinbase
    const height = heightOf(scriptPrefix, proposal.tip.height)
    if (height === 'other')
      return this.#decide(proposal, staleTip(`its height is not ${proposal.tip.height}`))
    if (height === 'next') {
      proposal.stage = 'ahead'
      return
    }
    this.#lookUp(proposal)
  }

  #lookUp(proposal: Proposal): void {
    this.#follow(proposal, this.#dialogueOf(proposal).lookUp(proposal, this.#deps.cache), () =>
      this.#ask(proposal),
    )
  }

  #settle(proposal: Proposal): void {
    this.#follow(proposal, this.#dialogueOf(proposal).settle(proposal), () => this.#review(proposal))
  }

  #follow(proposal: Proposal, lookup: Lookup, goOn: () => void): void {
    if (typeof lookup === 'object') return this.#decide(proposal, lookup)
    if (lookup === 'found') return goOn()
    proposal.stage = 'identifying'
    const { client, job } = proposal
    this.#deps.emit({
      kind: 'send',
      to: client.session,
      message: { type: 'IdentifyTransactions', requestId: job.requestId },
    })
  }

  #ask(proposal: Proposal): void {
    const { client, job, transactions } = proposal
    const missing = transactions.flatMap((tx, place) => (tx === undefined ? [place] : []))
    if (missing.length === 0) return this.#settle(proposal)
    proposal.stage = 'incomplete'
    proposal.asked = missing
    this.#deps.emit({
      kind: 'send',
      to: client.session,
      message: {
        type: 'ProvideMissingTransactions',
        requestId: job.requestId,
        unknownTxPositionList: missing,
      },
    })
    this.#deps.emit({ kind: 'transactionsRequested', session: client.session, count: missing.length })
  }

  #providedBytes(): number {
    let bytes = 0
    for (const { providedBytes } of this.#open.values()) bytes += providedBytes
    return bytes
  }

  #review(proposal: Proposal): void {
    const problem = review(proposal, this.#deps.sha256d)
    if (problem !== undefined) return this.#decide(proposal, problem)
    proposal.stage = 'waiting'
    this.#solveEarly(proposal)
    this.#toNode()
  }

  #solveEarly(proposal: Proposal): void {
    for (const early of proposal.early.splice(0)) {
      const block = solve(proposal, early, this.#deps.sha256d)
      const { session } = early
      this.#deps.emit(block ?? { kind: 'solutionRefused', session, reason: 'it solves no job' })
    }
  }

  #toNode(): void {
    let atNode = 0
    for (const { stage } of this.#open.values()) if (stage === 'checking') atNode++
    for (const proposal of this.#open.values()) {
      if (atNode >= this.#limits.atNode) return
      if (proposal.stage !== 'waiting') continue
      proposal.stage = 'checking'
      atNode++
      const block = exampleBlock(proposal, this.#deps.sha256d)
      this.#deps.emit({ kind: 'proposeBlock', proposalId: proposal.id, block })
    }
  }

  #decide(proposal: Proposal, problem: Problem | undefined): void {
    const { client, job, id } = proposal
    proposal.stage = 'decided'
    this.#open.delete(id)
    const wanted = client.pending.get(job.requestId) === proposal
    if (wanted) client.pending.delete(job.requestId)
    if (problem === undefined) return this.#accept(proposal, wanted)
    if (wanted) this.refuse(client, job.requestId, problem)
  }

  #accept(proposal: Proposal, wanted: boolean): void {
    const { client, job, tip, merklePath } = proposal
    const transactions = completeList(proposal)
    for (const tx of transactions) this.#deps.cache.add(tx)
    this.#deps.kept.add(proposal)
    if (!wanted) return
    const { version, coinbase, minExtranonceSize, token } = job
    const { prevHash, nbits, height } = tip
    const committed = commitTo({ version, prevHash, nbits, coinbase, merklePath }, minExtranonceSize)
    const sealed = this.#deps.tokens.commit(token, committed, this.#now)
    const { session } = client
    this.#deps.emit({
      kind: 'send',
      to: session,
      message: DIALOGUES[client.dialogue].accepted(job.requestId, sealed),
    })
    const payout = valueTo(token.outputs[0]!, coinbase.outputs)
    this.#deps.emit({ kind: 'jobAccepted', session, height, transactions: transactions.length, payout })
  }

  #dialogueOf({ client }: Proposal): Dialogue {
    return DIALOGUES[client.dialogue]
  }
}

/** The stages in which the next word is the client's, or the chain's. */
function waitsForClient({ stage }: Proposal): boolean {
  return stage === 'ahead' || stage === 'identifying' || stage === 'incomplete'
}
