import { concatBytes, encodeCompactSize, encodeOutput, equalBytes } from '@sv2/bitcoin'
import type { Message, NewTemplate, PushSolution, SetCustomMiningJobSuccess } from '@sv2/messages'
import { type Emit, type Millis, NEVER } from '../../ground/role.ts'
import type { Tip } from '../../mining/channel/job.ts'
import type { Miners } from '../../mining/miners/miners.ts'
import type { DialogueNews } from './dialogue.ts'
import type { JobClientFact } from './facts.ts'
import type { Tell } from './news.ts'
import type { OwnTemplates } from './own-templates.ts'
import { enter, type PoolWork, type TemplateTransactions } from './own-work.ts'
import type { Pair } from './pair.ts'
import type { Pairs } from './pairs.ts'
import type { PoolShares } from './pool-shares.ts'
import type { Patience } from './settings.ts'
import type { Workshop } from './workshop.ts'

/** Between two tries while pool and we see different tips, ms. */
const RETRY_MS = 1_000
/** Refusals of one job that may have another reason than its tip, before the pair is left. */
const MAX_REFUSALS = 5
/** The template provider has this long to send the transactions of a template, ms. */
const TRANSACTIONS_MS = 10_000
/** Solutions of one job that a server is told before it agrees: it keeps no more until then. */
const MAX_EARLY = 4
/** The code for a job on another tip than the server's. */
const STALE_TIP = 'stale-chain-tip'
/** The code for a job that follows a payout distribution which does not hold any more. */
const STALE_DISTRIBUTION = 'stale-payout-distribution'

/** What jobs are proposed with, and how long an answer may take. */
export interface ProposingDeps {
  readonly miners: Miners
  readonly own: OwnTemplates
  readonly workshop: Workshop
  readonly pairs: Pairs
  readonly shares: PoolShares
  readonly patience: Patience
  readonly fullTemplate: boolean
  readonly emit: Emit<JobClientFact>
  readonly tell: Tell
}

/**
 * Has a pool agree to our jobs: token, transactions, the server's consent, the pool's number for the job. One job at a
 * time; a newer template waits, and a newer tip takes its place at once.
 */
export class Proposing {
  readonly #deps: ProposingDeps
  #requestId = 0

  constructor(deps: ProposingDeps) {
    this.#deps = deps
  }

  /** Begins with new work; answers what it is, so that miners can be put to it where its coinbase is known. */
  begin(
    pair: Pair,
    from: { readonly template: NewTemplate; readonly tip: Tip },
    now: Millis,
  ): PoolWork | undefined {
    const { channel } = pair
    if (channel === undefined) return undefined
    this.abandon(pair, now)
    pair.isBehind = false
    // a pair is worked for when it has given a token, and all of its tokens are alike
    const { distribution, followsDistributions } = pair
    const token = pair.completesCoinbase ? undefined : pair.tokens.newest
    const payees = followsDistributions && distribution !== undefined ? { distribution } : token
    const work = this.#deps.workshop.forPool({ ...from, channel }, payees, now)
    pair.inFlight = work
    this.#deps.pairs.step(pair, 'proposed')
    this.#advance(pair, work, now)
    return work
  }

  /** What is not agreed to yet never will be. */
  abandon(pair: Pair, now: Millis): void {
    const work = pair.inFlight
    pair.inFlight = undefined
    if (work === undefined || work.stage === 'acknowledged') return
    enter(work, 'over', now)
    this.#deps.shares.drop(pair, work, now)
  }

  /** The server is gone: what it had agreed to goes on, the rest is proposed again when it is back. */
  serverGone(pair: Pair, now: Millis): void {
    const work = pair.inFlight
    if (work === undefined) return
    if (work.stage === 'set' || work.stage === 'acknowledged') {
      work.awaitsServer = false
      return this.#settle(pair, work)
    }
    this.#again(work, now)
    this.#backToAgreed(pair, work, now)
  }

