import { difficultyToTarget, equalBytes } from '@sv2/bitcoin'
import { fillIdentity } from '../../client/identity-template.ts'
import type { Millis, SessionId } from '../../ground/role.ts'
import { repeatJob, type Tip } from '../../mining/channel/job.ts'
import type { JobBook } from '../../mining/channel/job-book.ts'
import type { Miners } from '../../mining/miners/miners.ts'
import { Failover, type FailoverSettings } from '../../work/failover.ts'
import { JobFeed, type JobNumbering } from '../../work/job-feed.ts'
import type { PoolSession } from './pool-session.ts'
import { sameSpace, type V1PoolWork, workJob, workTip } from './pool-work.ts'

/** One slot's connection to one pool, over all the times it is made. */
export interface PoolLink {
  /** Names it to the driver; never used twice. */
  readonly id: number
  readonly slot: PoolSlot
  /** The pool's place in the settings. */
  readonly pool: number
  session: PoolSession | undefined
  /** The last answer was that it does not serve us. */
  refused: boolean
}

/** Where a job came from, and what the pool pays for. */
export interface PoolJobOrigin {
  readonly link: PoolLink
  readonly session: PoolSession
  /** As the pool calls it. */
  readonly jobId: string
  /** Shares at or below it go to the pool. */
  readonly target: Uint8Array
}

/** What slots need of the role they belong to. */
export interface PoolSlotDeps {
  readonly miners: Miners
  readonly numbering: JobNumbering
  readonly failover: FailoverSettings
}

/** A miner that asked for a channel before there was a pool for it. */
export interface Applicant {
  readonly session: SessionId
  readonly requestId: number
  readonly identity: string
}

/**
 * One job book, fed by one pool connection at a time: all channels, or a single one. To miners, a change of pools
 * looks like a new tip.
 */
export class PoolSlot {
  readonly jobs: JobFeed<PoolJobOrigin>
  /** Which pool gives the work. */
  readonly failover: Failover
  /** One per pool, made when it is first needed. */
  readonly links = new Map<number, PoolLink>()
  /** The connection that gives the work; undefined while no pool does. */
  using: PoolLink | undefined
  /** The miner that waits for its channel to open. */
  applicant: Applicant | undefined
  /** The identity of the miner with the one channel; undefined on a slot that all share, and before a miner has it. */
  identity: string | undefined
  readonly #isShared: boolean
  /** No pool takes the miner that the slot is kept for. */
  isRefused = false
  /** Bytes of extranonce2 that the channels were made for. */
  extranonce2Size: number | undefined
  readonly #numbering: JobNumbering
  #work: V1PoolWork | undefined
  #space = 0
  #target: { readonly difficulty: number; readonly target: Uint8Array } | undefined

  constructor({ miners, numbering, failover }: PoolSlotDeps, kind: 'shared' | 'single') {
    this.#numbering = numbering
    this.#isShared = kind === 'shared'
    this.failover = new Failover(failover)
    this.jobs = new JobFeed({
      miners,
      numbering,
      again: (job, origin, seconds) => {
        const identity = { jobId: numbering.nextJobId(), order: numbering.nextOrder() }
        return { job: repeatJob(job, { ...identity, minNtime: (job.tip?.minNtime ?? 0) + seconds }), origin }
      },
    })
  }

  get book(): JobBook {
    return this.jobs.book
  }

  /** The account that the pool is told for this slot; undefined while no miner has it. */
  userAt(template: string): string | undefined {
    if (this.#isShared) return template
    return this.identity === undefined ? undefined : fillIdentity(template, this.identity)
  }

  /** Hands a pool's work to the miners. Answers the tip when it is a new one. */
  publish(link: PoolLink, session: PoolSession, work: V1PoolWork, now: Millis): Tip | undefined {
    const former = this.#work
    const isSameSpace = former !== undefined && sameSpace(former, work)
    const tip = workTip(work)
    const isNewTip =
      work.notify.cleanJobs ||
      former === undefined ||
      this.book.active === undefined ||
      former.notify.nbits !== work.notify.nbits ||
      !equalBytes(former.notify.prevHash, work.notify.prevHash)
    const jobId = this.#numbering.nextJobId()
    if (!isSameSpace) this.#space = jobId
    const order = this.#numbering.nextOrder()
    const versionRollingAllowed = rollsFreely(session.mask ?? 0)
    const job = workJob(work, { jobId, space: this.#space, order, versionRollingAllowed })
    this.#work = work
    this.limit(session)
    const target = this.#targetOf(work.difficulty)
    const made = { job, origin: { link, session, jobId: work.notify.jobId, target } }
    if (!isNewTip) {
      this.jobs.update(made, tip, now)
      return undefined
    }
    this.jobs.wait(made)
    this.jobs.start(job, tip, now)
    return tip
  }

  /** No target below is harder than what the pool pays for. */
  limit({ difficulty }: PoolSession): void {
    this.book.maxDifficulty = difficulty
  }

  /** No upstream gives work any more: shares are worth nothing. */
  stop(): void {
    this.using = undefined
    this.#work = undefined
    this.jobs.stop()
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
