import { displayHash, equalBytes, sipHashKey } from '@sv2/bitcoin'
import {
  answerRequestExtensions,
  type CommitMiningJob,
  type DeclareMiningJob,
  type Message,
  PAYOUT_DISTRIBUTION,
  type PushSolution,
  type RequestExtensions,
} from '@sv2/messages'
import type { MiningJobToken } from '../../custom-jobs/token.ts'
import type { NodeTemplate } from '../../ground/node-template.ts'
import { Outbox } from '../../ground/outbox.ts'
import type { SinglePort } from '../../ground/port.ts'
import type { Millis, Role, SessionEvent, SessionId } from '../../ground/role.ts'
import { Timers } from '../../ground/timers.ts'
import type { Distribution } from '../../payouts/distribution.ts'
import { DistributionBook } from '../../payouts/distribution-book.ts'
import { distributionMessage } from '../../payouts/distribution-message.ts'
import { answerClient, newClient } from './client.ts'
import { committedJob } from './commit-dialogue.ts'
import { declaredJob } from './declare-dialogue.ts'
import type { ServerEffect } from './facts.ts'
import { type KeptJob, KeptJobs } from './kept-jobs.ts'
import { knownTransaction } from './known-transaction.ts'
import { badDistribution, badToken, internalError, type Problem } from './problem.ts'
import type { Client, ProposedJob } from './proposal.ts'
import { Proposals } from './proposals.ts'
import type { NegotiatorServerDeps, NegotiatorServerSettings } from './settings.ts'
import { Solutions } from './solutions.ts'
import { Solved } from './solved.ts'
import { type NodeTip, nodeTipOf } from './tip.ts'
import { TokenDesk } from './token-desk.ts'
import { Tokens } from './tokens.ts'
import { TransactionCache } from './transaction-cache.ts'
import { Verdicts } from './verdicts.ts'
import { LOOK_UNITS, type SlicedWork, Slices, unitsOf } from './work.ts'

export type ServerEvent =
  | SessionEvent<SinglePort<'clients'>>
  /** The node has a template: a new tip, or other transactions. */
  | { readonly kind: 'nodeTemplate'; readonly template: NodeTemplate }
  /** Transactions of the node's mempool, serialized. */
  | { readonly kind: 'transactions'; readonly transactions: readonly Uint8Array[] }
  /** What the node says of a proposed block: null when it is good, undefined when it could not be asked. */
  | {
      readonly kind: 'proposalChecked'
      readonly proposalId: number
      readonly verdict: string | null | undefined
    }
  /** The disk has an accepted job, or refuses it. */
  | { readonly kind: 'jobKept'; readonly proposalId: number; readonly job: KeptJob; readonly isKept: boolean }
  /** What an earlier run had accepted, oldest first; at the start. */
  | { readonly kind: 'jobsRestored'; readonly jobs: readonly KeptJob[] }
  /** The pool has another payout distribution; `voids`: jobs on those before are not taken any more. */
  | { readonly kind: 'distribution'; readonly distribution: Distribution; readonly voids: boolean }
  /** The pool in the same process found a block on a job of its miners. */
  | { readonly kind: 'solution'; readonly solution: PushSolution }

/** The one extension that a server may know. */
const EXTENSIONS = { supported: new Set([PAYOUT_DISTRIBUTION]), required: new Set<number>() }

/**
 * The pool's side of job negotiation: hands out tokens, checks the jobs that miners make for themselves, and sees to
 * it that the blocks of those jobs reach the nodes. Declarations and commits become proposals, which know nothing of
 * how they were spelled.
 */
export class NegotiatorServer implements Role<ServerEvent, ServerEffect> {
  readonly #settings: NegotiatorServerSettings
  readonly #deps: NegotiatorServerDeps
  readonly #clients = new Map<SessionId, Client>()
  readonly #cache: TransactionCache
  readonly #tokens: Tokens
  readonly #desk: TokenDesk
  readonly #kept: KeptJobs
  readonly #slices = new Slices()
  readonly #verdicts: Verdicts
  readonly #proposals: Proposals
  readonly #solutions: Solutions
  readonly #distributions = new DistributionBook()
  #tip: NodeTip | undefined
  #now: Millis = 0
  readonly #timers = new Timers('slice', 'token')
  readonly #outbox = new Outbox<ServerEffect>()