  /** The template provider has come anew, and was not asked for the transactions that are waited for. */
  templatesOpened(pair: Pair, now: Millis): void {
    if (pair.inFlight?.stage === 'transactions') this.abandon(pair, now)
  }

  /** A token came. */
  token(pair: Pair, now: Millis): void {
    const work = pair.inFlight
    if (work?.stage === 'token' && work.retryAt === NEVER) this.#advance(pair, work, now)
    else if (work === undefined && pair.isBehind) this.#deps.tell({ kind: 'catchUp', pair }, now)
  }

  /** The transactions of a template came. */
  transactions(pair: Pair, templateId: bigint, found: TemplateTransactions | undefined, now: Millis): void {
    const work = pair.inFlight
    if (work?.stage !== 'transactions' || work.template.templateId !== templateId) return
    if (found === undefined) {
      // the template is out of date, and a newer one on its way
      this.abandon(pair, now)
      pair.isBehind = true
      return
    }
    work.transactions = found
    this.#propose(pair, work, now)
  }

  /**
   * A block of work of ours was found. A server is told at once when it has the job, else with the proposal. Of a job that
   * it does not have it can make no block, of one that it checks it keeps a few solutions, and it closes a client that
   * tells of many more.
   */
  solved(pair: Pair, work: PoolWork, solution: PushSolution): void {
    if (!this.#deps.fullTemplate) return
    const isAgreed = work.isAtServer && !work.awaitsServer
    if (!isAgreed && work.early >= MAX_EARLY) return
    if (!isAgreed) work.early++
    if (work.isAtServer) pair.dialogue?.push(solution)
    else work.untold.push(solution)
  }

  /** The pool or its server said something; true when it was about a job. */
  said(pair: Pair, message: Message, now: Millis): boolean {
    if (message.type === 'SetCustomMiningJob.Success') {
      this.#numbered(pair, message, now)
      return true
    }
    if (message.type === 'SetCustomMiningJob.Error') {
      const work = pair.inFlight
      if (work?.requestId === message.requestId)
        this.#refused(pair, work, { code: message.errorCode, detail: '' }, now)
      return true
    }
    const news = pair.dialogue?.message(message)
    if (news !== undefined) this.#answered(pair, news, now)
    return news !== undefined
  }

  /** Once a second: what is overdue, and what is tried again. */
  watch(pair: Pair, now: Millis): void {
    const { pairs, patience, tell } = this.#deps
    if (pair.isAhead) pair.racingSince = NEVER
    if (pair.racingSince + patience.raceMs <= now)
      return pairs.fail(pair, 'raceLost', 'it sees another chain tip than our node', now)
    const work = pair.inFlight
    if (work === undefined) return
    if (now >= work.retryAt) return this.#advance(pair, work, now)
    const late = (ms: number): boolean => work.retryAt === NEVER && now >= work.stageSince + ms
    switch (work.stage) {
      case 'token':
        if (late(patience.tokenMs)) pairs.fail(pair, 'noToken', 'no token in time', now)
        return
      case 'transactions':
        if (!late(TRANSACTIONS_MS)) return
        this.abandon(pair, now)
        return tell({ kind: 'catchUp', pair }, now)
      case 'proposed':
        if (late(patience.proposalMs)) pairs.fail(pair, 'unanswered', 'no answer to a proposal', now)
        return
      case 'set':
        if (late(patience.customJobMs)) pairs.fail(pair, 'unanswered', 'no answer to SetCustomMiningJob', now)
        return
      case 'acknowledged':
        if (late(patience.proposalMs)) pairs.fail(pair, 'unanswered', 'no answer to a proposal', now)
        return
      case 'over':
        return
    }
  }

  /** The next step of work that has none of its answers yet. */
  #advance(pair: Pair, work: PoolWork, now: Millis): void {
    work.retryAt = NEVER
    const token = pair.tokens.take()
    if (pair.server.link !== undefined) pair.tokens.refill(pair.server.link, pair.settings.userIdentity, now)
    if (token === undefined) {
      if (work.stage !== 'token') enter(work, 'token', now)
      return
    }
    work.token = token
    if (!this.#deps.fullTemplate && !pair.completesCoinbase) return this.#set(pair, work, token.bytes, now)
    work.transactions ??= this.#deps.own.transactionsOf(work.template)
    if (work.transactions === undefined) return enter(work, 'transactions', now)
    this.#propose(pair, work, now)
  }

  #propose(pair: Pair, work: PoolWork, now: Millis): void {
    const { token, transactions } = work
    if (token === undefined || transactions === undefined || pair.dialogue === undefined) return
    enter(work, 'proposed', now)
    work.awaitsServer = true
    work.proposalId = pair.dialogue.propose({
      token,
      template: work.template,
      scriptPrefix: work.scriptPrefix,
      whole: work.whole,
      clientOutputs: work.clientOutputs,
      valueRemaining: work.valueRemaining,
      distributionId: work.distributionId,
      extranonceSize: rolledBytes(work),
      transactions: transactions.list,
      excessData: transactions.excessData,
    })
    work.isAtServer = true
    for (const solution of work.untold.splice(0)) pair.dialogue.push(solution)
    this.#deps.emit({ kind: 'jobProposed', place: pair.place, transactions: transactions.list.length })
    if (token.usableAtOnce) this.#set(pair, work, token.bytes, now)
  }

