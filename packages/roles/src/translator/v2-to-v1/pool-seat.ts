import { difficultyToTarget, equalBytes, targetToDifficulty } from '@sv2/bitcoin'
import { type Job, repeatJob, type Tip } from '../../channel/job.ts'
import { JobBook } from '../../channel/job-book.ts'
import type { Miners } from '../../miners/miners.ts'
import type { Millis, SessionId } from '../../role.ts'
import { fillIdentity } from '../../upstream/identity-template.ts'
import type { PoolLink } from './pool-link.ts'
import type { PoolSession } from './pool-session.ts'
import { type PoolWork, sameSpace, workJob, workTip } from './pool-work.ts'

/** Jobs for single channels are shared by all that need one within this time, ms. */
const EXTRA_JOB_MS = 1_000

/** Where a job came from, and what the pool pays for. */
export interface JobOrigin {
  readonly link: PoolLink
  readonly session: PoolSession
  /** As the pool calls it. */
  readonly jobId: string
  /** Shares at or below it go to the pool. */
  readonly target: Uint8Array
}

/** What seats need of the role they belong to. */
export interface SeatDeps {
  readonly miners: Miners
  nextJobId(): number
  /** Order of the oldest job, of all seats, that still earns credit. */
  oldestLive(): number
}

/** Somebody who asked for a channel before there was a pool for it. */
export interface Applicant {
  readonly session: SessionId
  readonly requestId: number
  readonly identity: string
}

/**
 * One job book, fed by one pool connection at a time: all channels, or a single one. To those below, a change of pools
 * looks like a new tip.
 */
export class PoolSeat {
  readonly book = new JobBook()
  /** One per pool, made when it is first needed. */
  readonly links = new Map<number, PoolLink>()
  /** Who gives the work; undefined while nobody does. */
  using: PoolLink | undefined
  /** Whom it is kept for, until the channel is open. */
  applicant: Applicant | undefined
  /** Whose the one channel is; undefined on a seat for all, or for nobody yet. */
  identity: string | undefined
  readonly #isShared: boolean
  /** No pool takes whom it is kept for. */
  isRefused = false
  /** Bytes of extranonce2 that the channels were made for. */
  extranonce2Size: number | undefined
  readonly #deps: SeatDeps
  readonly #origins = new WeakMap<Job, JobOrigin>()
  #work: PoolWork | undefined
  /** When it came. */
  #since: Millis = 0
  #space = 0
  #extra: { readonly job: Job; readonly until: Millis } | undefined
  #target: { readonly difficulty: number; readonly target: Uint8Array } | undefined

  constructor(deps: SeatDeps, kind: 'shared' | 'single') {
    this.#deps = deps
    this.#isShared = kind === 'shared'
  }

  /** Who mines here, as a pool is told; undefined while nobody does. */
  userAt(template: string): string | undefined {
    if (this.#isShared) return template
    return this.identity === undefined ? undefined : fillIdentity(template, this.identity)
  }

  origin(job: Job): JobOrigin | undefined {
    return this.#origins.get(job)
  }

  /** Hands a pool's work to the miners. Answers the tip when it is a new one. */
  publish(link: PoolLink, session: PoolSession, work: PoolWork, now: Millis): Tip | undefined {
    const former = this.#work
    const isSameSpace = former !== undefined && sameSpace(former, work)
    const tip = workTip(work)
    const isNewTip =
      work.notify.cleanJobs ||
      former === undefined ||
      this.book.active === undefined ||
      former.notify.nbits !== work.notify.nbits ||
      !equalBytes(former.notify.prevHash, work.notify.prevHash)
    const jobId = this.#deps.nextJobId()
    if (!isSameSpace) this.#space = jobId
    const order = this.#deps.miners.nextOrder()
    const versionRollingAllowed = rollsFreely(session.mask ?? 0)
    const job = workJob(work, { jobId, space: this.#space, order, versionRollingAllowed })
    this.#work = work
    this.#since = now
    this.#extra = undefined
    this.limit(session)
    this.#origins.set(job, {
      link,
      session,
      jobId: work.notify.jobId,
      target: this.#targetOf(work.difficulty),
    })
    if (isNewTip) {
      this.#activate(job, tip, now)
      return tip
    }
    this.book.addActive(job, tip, order)
    this.#deps.miners.sendJob(this.book, job)
    return undefined
  }

  /** No target below is harder than what the pool pays for. */
  limit({ difficulty }: PoolSession): void {
    this.book.maxDifficulty = difficulty
  }

  /** Nobody gives work any more: no share is worth anything. */
  stop(): void {
    this.using = undefined
    this.#work = undefined
    this.#extra = undefined
    this.book.clear()
  }

  /** The present work once more, for single channels. */
  extraJob(now: Millis): Job | undefined {
    if (this.#extra !== undefined && now < this.#extra.until && this.book.live(this.#extra.job.jobId))
      return this.#extra.job
    const { active } = this.book
    const origin = active === undefined ? undefined : this.origin(active)
    if (active?.tip === undefined || origin === undefined) return undefined
    const { miners } = this.#deps
    // a second begun is a second in which headers were tried
    const minNtime = active.tip.minNtime + Math.max(0, Math.ceil((now - this.#since) / 1000))
    const jobId = this.#deps.nextJobId()
    const job = repeatJob(active, { jobId, order: miners.nextOrder(), minNtime })
    this.#origins.set(job, origin)
    this.book.addExtra(job, active.tip, job.order)
    this.#extra = { job, until: now + EXTRA_JOB_MS }
    return job
  }

  #activate(job: Job, tip: Tip, now: Millis): void {
    const { miners } = this.#deps
    this.book.addFuture(job)
    miners.sendJob(this.book, job)
    this.book.activate(job.jobId, tip, miners.nextOrder())
    miners.sendTip(this.book, job.jobId, tip)
    const networkDifficulty = targetToDifficulty(tip.networkTarget)
    miners.newTip({ oldestLive: this.#deps.oldestLive(), networkDifficulty }, now)
  }

  /** The target of a difficulty; pools change it seldom. */
  #targetOf(difficulty: number): Uint8Array {
    if (this.#target?.difficulty !== difficulty)
      this.#target = { difficulty, target: difficultyToTarget(difficulty) }
    return this.#target.target
  }
}

/** The bits that devices roll (BIP 320). V2 cannot say that only some of them may be. */
const DEVICE_BITS = 0x1fff_e000

/** Whether a pool's mask leaves devices all the bits they roll. */
export function rollsFreely(mask: number): boolean {
  return (mask & DEVICE_BITS) === DEVICE_BITS
}
