import { type Dialect, dialectOf } from '@sv2/sv1'
import { RateCap } from '../ground/rate-cap.ts'
import type { Millis, SessionId } from '../ground/role.ts'
import type { Channel } from '../mining/channel/channel.ts'
import type { Job } from '../mining/channel/job.ts'
import type { Sv1Limits } from './settings.ts'

/**
 * How far a session is with work. `idle`: it has not subscribed and authorized; `due`: it has, and waits until it is
 * no mere probe; `settingUp`: introduced to the core; `opening`: a channel is asked for; `mining`: there is one;
 * `ended`: the connection is being closed, and nothing more is said.
 */
export type SessionStage = 'idle' | 'due' | 'settingUp' | 'opening' | 'mining' | 'ended'

/** What was granted at `mining.subscribe`. */
export interface Subscription {
  readonly sessionId: string
  extranonce1: Uint8Array
  extranonce2Size: number
}

/** One V1 connection. Requests may come in any order, and more than once. */
export class Sv1Session {
  readonly session: SessionId
  /** Number of its door. */
  readonly door: number
  stage: SessionStage = 'idle'
  subscription: Subscription | undefined
  dialect: Dialect
  /** User names as the miner writes them → the worker's name for extension 0x0002, undefined when it has none. */
  readonly workers = new Map<string, string | undefined>()
  /** User name of the first worker, cleaned: the identity of the channel. */
  identity = ''
  /** It takes `mining.set_extranonce`. */
  takesExtranonce = false
  /** Version bits it asked for; undefined before it configured version rolling, or was refused. */
  askedMask: number | undefined
  /** What it was told it may roll. */
  #toldMask = 0
  /** What it was told before that, and the last job that it was shown then. */
  #formerMask: { readonly mask: number; readonly order: number } | undefined
  /** What the core lets it roll. */
  coreMask = 0xffff_ffff
  /** Its last job allowed version rolling at all. */
  jobAllowsRolling = true
  /** Difficulties it asked for: in its password, by a suggestion, and as the lowest. */
  passwordDifficulty: number | undefined
  suggestedDifficulty: number | undefined
  minDifficulty = 0
  /** The channel is asked for without a limit: the limit was out of range. */
  unlimited = false
  /** The last `mining.set_difficulty`. */
  toldDifficulty: number | undefined
  /** When it was last told a higher one, or its first; undefined before. */
  raisedAt: Millis | undefined
  channel: Channel | undefined
  sequenceNumber = 0
  /** Accepted ones. */
  shares = 0
  /** The difficulty that was followed by a clean job because its shares stayed below it. */
  rousedFor: number | undefined
  /** How often it was heard nothing of at first. */
  silences = 0
  /** It is one of the core's connections. */
  enrolled = false
  /** It was told a difficulty and no job since. */
  owesJob = false
  /** The next job has to be a clean one. */
  cleanNext = false
  /** The job it was last sent. */
  job: Job | undefined
  /** The job whose transactions it was told last. */
  shownJob: Job | undefined
  /** When it was last sent a job. */
  lastJob: Millis = 0
  /** It was found not to take the work of this node. */
  outgrown = false
  readonly shareCap: RateCap
  readonly requestCap: RateCap

  constructor(
    { session, door }: { readonly session: SessionId; readonly door: number },
    { limits, now }: { readonly limits: Sv1Limits; readonly now: Millis },
  ) {
    this.session = session
    this.door = door
    this.dialect = dialectOf(undefined)
    this.shareCap = new RateCap(limits.maxSharesPerSecond, now)
    this.requestCap = new RateCap(limits.maxRequestsPerSecond, now)
  }

  /** Version bits it was told it may roll. */
  get toldMask(): number {
    return this.#toldMask
  }

  /** It is told what it may roll from now on. */
  set toldMask(mask: number) {
    const order = this.job?.order ?? Number.NEGATIVE_INFINITY
    if (mask !== this.#toldMask && order > (this.#formerMask?.order ?? Number.NEGATIVE_INFINITY))
      this.#formerMask = { mask: this.#toldMask, order }
    this.#toldMask = mask
  }

  /** What it was told it may roll when it was sent a job. */
  maskOf({ order }: Job): number {
    const former = this.#formerMask
    return former !== undefined && order <= former.order ? former.mask : this.#toldMask
  }

  /** It may be given a channel. */
  get isComplete(): boolean {
    return this.subscription !== undefined && this.workers.size > 0
  }
}
