import { equalBytes, hex } from '@sv2/bitcoin'
import type { IdentifyTransactionsSuccess, ProvideMissingTransactionsSuccess } from '@sv2/messages'
import { type Emit, type Millis, NEVER } from '../../ground/role.ts'
import { checkOutputs, heightOf } from './coinbase-check.ts'
import type { ServerEffect } from './facts.ts'
import { firstOfMost } from './fair-share.ts'
import { HashList } from './hash-list.ts'
import type { TransactionHashes } from './known-transaction.ts'
import { internalError, missingTransactions, type Problem, staleTip } from './problem.ts'
import type { Client } from './proposal.ts'
import {
  holderOf,
  isWanted,
  type LookUpDeps,
  type Lookup,
  type Proposal,
  type ProposedJob,
  solvableOf,
  waitsForClient,
} from './proposal.ts'
import { ProvidedList, takeProvided } from './provided.ts'
import { exampleBlock, problemOf, review } from './review.ts'
import type { ServerLimits } from './settings.ts'
import { solve } from './solve.ts'
import type { Solved } from './solved.ts'
import type { NodeTip } from './tip.ts'
import { TransactionList } from './transaction-list.ts'
import { dialogueOf, type Verdicts } from './verdicts.ts'
import { JOIN_UNITS, type SlicedWork, type Slices } from './work.ts'

/** What the check of proposals works with. */
export interface ProposalsDeps extends TransactionHashes, LookUpDeps {
  readonly verdicts: Verdicts
  readonly solved: Solved
  readonly slices: Slices
  readonly emit: Emit<ServerEffect>
}

/** Jobs on their way from a client's proposal to a verdict, the cheap checks first. */
export class Proposals {
  readonly #limits: ServerLimits
  readonly #deps: ProposalsDeps
  readonly #open = new Map<number, Proposal>()
  readonly #slices: Slices
  readonly #verdicts: Verdicts
  #tip: NodeTip | undefined
  #lastId = 0
  #now: Millis = 0

  /** Jobs that went to the node so far. */
  #served = 0