  constructor(settings: NegotiatorServerSettings, deps: NegotiatorServerDeps) {
    const { limits } = settings
    const { sha256d, sha256 } = deps
    const { emit } = this.#outbox
    this.#settings = settings
    this.#deps = deps
    const indexKey = sipHashKey(deps.randomBytes(16))
    this.#cache = new TransactionCache(settings.cache, indexKey)
    this.#tokens = new Tokens(settings.tokenValidSeconds, deps)
    this.#desk = new TokenDesk(settings, { tokens: this.#tokens, emit })
    this.#kept = new KeptJobs(limits.keptJobs, emit)
    const solved = new Solved(emit)
    const [slices, cache] = [this.#slices, this.#cache]
    this.#verdicts = new Verdicts({ tokens: this.#tokens, cache, slices, emit })
    const parts = { sha256d, sha256, cache, indexKey, slices, solved, emit }
    this.#proposals = this.#timers.add(new Proposals(limits, { ...parts, verdicts: this.#verdicts }))
    this.#solutions = new Solutions(sha256d, { kept: this.#kept, proposals: this.#proposals, solved, emit })
  }

  /** Live numbers for metrics. */
  get counts(): {
    readonly clients: number
    readonly pendingJobs: number
    readonly keptJobs: number
    readonly transactions: number
    readonly transactionBytes: number
  } {
    return {
      clients: this.#clients.size,
      pendingJobs: this.#proposals.size,
      keptJobs: this.#kept.size,
      transactions: this.#cache.size,
      transactionBytes: this.#cache.bytes,
    }
  }

  /** The node has given a template: jobs can be checked. */
  get hasTip(): boolean {
    return this.#tip !== undefined
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  handle(event: ServerEvent, now: Millis): readonly ServerEffect[] {
    this.#now = now
    switch (event.kind) {
      case 'nodeTemplate':
        this.#template(event.template)
        break
      case 'transactions':
        this.#slices.before(this.#learning(event.transactions))
        break
      case 'proposalChecked':
        this.#proposals.checked(event.proposalId, event.verdict, now)
        break
      case 'jobKept':
        this.#jobKept(event)
        break
      case 'jobsRestored':
        this.#kept.restore(event.jobs)
        break
      case 'distribution':
        this.#distribution(event)
        break
      case 'solution':
        this.#solutions.found(event.solution)
        break
      case 'tick':
        this.#desk.tick(now)
        this.#proposals.tick(now)
        break
      case 'opened':
        this.#clients.set(
          event.session,
          newClient(
            {
              session: event.session,
              dialogue: event.capabilities.jobDialogue,
              address: event.address,
            },
            this.#settings.limits,
          ),
        )
        break
      case 'closed':
        this.#closed(event.session)
        break
      case 'message': {
        const client = this.#clients.get(event.session)
        if (client !== undefined) this.#message(client, event.message)
      }
    }
    this.#slices.run()
    // what is left of long work goes on as soon as others had their turn
    if (this.#slices.isEmpty) this.#timers.stop('slice')
    else this.#timers.set('slice', now)
    this.#timers.set('token', this.#desk.nextDeadline(now))
    return this.#outbox.take()
  }

  #template(template: NodeTemplate): void {
    this.#slices.before(this.#learningTemplate(template))
    const before = this.#tip
    this.#tip = nodeTipOf(template)
    if (before === undefined || !equalBytes(before.prevHash, template.prevHash)) {
      this.#kept.newTip(this.#tip, before)
      this.#solutions.newTip(template.prevHash)
      const { height, prevHash } = template
      this.#outbox.emit({ kind: 'newTip', height, prevHash: displayHash(prevHash) })
    }
    this.#proposals.onTip(this.#tip, this.#now)
  }

  #distribution({ distribution, voids }: Extract<ServerEvent, { kind: 'distribution' }>): void {
    if (!this.#distributions.take(distribution, { voids })) return
    const to = [...this.#clients.values()].filter((client) => client.takesDistributions)
    const sessions = to.map(({ session }) => session)
    if (sessions.length > 0)
      this.#outbox.emit({ kind: 'send', to: sessions, message: distributionMessage(distribution) })
  }

  *#learning(transactions: readonly Uint8Array[]): SlicedWork {
    for (const data of transactions) {
      const tx = knownTransaction(data, this.#deps)
      if (tx !== undefined) this.#cache.add(tx)
      yield unitsOf(data.length)
    }
  }

  *#learningTemplate({ transactions }: NodeTemplate): SlicedWork {
    for (const { data, txid, wtxid, weight, sigops } of transactions) {
      const known = this.#cache.find(wtxid) !== undefined
      if (!known) this.#cache.add({ data, txid, wtxid, dataHash: this.#deps.sha256(data), weight, sigops })
      yield known ? LOOK_UNITS : unitsOf(data.length) / 2
    }
  }

  /** What the disk refuses is not acknowledged, and so not kept. */
  #jobKept({ proposalId, job, isKept }: Extract<ServerEvent, { kind: 'jobKept' }>): void {
    if (isKept) this.#kept.add(job)
    this.#proposals.kept(proposalId, isKept, this.#now)
  }