  #answered(pair: Pair, news: DialogueNews, now: Millis): void {
    if (news.kind === 'broken')
      return this.#deps.pairs.fail(pair, 'unusable', `its server ${news.reason}`, now)
    const work = pair.inFlight
    if (work === undefined || work.proposalId !== news.requestId || !work.awaitsServer) return
    if (news.kind === 'refused') {
      const detail = new TextDecoder().decode(news.details.subarray(0, 200))
      return this.#refused(pair, work, { code: news.code, detail }, now)
    }
    work.awaitsServer = false
    const isSet = work.requestId !== undefined
    // the same token once more: the pool has been told already (JNC-02)
    if (isSet && work.token !== undefined && equalBytes(news.token, work.token.bytes))
      return this.#settle(pair, work)
    this.#set(pair, work, news.token, now)
  }

  #set(pair: Pair, work: PoolWork, token: Uint8Array, now: Millis): void {
    const { template, tip, channel, whole } = work
    if (work.stage !== 'acknowledged') enter(work, 'set', now)
    this.#requestId = (this.#requestId + 1) >>> 0
    work.requestId = this.#requestId
    const outputs =
      whole !== undefined && !pair.completesCoinbase ? whole.coinbase.outputs : work.clientOutputs
    pair.pool.link?.send({
      type: 'SetCustomMiningJob',
      channelId: channel.channelId,
      requestId: work.requestId,
      miningJobToken: token,
      version: template.version,
      prevHash: tip.prevHash,
      minNtime: tip.minNtime,
      nbits: tip.nbits,
      coinbaseTxVersion: template.coinbaseTxVersion,
      coinbasePrefix: work.scriptPrefix,
      coinbaseTxInputSequence: template.coinbaseTxInputSequence,
      coinbaseTxOutputs: concatBytes(encodeCompactSize(outputs.length), ...outputs.map(encodeOutput)),
      coinbaseTxLocktime: template.coinbaseTxLocktime,
      merklePath: template.merklePath,
      extranonceSize: rolledBytes(work),
      // a declared job has said so before
      ...(work.distributionId === undefined || this.#deps.fullTemplate
        ? {}
        : { distributionId: work.distributionId }),
      ...(pair.completesCoinbase ? { coinbaseTxValueRemaining: work.valueRemaining } : {}),
    })
  }

  /** The pool has a number for the job, and pays for it from now on. */
  #numbered(pair: Pair, message: SetCustomMiningJobSuccess, now: Millis): void {
    const { workshop, pairs, miners, emit, tell } = this.#deps
    const work = pair.inFlight
    if (work === undefined || work.requestId !== message.requestId) return
    const { coinbaseTxPrefix: prefix, coinbaseTxSuffix: suffix } = message
    if (work.whole === undefined) {
      const fault =
        prefix === undefined || suffix === undefined
          ? 'no coinbase came with a job that the pool completes'
          : workshop.complete(work, { prefix, suffix })
      if (fault !== undefined) return pairs.fail(pair, 'unusable', fault, now)
    }
    const isFirst = work.jobId === undefined
    work.jobId = message.jobId
    work.agreedAt = miners.nextOrder()
    enter(work, 'acknowledged', now)
    const { place } = pair
    if (isFirst) {
      const afterMs = now - work.since
      emit({
        kind: 'jobAcknowledged',
        place,
        jobId: message.jobId,
        afterMs,
        waiting: work.waiting.length,
      })
    }
    pair.acknowledged = work
    pair.racingSince = NEVER
    pairs.step(pair, 'acknowledged')
    tell({ kind: 'agreed', pair, work }, now)
    this.#settle(pair, work)
    if (pair.isBehind && pair.inFlight === undefined) tell({ kind: 'catchUp', pair }, now)
  }

  /** Nothing more is waited for. */
  #settle(pair: Pair, work: PoolWork): void {
    if (work.stage === 'acknowledged' && !work.awaitsServer && pair.inFlight === work)
      pair.inFlight = undefined
  }

  /**
   * A proposal or a custom job was refused. As long as that may be because one side has seen a block that the other
   * has not, it is tried again; what the code says only shortens or lengthens our patience.
   */
  #refused(
    pair: Pair,
    work: PoolWork,
    { code, detail }: { readonly code: string; readonly detail: string },
    now: Millis,
  ): void {
    const { pairs, own, patience, emit, tell } = this.#deps
    work.refusals++
    if (code === STALE_DISTRIBUTION && work.distributionId !== pair.distribution?.id) {
      emit({ kind: 'jobRefused', place: pair.place, code, detail, again: true })
      this.abandon(pair, now)
      return tell({ kind: 'catchUp', pair }, now)
    }
    const isYoung = now < own.tipSince + patience.raceMs
    const again =
      code === STALE_TIP || code === STALE_DISTRIBUTION || (isYoung && work.refusals < MAX_REFUSALS)
    emit({ kind: 'jobRefused', place: pair.place, code, detail, again })
    if (!again) return pairs.fail(pair, 'jobRefused', `it refused a job: ${code}`, now)
    pair.racingSince = Math.min(pair.racingSince, now)
    this.#again(work, now)
    work.retryAt = now + RETRY_MS
    pairs.step(pair, 'raced')
    if (work.refusals === 1) this.#backToAgreed(pair, work, now)
  }

  /** It is proposed once more, with another token; what was found for it still waits. */
  #again(work: PoolWork, now: Millis): void {
    if (work.awaitsServer) {
      work.isAtServer = false
      work.early = 0
    }
    work.awaitsServer = false
    work.proposalId = undefined
    work.requestId = undefined
    enter(work, 'token', now)
  }

  /** While a job is disputed, or has to wait, miners work on the one before, where that is of the same tip. */
  #backToAgreed(pair: Pair, disputed: PoolWork, now: Millis): void {
    const { acknowledged } = pair
    // miners work for another one
    if (pair.state === 'ready') return
    if (acknowledged === undefined || acknowledged.tip !== disputed.tip) return
    if (acknowledged !== disputed) this.#deps.workshop.handAgain(acknowledged, now)
  }
}

/** Bytes of the extranonce that are ours: spare and split ones. */
function rolledBytes(work: PoolWork): number {
  return work.extranonceSize - work.upstreamPrefix.length
}
