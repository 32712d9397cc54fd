import { displayHash, equalBytes, targetToDifficulty } from '@sv2/bitcoin'
import { type Message, type NewTemplate, PAYOUT_DISTRIBUTION } from '@sv2/messages'
import { TemplateFeeds, type TemplatesNews } from '../client/template-feeds.ts'
import { Outbox } from '../ground/outbox.ts'
import type { Millis, Role, SessionId } from '../ground/role.ts'
import { Timers } from '../ground/timers.ts'
import type { Channel } from '../mining/channel/channel.ts'
import { isSameTip, type Job, type Tip } from '../mining/channel/job.ts'
import { JobBook, MAX_EXTRA_JOBS } from '../mining/channel/job-book.ts'
import type { Jobs } from '../mining/channel/jobs.ts'
import type { GoodShare, Share } from '../mining/channel/judge.ts'
import { Miners } from '../mining/miners/miners.ts'
import type { CustomJobRequest, WorkRequest } from '../mining/miners/work-source.ts'
import { distributionMessage } from '../payouts/distribution-message.ts'
import { assignmentOf } from './assignment.ts'
import { CustomWork, type PresentWork, solutionOf } from './custom-work.ts'
import type { PoolEffect, PoolEvent, PoolSessionEvent } from './events.ts'
import { JobShelves, type Shelf } from './job-shelf.ts'
import { PayoutClasses } from './payout-classes.ts'
import { layoutOfRun, RunNumbers } from './run.ts'
import type { PoolDeps, PoolSettings } from './settings.ts'
import { ShareRecords } from './share-records.ts'
import { SolutionLinks } from './solution-links.ts'
import { submissionOf } from './submission.ts'
import { TemplateRoom } from './template-room.ts'
import type { UsedToken } from './used-tokens.ts'

/** Templates that wait for a tip at one time. */
const MAX_WAITING = 16
/** Jobs for single channels are made no more often than this, ms. */
const MIN_EXTRA_JOB_MS = 250
/** Every bit of a header's version. */
const ANY_VERSION = 0xffff_ffff

/**
 * A pool: templates come in on one side, jobs go out to miners on the other, shares come back and blocks go up.
 *
 * A template that waits for its tip goes out as a future job, the tip as SetNewPrevHash, a better template for the
 * present tip as a job at once. When the template provider was away and comes back on the same tip, miners see an
 * update and keep what they have.
 */
export class Pool implements Role<PoolEvent, PoolEffect> {
  readonly #settings: PoolSettings
  readonly #miners: Miners
  readonly #feed: TemplateFeeds
  readonly #shelves: JobShelves
  /** Undefined where jobs do not follow distributions. */
  readonly #classes: PayoutClasses | undefined
  readonly #room: TemplateRoom
  readonly #custom: CustomWork | undefined
  readonly #links: SolutionLinks
  /** The book of channels that bring their own jobs, without any of ours. */
  readonly #noJobs: JobBook
  readonly #numbers: RunNumbers
  readonly #timers = new Timers('refresh')
  readonly #outbox = new Outbox<PoolEffect>()
  #tip: Tip | undefined
  #template: NewTemplate | undefined
  /** The work there was became too old. */
  #hasStopped = false
  /** Templates handed down as future jobs, and their jobs. */
  readonly #waiting = new Map<NewTemplate, Job>()
  /** Jobs for single channels are shared by all that need one within this time, ms. */
  readonly #extraJobMs: number
  #extraUntil: Millis = 0
  readonly #records: ShareRecords
  #now: Millis = 0