  #closed(session: SessionId): void {
    const client = this.#clients.get(session)
    if (client === undefined) return
    this.#clients.delete(session)
    this.#desk.left(client)
    this.#proposals.left(client)
    if (client.mode !== undefined) this.#outbox.emit({ kind: 'clientDisconnected', session })
  }

  #message(client: Client, message: Message): void {
    if (client.mode === undefined) return this.#setup(client, message)
    switch (message.type) {
      case 'AllocateMiningJobToken':
        return this.#desk.asked(client, message, this.#now)
      case 'DeclareMiningJob':
        if (client.dialogue !== 'declare') return this.#unexpected(client, message)
        return this.#propose(client, message, (token) => declaredJob(message, token))
      case 'CommitMiningJob':
        if (client.dialogue !== 'commit') return this.#unexpected(client, message)
        return this.#propose(client, message, (token) => committedJob(message, token))
      case 'IdentifyTransactions.Success':
        return this.#proposals.identified(client, message, this.#now)
      case 'ProvideMissingTransactions.Success':
        return this.#proposals.provided(client, message, this.#now)
      case 'PushSolution':
        return this.#solutions.pushed(client, message, this.#now)
      case 'RequestExtensions':
        return this.#extensions(client, message)
      case 'ChannelEndpointChanged':
      case 'Opaque':
        return
      default:
        this.#unexpected(client, message)
    }
  }

  #setup(client: Client, message: Message): void {
    const { session } = client
    if (message.type !== 'SetupConnection')
      return this.#misbehaved(client, `${message.type} before SetupConnection`)
    const { answer, mode } = answerClient(message, client.dialogue, this.#settings)
    this.#outbox.emit({ kind: 'send', to: session, message: answer })
    if (mode !== undefined) {
      client.mode = mode
      const { vendor, firmware } = message
      this.#outbox.emit({ kind: 'clientConnected', session, vendor, firmware, mode })
      return
    }
    const { errorCode: code, flags } = answer
    this.#outbox.emit({ kind: 'setupRefused', session, code, flags })
    this.#outbox.emit({ kind: 'close', session, reason: code })
  }

  /**
   * A pool that splits blocks by distributions tells them on request (docs/wire.md §6.7). Any other server knows no
   * extension, not even the one that negotiates extensions (EXT-03, EXT-22).
   */
  #extensions(client: Client, message: RequestExtensions): void {
    if (this.#settings.payout.mode !== 'shared') return
    const { session } = client
    const answer = answerRequestExtensions(message, EXTENSIONS)
    client.takesDistributions =
      answer.type === 'RequestExtensions.Success' && answer.supportedExtensions.length > 0
    this.#outbox.emit({ kind: 'send', to: session, message: answer })
    const { newest } = this.#distributions
    if (client.takesDistributions && newest !== undefined)
      this.#outbox.emit({ kind: 'send', to: session, message: distributionMessage(newest) })
  }

  /** The cheap questions first: token, limits, and only then what the job is. */
  #propose(
    client: Client,
    message: DeclareMiningJob | CommitMiningJob,
    read: (token: MiningJobToken) => ProposedJob | Problem,
  ): void {
    const { requestId, miningJobToken } = message
    const refuse = (problem: Problem) => this.#verdicts.refuse(client, requestId, problem)
    if (client.mode === 'coinbase-only') return refuse(badToken('the connection reveals no transactions'))
    if (!client.proposals.take(this.#now))
      return refuse(internalError('more jobs in a minute than the limits allow'))
    const token = this.#tokens.open(miningJobToken, this.#now)
    if (typeof token === 'string') return refuse(badToken(token))
    const busy = this.#proposals.refusal(client, requestId)
    if (busy !== undefined) return refuse(busy)
    this.#tokens.use(token, this.#now)
    const job = read(token)
    if ('code' in job) return refuse(job)
    if (token.distributionId !== undefined) {
      const code = this.#distributions.fault(job.distributionId, job.coinbase.outputs)
      if (code !== undefined) return refuse(badDistribution(code))
    } else if (job.distributionId !== undefined) return refuse(badDistribution('invalid-payout-distribution'))
    this.#proposals.propose(client, job, this.#now)
  }

  #unexpected(client: Client, { type }: Message): void {
    this.#misbehaved(client, `unexpected ${type}`)
  }

  #misbehaved(client: Client, reason: string): void {
    const { session } = client
    this.#outbox.emit({ kind: 'peerMisbehaved', session, reason })
    this.#outbox.emit({ kind: 'close', session, reason })
  }
}