  constructor(limits: ServerLimits, deps: ProposalsDeps) {
    this.#limits = limits
    this.#deps = deps
    this.#slices = deps.slices
    this.#verdicts = deps.verdicts
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

  /**
   * Why no further job of this client can be taken now. When there are too many in all, one that waits for its client
   * makes room: of those who hold most, the one that was asked longest ago.
   */
  refusal(client: Client, requestId: number): Problem | undefined {
    const { pendingPerClient, pendingInAll } = this.#limits
    if (client.pending.has(requestId)) return internalError('a job with this request_id is not decided yet')
    if (client.pending.size >= pendingPerClient) return internalError('too many jobs of this connection')
    if (this.#open.size < pendingInAll) return undefined
    const unanswered = firstOfMost([...this.#open.values()].filter(waitsForClient), holderOf)
    if (unanswered === undefined) return internalError('too many jobs')
    this.#decide(unanswered, missingTransactions('it made room for another job'))
    return undefined
  }

  /** Takes a job whose token is good. */
  propose(client: Client, job: ProposedJob, now: Millis): void {
    this.#now = now
    const problem = this.#unfit(job)
    if (problem !== undefined || this.#tip === undefined)
      return this.#verdicts.refuse(
        client,
        job.requestId,
        problem ?? internalError('the node has no template yet'),
      )
    this.#lastId++
    const proposal: Proposal = {
      id: this.#lastId,
      client,
      job,
      tip: this.#tip,
      due: now + this.#limits.provideWithinMs,
      stage: 'incomplete',
      transactions: new TransactionList(0),
      asked: [],
      providedBytes: 0,
      work: undefined,
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
    proposal.job.promised.hashes = HashList.of(message.txHashList)
    this.#lookUp(proposal)
  }

  provided(client: Client, message: ProvideMissingTransactionsSuccess, now: Millis): void {
    this.#now = now
    const proposal = client.pending.get(message.requestId)
    if (proposal?.stage !== 'incomplete') return
    this.#work(proposal, this.#providing(proposal, new ProvidedList(message.transactionList)))
  }

  *#providing(proposal: Proposal, list: ProvidedList): SlicedWork {
    this.#makeRoomFor(proposal, list.bytes.length)
    const problem = yield* takeProvided(proposal, list, {
      dialogue: dialogueOf(proposal.client),
      hashes: this.#deps,
      room: this.#limits.pendingBytes - this.#providedBytes(),
    })
    if (problem !== undefined) return this.#decide(proposal, problem)
    this.#settle(proposal)
  }

  /** The disk has a job that the node found good, or refuses it. */
  kept(id: number, isKept: boolean, now: Millis): void {
    this.#now = now
    const proposal = this.#open.get(id)
    if (proposal?.stage !== 'keeping') return
    this.#decide(proposal, isKept ? undefined : internalError('the job cannot be kept on disk now'))
  }

  /** The node has said what it thinks of a block. @param verdict null: good; undefined: no node could be asked */
  checked(id: number, verdict: string | null | undefined, now: Millis): void {
    this.#now = now
    const proposal = this.#open.get(id)
    if (proposal?.stage === 'checking') {
      const problem = problemOf(verdict)
      if (problem === undefined) this.#keep(proposal)
      else this.#decide(proposal, problem)
    }
    this.#toNode()
  }

  /** The node's template is on this tip. Jobs on another are over, those that were ahead of it go on. */
  onTip(tip: NodeTip, now: Millis): void {
    this.#now = now
    const moved = this.#tip === undefined || !equalBytes(this.#tip.prevHash, tip.prevHash)
    this.#tip = tip
    if (!moved) return
    for (const proposal of this.#open.values()) {
      if (proposal.stage === 'checking' || proposal.stage === 'keeping') continue
      this.#stopWork(proposal)
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
    for (const proposal of client.pending.values()) if (waitsForClient(proposal)) this.#drop(proposal)
    client.pending.clear()
  }

  /** Jobs not decided yet, the newest first, those of one connection before all others. */
  inOrderFor(client: Client | undefined): readonly Proposal[] {
    const newest = [...this.#open.values()].reverse()
    const own = newest.filter((proposal) => proposal.client === client)
    return [...own, ...newest.filter((proposal) => proposal.client !== client)]
  }

  /** Checks that need neither transactions nor the tip. */
  #unfit({ token, coinbase }: ProposedJob): Problem | undefined {
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
    this.#work(proposal, this.#lookingUp(proposal))
  }

  *#lookingUp(proposal: Proposal): SlicedWork {
    const lookup = yield* dialogueOf(proposal.client).lookUp(proposal, this.#deps)
    this.#follow(proposal, lookup, () => this.#ask(proposal))
  }

  #settle(proposal: Proposal): void {
    this.#follow(proposal, dialogueOf(proposal.client).settle(proposal, this.#deps), () =>
      this.#work(proposal, this.#reviewing(proposal)),
    )
  }

  #follow(proposal: Proposal, lookup: Lookup, goOn: () => void): void {
    if (typeof lookup === 'object') return this.#decide(proposal, lookup)
    if (lookup === 'found') return goOn()
    if (!isWanted(proposal)) return this.#drop(proposal)
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
    const missing = transactions.missing()
    if (missing.length === 0) return this.#settle(proposal)
    if (!isWanted(proposal)) return this.#drop(proposal)
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

  /** What has not come to its check yet gives way when bytes are scarce: of those who hold most, the first. */
  #makeRoomFor(newest: Proposal, bytes: number): void {
    while (this.#providedBytes() + bytes > this.#limits.pendingBytes) {
      const held = [...this.#open.values()].filter(
        ({ stage, providedBytes }) => providedBytes > 0 && stage !== 'checking' && stage !== 'keeping',
      )
      const largest = firstOfMost(held, holderOf, ({ providedBytes }) => providedBytes)
      if (largest === undefined || largest.client === newest.client) return
      this.#decide(largest, internalError('it made room for another job'))
    }
  }

  *#reviewing(proposal: Proposal): SlicedWork {
    const problem = yield* review(proposal, this.#deps.sha256d)
    if (problem !== undefined) return this.#decide(proposal, problem)
    // Of a full block the joining is work for a slice of its own.
    yield proposal.transactions.length * JOIN_UNITS
    proposal.stage = 'waiting'
    this.#solveEarly(proposal)
    this.#toNode()
  }

  #solveEarly(proposal: Proposal): void {
    for (const early of proposal.early.splice(0)) {
      const block = solve(solvableOf(proposal), early, this.#deps.sha256d)
      const { session } = early
      if (block === undefined)
        this.#deps.emit({ kind: 'solutionRefused', session, reason: 'it solves no job' })
      else this.#deps.solved.add(early.solution, block)
    }
  }

  /** Who was not served longest is next, and of several of theirs the first. */
  #toNode(): void {
    let atNode = 0
    for (const { stage } of this.#open.values()) if (stage === 'checking') atNode++
    for (; atNode < this.#limits.atNode; atNode++) {
      let next: Proposal | undefined
      for (const proposal of this.#open.values())
        if (
          proposal.stage === 'waiting' &&
          (next === undefined || proposal.client.servedAt < next.client.servedAt)
        )
          next = proposal
      if (next === undefined) return
      this.#served++
      next.client.servedAt = this.#served
      next.stage = 'checking'
      const block = exampleBlock(next, this.#deps.sha256d)
      this.#deps.emit({ kind: 'proposeBlock', proposalId: next.id, block })
    }
  }

  /** A good job goes to the disk; its client hears of it when it is there. */
  #keep(proposal: Proposal): void {
    proposal.stage = 'keeping'
    const { id, job, providedBytes } = proposal
    this.#deps.emit({
      kind: 'keepJob',
      proposalId: id,
      job: {
        id: hex(job.token.serial),
        holder: holderOf(proposal),
        providedBytes,
        ...solvableOf(proposal),
      },
    })
  }

  #decide(proposal: Proposal, problem: Problem | undefined): void {
    const { client, job } = proposal
    const wanted = isWanted(proposal)
    this.#drop(proposal)
    if (problem === undefined) return this.#verdicts.accept(proposal, { wanted, now: this.#now })
    if (wanted) this.#verdicts.refuse(client, job.requestId, problem)
  }

  #drop(proposal: Proposal): void {
    const { client, job, id } = proposal
    const wanted = isWanted(proposal)
    this.#stopWork(proposal)
    proposal.stage = 'decided'
    this.#open.delete(id)
    if (wanted) client.pending.delete(job.requestId)
  }

  /** Long work of a job; what was under way of it is over. */
  #work(proposal: Proposal, work: SlicedWork): void {
    this.#stopWork(proposal)
    proposal.stage = 'working'
    proposal.work = work
    this.#slices.add(work)
  }

  #stopWork(proposal: Proposal): void {
    if (proposal.work !== undefined) this.#slices.drop(proposal.work)
    proposal.work = undefined
  }
}