  constructor(settings: PoolSettings, deps: PoolDeps) {
    this.#settings = settings
    const { customWork, solutions = [] } = settings
    const { mac, usedTokens: used = [], sharesTokens: areShared } = deps
    const onUse = (token: UsedToken) => this.#outbox.emit({ kind: 'tokenUsed', token })
    const custom = customWork && mac && new CustomWork(customWork, { mac, used, onUse, areShared })
    this.#custom = custom
    this.#links = new SolutionLinks(settings.templates.identification, customWork?.negotiators ?? [], {
      earlier: solutions,
      emit: this.#outbox.emit,
    })
    // a book keeps MAX_EXTRA_JOBS of them; that has to reach beyond the next job for everybody
    this.#extraJobMs = Math.max(MIN_EXTRA_JOB_MS, (1.5 * settings.jobRefreshMs) / MAX_EXTRA_JOBS)
    const terms = { versionRollingMask: settings.versionRolling ? ANY_VERSION : 0 }
    const { run } = settings
    const numbers = new RunNumbers(run, deps.sha256d)
    this.#numbers = numbers
    this.#noJobs = new JobBook((jobId) => numbers.isFormer(jobId))
    const extranonce =
      run === undefined
        ? settings.miners.extranonce
        : layoutOfRun(settings.miners.extranonce, run, deps.sha256d)
    this.#miners = this.#timers.add(
      new Miners(
        { ...settings.miners, extranonce },
        {
          ...deps,
          emit: this.#outbox.emit,
          source: {
            terms: () => (this.#hasStopped ? undefined : terms),
            bookFor: (request) => this.#bookFor(request),
            released: (book) => this.#shelves.drop(book),
            extraJob: (book) => this.#extraJob(book),
            accepted: (channel, share, good) => {
              if (good.isBlock) this.#solved(channel, share, good)
              this.#shelves.worked(channel.book)
              const isTrusted = good.job.isUnchecked === true
              const outcome = isTrusted ? custom?.trust.share(channel.user, good) : 'credited'
              if (outcome !== 'credited') return outcome ?? { code: 'stale-share' }
              return this.#records.share(channel, share, good)
            },
            agreed: (session, extensions) => this.#agreed(session, extensions),
            customJob:
              custom === undefined
                ? undefined
                : (request: CustomJobRequest) => custom.take(request, this.#present(), this.#now),
          },
        },
      ),
    )
    this.#records = new ShareRecords(settings.maxUnrecordedShares, {
      emit: this.#outbox.emit,
      settle: (share, code, now) => this.#miners.settleNext(share, code, now),
    })
    this.#feed = this.#timers.add(new TemplateFeeds({ ...settings.templates, solutions }, this.#outbox.emit))
    this.#room = new TemplateRoom(this.#feed, this.#outbox.emit)
    const { payout, fullExtranonceSize: extranonceSize } = settings
    this.#classes =
      payout.mode === 'shared'
        ? new PayoutClasses({ ...payout, extranonceSize }, (template) => this.#feed.roomFor(template))
        : undefined
    this.#shelves = new JobShelves(
      {
        versionRollingAllowed: settings.versionRolling,
        extranonceSize,
        tag: settings.coinbaseTag,
        payTo: payout.mode === 'pool' ? payout.script : undefined,
        classes: this.#classes,
        solo:
          payout.mode === 'shared' && payout.solo !== undefined ? { ...payout, ...payout.solo } : undefined,
      },
      {
        nextJobId: () => numbers.next(),
        nextOrder: () => this.#miners.nextOrder(),
        coinbaseNumber: (jobId) => numbers.coinbaseNumber(jobId),
        isFormer: (jobId) => numbers.isFormer(jobId),
      },
    )
  }

  /** Live numbers for metrics. */
  get counts(): { readonly connections: number; readonly channels: number } {
    return { connections: this.#miners.connectionCount, channels: this.#miners.channelCount }
  }

  /** Every open channel. */
  get channels(): readonly Channel[] {
    return this.#miners.channels
  }

  /** There is a template to mine on. */
  get hasWork(): boolean {
    return this.#template !== undefined
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  handle(event: PoolEvent, now: Millis): readonly PoolEffect[] {
    this.#now = now
    switch (event.kind) {
      case 'distribution':
        this.#distribution(event, now)
        break
      case 'tokenTaken':
        this.#custom?.tokenTaken(event.token)
        this.#miners.retryCustomJobs()
        break
      case 'drain':
        this.#miners.drain(event)
        break
      case 'renewPrefix':
        this.#renewPrefix(event)
        break
      case 'regroup':
        this.#miners.regroup(event.session, event.channelIds)
        break
      case 'recorded':
      case 'recordingFailed':
      case 'recordingResumed':
        this.#records.handle(event, now)
        break
      case 'tick':
        this.#miners.handle(event, now)
        this.#publish(this.#feed.tick(now), now)
        this.#refresh(now)
        break
      default:
        this.#session(event, now)
    }
    this.#miners.endTurn()
    return this.#outbox.take()
  }

  foresee(session: SessionId, messages: readonly unknown[]): void {
    this.#miners.foresee(session, messages as readonly Message[])
  }

  #bookFor(request: WorkRequest): ReturnType<typeof assignmentOf> {
    const classes = this.#classes
    const before = classes?.longest
    const assigned = assignmentOf(request, this.#settings, {
      shelves: this.#shelves,
      classes,
      noJobs: this.#noJobs,
      giveUp: (shelf) => this.#giveUp(shelf),
    })
    if (classes !== undefined && classes.longest !== before) this.#room.suit(classes, this.#now)
    return assigned
  }

  /** A client that has agreed on the extension is told the distribution before anything else (docs/wire.md §6.7). */
  #agreed(to: SessionId, extensions: readonly number[]): void {
    const { newest } = this.#classes ?? {}
    if (newest !== undefined && newest.id > 0n && extensions.includes(PAYOUT_DISTRIBUTION))
      this.#outbox.emit({ kind: 'send', to, message: distributionMessage(newest) })
  }

  /** There is another distribution. Where it voids those before, jobs that follow them are replaced: also future ones. */
  #distribution({ distribution, voids }: Extract<PoolEvent, { kind: 'distribution' }>, now: Millis): void {
    const classes = this.#classes
    if (classes === undefined || distribution.id <= classes.newest.id) return
    classes.take(distribution, { voids })
    this.#custom?.distributions.take(distribution, { voids })
    this.#miners.tellAgreed(PAYOUT_DISTRIBUTION, distributionMessage(distribution))
    this.#room.suit(classes, now)
    const { id, payouts } = distribution
    this.#outbox.emit({ kind: 'distributionTaken', id, payouts: payouts.length, voids })
    if (!voids) return
    for (const [template, job] of [...this.#waiting]) {
      this.#shelves.book.dropFuture(job.jobId)
      this.#future(template)
    }
    this.#shelves.renewExtra()
    if (this.#template !== undefined) this.#update(this.#template, now, 'distribution')
  }

  #session(event: Exclude<PoolSessionEvent, { kind: 'tick' }>, now: Millis): void {
    if (event.kind === 'opened' && event.port.kind === 'templates') return this.#feed.opened(event.session, 0)
    if (event.kind === 'opened' && event.port.kind === 'backupTemplates')
      return this.#feed.opened(event.session, event.port.index + 1)
    if (event.kind === 'opened' && event.port.kind === 'negotiator')
      return this.#links.opened(event.session, event.port.index)
    if (this.#links.owns(event.session)) return this.#ofNegotiator(event)
    if (!this.#feed.owns(event.session)) return this.#miners.handle(event, now)
    if (event.kind === 'message') this.#publish(this.#feed.message(event.session, event.message), now)
    if (event.kind === 'closed') this.#publish(this.#feed.closed(event.session, now), now)
  }

  #ofNegotiator(event: Exclude<PoolSessionEvent, { kind: 'tick' }>): void {
    if (event.kind === 'message') return this.#links.message(event.session, event.message)
    if (event.kind === 'closed') this.#links.closed(event.session)
  }

  #publish(news: TemplatesNews | undefined, now: Millis): void {
    if (news === undefined) return
    if (news.kind === 'tooOld') return this.#stop()
    if (news.kind === 'gone') return this.#shelves.dropTemplates(news.isOf)
    if (this.#hasStopped && news.kind === 'tip') {
      this.#hasStopped = false
      this.#newTip(news.template, news.tip, now)
      return this.#miners.resume(now)
    }
    if (news.kind === 'future') return void this.#future(news.template)
    if (news.kind === 'update') return this.#update(news.template, now, 'update')
    if (this.#tip !== undefined && isSameTip(this.#tip, news.tip)) {
      this.#tip = news.tip
      return this.#update(news.template, now, 'update')
    }
    this.#newTip(news.template, news.tip, now)
  }

  /** There is no work any more: miners go elsewhere, and are told our terms again when there is some. */
  #stop(): void {
    this.#hasStopped = true
    this.#template = undefined
    this.#tip = undefined
    this.#timers.stop('refresh')
    this.#shelves.book.clear()
    this.#waiting.clear()
    this.#outbox.emit({ kind: 'workTooOld', connections: this.#miners.leave('no work that is up to date') })
  }

  #future(template: NewTemplate): Job {
    const job = this.#shelves.future(template)
    this.#miners.sendJob(this.#shelves.book, job)
    this.#waiting.set(template, job)
    if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value!)
    return job
  }

  #newTip(template: NewTemplate, tip: Tip, now: Millis): void {
    const job = this.#waiting.get(template) ?? this.#future(template)
    this.#waiting.clear()
    this.#shelves.renewExtra()
    if (this.#tip !== undefined) this.#custom?.retire(this.#tip)
    this.#links.moved(tip.prevHash)
    if (this.#tip === undefined || !equalBytes(this.#tip.prevHash, tip.prevHash)) this.#spotCheck(tip)
    this.#tip = tip
    this.#template = template
    this.#records.tip(tip, template)
    this.#timers.set('refresh', now + this.#settings.jobRefreshMs)
    const { book } = this.#shelves
    book.activate(job.jobId, tip, this.#miners.nextOrder())
    const groups = this.#miners.sendTip(book, job.jobId, tip)
    const networkDifficulty = targetToDifficulty(tip.networkTarget)
    this.#miners.newTip({ oldestLive: job.order, networkDifficulty }, now)
    this.#outbox.emit({ kind: 'newTip', prevHash: displayHash(tip.prevHash), networkDifficulty })
    this.#outbox.emit({ kind: 'jobSent', jobId: job.jobId, reason: 'tip', groups })
  }

  #update(template: NewTemplate, now: Millis, reason: 'update' | 'refresh' | 'distribution'): void {
    const tip = this.#tip
    if (tip === undefined) return
    this.#template = template
    this.#timers.set('refresh', now + this.#settings.jobRefreshMs)
    const job = this.#shelves.active(template, tip)
    const groups = this.#miners.sendJob(this.#shelves.book, job)
    this.#outbox.emit({ kind: 'jobSent', jobId: job.jobId, reason, groups })
  }

  #refresh(now: Millis): void {
    if (this.#template !== undefined && this.#timers.isDue('refresh', now))
      this.#update(this.#template, now, 'refresh')
  }

  #renewPrefix(event: { readonly session: number; readonly channelId: number }): void {
    const { session, channelId } = event
    const result = this.#miners.renewPrefix(session, channelId)
    if (result !== 'renewed')
      this.#outbox.emit({ kind: 'prefixNotRenewed', session, channelId, reason: result })
  }

  #present(): PresentWork {
    return {
      tip: this.#tip,
      template: this.#template,
      versionRollingAllowed: this.#settings.versionRolling,
      nextJobId: () => this.#numbers.next(),
    }
  }

  /** All payouts are taken: the client that brought most loses one to another client. */
  #giveUp({ name, book }: Shelf): void {
    this.#miners.closeBook(book, 'made-room')
    // very many channels are closed a part at a time; the room is there at once
    this.#shelves.drop(book)
    this.#outbox.emit({ kind: 'payoutGivenUp', payout: name })
  }

  #extraJob(book: Jobs): Job | undefined {
    if (book.root !== this.#shelves.book || this.#template === undefined || this.#tip === undefined)
      return undefined
    if (this.#now >= this.#extraUntil) {
      this.#shelves.renewExtra()
      this.#extraUntil = this.#now + this.#extraJobMs
    }
    return book.told(this.#shelves.extra(this.#template, this.#tip))
  }

  #solved(channel: Channel, share: Share, good: GoodShare): void {
    const { job } = good
    const hash = displayHash(good.hash)
    const template = this.#shelves.templateOf(job)
    const solution = template === undefined ? solutionOf(channel, share, good) : undefined
    const negotiators = solution === undefined ? 0 : this.#links.push(solution, hash)
    if (template !== undefined && job.tip !== undefined)
      this.#feed.submit(
        { hash, prevHash: job.tip.prevHash, message: submissionOf(template, channel, { share, job }) },
        template,
      )
    this.#outbox.emit({
      kind: 'blockFound',
      session: channel.session,
      channelId: channel.id,
      user: channel.user,
      worker: channel.worker,
      hash,
      templateId: template?.templateId,
    })
    this.#records.block(channel, share, good)
    if (solution !== undefined) this.#outbox.emit({ kind: 'solutionPushed', negotiators, solution })
  }

  /** Blocks on jobs that were not checked are looked for in the chain. */
  #spotCheck({ prevHash }: Tip): void {
    for (const { account: user, isProven } of this.#custom?.trust.tip(prevHash) ?? [])
      this.#outbox.emit({ kind: 'uncheckedBlock', user, isProven })
  }
}
