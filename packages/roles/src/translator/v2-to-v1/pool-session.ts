import { withoutControlCharacters } from '@sv2/messages'
import {
  type Notify,
  type PoolResponse,
  type Reconnect,
  type RequestId,
  readConfigureResult,
  readSubscribeResult,
  type Sv1FromPool,
  type Sv1ToPool,
} from '@sv2/sv1'
import { type Emit, type Millis, NEVER, type SessionEffect, type SessionId } from '../../ground/role.ts'
import { type PoolRequest, PoolRequests, type SubmittedShare } from './pool-requests.ts'
import { type V1PoolWork, workProblem } from './pool-work.ts'
import { shareErrorCode } from './share-codes.ts'

/** The bits that V1 devices roll (BIP 320). */
const ROLLED_BITS = 0x1fff_e000
/** Shares that a pool may leave without an answer before it is not worked with. */
const MAX_UNANSWERED = 10_000
/** Characters of a pool's words that are passed on. */
const MAX_TEXT = 200
/** A pool that forgets who we are is told again, and not more often than this, ms. */
const INTRODUCTION_MS = 30_000

/** A pool that has authorized us gives work within this time, ms; else another one is tried. */
const FIRST_JOB_MS = 30_000
/** A pool that says nothing at all for this long does not work, whatever TCP thinks; others tell a job every minute. */
const SILENCE_MS = 900_000

/** How we introduce ourselves. */
export interface Introduction {
  readonly userAgent: string
  /** Undefined: there is no account to authorize yet. */
  readonly user: string | undefined
  readonly password: string
  readonly versionRolling: boolean
  /** Whether the pool is asked to tell changes of extranonce1. */
  readonly extranonceSubscribe: boolean
  /** Bytes of extranonce2 that number the channels. */
  readonly leaseSize: number
}

/** What a line of a pool means to the owner of the connection. */
export type PoolNews =
  /** What it lets devices roll is known. */
  | { readonly kind: 'mask' }
  /** There is new work, and we may mine it. */
  | { readonly kind: 'work'; readonly work: V1PoolWork }
  /** A job that cannot be mined. */
  | { readonly kind: 'badWork'; readonly reason: string }
  | { readonly kind: 'difficulty'; readonly difficulty: number }
  | { readonly kind: 'answered'; readonly share: SubmittedShare; readonly code: string | undefined }
  | { readonly kind: 'unanswered'; readonly shares: readonly SubmittedShare[] }
  /** It does not serve us; the connection is being closed. */
  | { readonly kind: 'unusable'; readonly reason: string; readonly detail: string }
  | { readonly kind: 'reconnect'; readonly to: Reconnect }
  | { readonly kind: 'words'; readonly text: string }
  | { readonly kind: 'ignored'; readonly reason: string }

/** The miner's side of one Stratum V1 connection: configure, subscribe, authorize, then jobs in and shares out. */
export class PoolSession {
  readonly session: SessionId
  readonly #introduction: Introduction
  readonly #requests = new PoolRequests()
  #user: string | undefined
  #mask: number | undefined
  #extranonce: { readonly extranonce1: Uint8Array; readonly extranonce2Size: number } | undefined
  #difficulty = 1
  #authorized = false
  #closed = false
  #introducedAt: Millis
  #heardAt: Millis
  /** Since when it owes the first job. */
  #authorizedAt: Millis = NEVER
  /** A job that came before we could mine it. */
  #early: Notify | undefined
  #work: V1PoolWork | undefined
  readonly #emit: Emit<SessionEffect<Sv1ToPool>>

  constructor(
    session: SessionId,
    {
      introduction,
      now,
      emit,
    }: {
      readonly introduction: Introduction
      readonly now: Millis
      readonly emit: Emit<SessionEffect<Sv1ToPool>>
    },
  ) {
    this.#emit = emit
    this.session = session
    this.#introduction = introduction
    this.#user = introduction.user
    this.#introducedAt = now
    this.#heardAt = now
    if (introduction.versionRolling) this.#configure(now)
    else this.#mask = 0
    this.#subscribe(now)
  }

  /** Version bits that may be rolled; undefined until the pool has said so. */
  get mask(): number | undefined {
    return this.#mask
  }

  /** The newest work, once we may mine it. */
  get work(): V1PoolWork | undefined {
    return this.#closed ? undefined : this.#work
  }

  /** The difficulty of later jobs. */
  get difficulty(): number {
    return this.#difficulty
  }

  /** Shares without an answer. */
  get unanswered(): number {
    return this.#requests.shares
  }

  /** The first of its requests that the pool has not answered; undefined when there is none. */
  get unansweredRequest(): PoolRequest['kind'] | undefined {
    return this.#requests.oldest
  }

  /** Says who mines here; the connection was made before that was known. */
  authorize(user: string, now: Millis): void {
    this.#user = user
    if (this.#extranonce !== undefined) this.#authorize(now)
  }

  /** Sends a share. False when the connection has ended, or the pool owes too many answers. */
  submit(
    share: SubmittedShare,
    {
      jobId,
      extranonce2,
      ntime,
      nonce,
      version,
    }: {
      readonly jobId: string
      readonly extranonce2: string
      readonly ntime: number
      readonly nonce: number
      readonly version: number
    },
    now: Millis,
  ): boolean {
    if (this.#closed || this.#requests.shares >= MAX_UNANSWERED) return false
    const id = this.#requests.add({ kind: 'submit', since: now, share })
    const mask = this.#mask ?? 0
    const versionBits = mask === 0 ? undefined : (version & mask) >>> 0
    const worker = this.#user ?? ''
    this.#send({ type: 'mining.submit', id, worker, jobId, extranonce2, ntime, nonce, versionBits })
    return true
  }

  /** Ends the connection. */
  close(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#emit({ kind: 'close', session: this.session, reason })
  }

  /** The connection is gone: takes out the shares that the pool did not answer. */
  ended(): readonly SubmittedShare[] {
    this.#closed = true
    return this.#requests.takeShares()
  }

  /** Takes a line of the pool's. */
  message(message: Sv1FromPool, now: Millis): PoolNews | undefined {
    if (this.#closed) return undefined
    this.#heardAt = now
    switch (message.type) {
      case 'response':
        return this.#answered(message, now)
      case 'mining.notify':
        return this.#notified(message)
      case 'mining.set_difficulty':
        this.#difficulty = message.difficulty
        return { kind: 'difficulty', difficulty: message.difficulty }
      case 'mining.set_extranonce':
        this.#extranonce = message
        return undefined
      case 'mining.set_version_mask':
        this.#mask = this.#introduction.versionRolling ? message.mask : 0
        return { kind: 'mask' }
      case 'client.reconnect':
        return { kind: 'reconnect', to: message }
      case 'client.show_message':
        return { kind: 'words', text: readable(message.text) }
      case 'client.get_version':
        this.#respond(message.id, this.#introduction.userAgent)
        return undefined
      case 'mining.ping':
        this.#send({ type: 'pong', id: message.id })
        return undefined
      case 'unknown':
        return { kind: 'ignored', reason: `unknown method ${readable(message.method)}` }
      case 'malformed':
        return { kind: 'ignored', reason: message.reason }
    }
  }

  /** Time has passed: requests that will not be answered any more. */
  overdue(now: Millis): PoolNews[] {
    if (this.#closed) return []
    const news: PoolNews[] = []
    const shares: SubmittedShare[] = []
    for (const request of this.#requests.takeOverdue(now)) {
      if (request.kind === 'submit') shares.push(request.share)
      else if (request.kind === 'configure') news.push(this.#granted(0))
      else if (request.kind !== 'extranonce.subscribe')
        news.push(this.#unusable(`no answer to mining.${request.kind}`))
    }
    if (shares.length > 0) news.push({ kind: 'unanswered', shares })
    if (this.#closed) return news
    if (now >= this.#heardAt + SILENCE_MS) news.push(this.#unusable('silent for a quarter of an hour'))
    else if (this.#work === undefined && now >= this.#authorizedAt + FIRST_JOB_MS)
      news.push(this.#unusable('gives no work'))
    return news
  }

  #configure(now: Millis): void {
    const id = this.#requests.add({ kind: 'configure', since: now })
    const extensions = ['version-rolling', 'subscribe-extranonce']
    this.#send({
      type: 'mining.configure',
      id,
      extensions,
      versionRolling: { mask: ROLLED_BITS, minBitCount: 0 },
    })
  }

  #subscribe(now: Millis): void {
    const id = this.#requests.add({ kind: 'subscribe', since: now })
    this.#send({ type: 'mining.subscribe', id, userAgent: this.#introduction.userAgent })
  }

  #authorize(now: Millis): void {
    if (this.#user === undefined) return
    const id = this.#requests.add({ kind: 'authorize', since: now })
    this.#send({ type: 'mining.authorize', id, user: this.#user, password: this.#introduction.password })
  }

  #answered({ id, result, error }: PoolResponse, now: Millis): PoolNews | undefined {
    const request = id === undefined ? undefined : this.#requests.take(id)
    if (request === undefined) return { kind: 'ignored', reason: 'an answer to nothing that was asked' }
    switch (request.kind) {
      case 'configure': {
        const { versionRolling } = readConfigureResult(error === undefined ? result : undefined)
        return this.#granted(
          versionRolling === undefined || versionRolling === false ? 0 : versionRolling.mask,
        )
      }
      case 'subscribe': {
        const granted = error === undefined ? readSubscribeResult(result) : undefined
        if (granted === undefined)
          return this.#unusable('mining.subscribe was refused', error?.message ?? 'no extranonce')
        this.#extranonce = granted
        if (this.#introduction.extranonceSubscribe) {
          const extra = this.#requests.add({ kind: 'extranonce.subscribe', since: now })
          this.#send({ type: 'mining.extranonce.subscribe', id: extra })
        }
        this.#authorize(now)
        return undefined
      }
      case 'authorize': {
        if (error !== undefined || result !== true)
          return this.#unusable('mining.authorize was refused', error?.message ?? 'no reason given')
        this.#authorized = true
        this.#authorizedAt = now
        return this.#mayMine()
      }
      case 'extranonce.subscribe':
        return undefined
      case 'submit': {
        const refusal = error ?? (result === true ? undefined : { code: 20, message: '' })
        if (refusal?.code === 24 || refusal?.code === 25) this.#introduceAgain(refusal.code, now)
        const code = refusal === undefined ? undefined : shareErrorCode(refusal)
        return { kind: 'answered', share: request.share, code }
      }
    }
  }

  /** The pool does not know us, or our worker, any more. */
  #introduceAgain(code: 24 | 25, now: Millis): void {
    if (now < this.#introducedAt + INTRODUCTION_MS) return
    this.#introducedAt = now
    if (code === 25) this.#subscribe(now)
    else this.#authorize(now)
  }

  #granted(mask: number): PoolNews {
    this.#mask = mask >>> 0
    return { kind: 'mask' }
  }

  #notified(notify: Notify): PoolNews | undefined {
    this.#early = notify
    return this.#mayMine()
  }

  /** New work, when nothing is missing to mine it. */
  #mayMine(): PoolNews | undefined {
    const notify = this.#early
    if (notify === undefined || this.#extranonce === undefined || !this.#authorized) return undefined
    this.#early = undefined
    const { extranonce1, extranonce2Size } = this.#extranonce
    const work = { notify, extranonce1, extranonce2Size, difficulty: this.#difficulty }
    const { leaseSize } = this.#introduction
    if (extranonce2Size < leaseSize)
      return this.#unusable(
        `extranonce2 of ${extranonce2Size} bytes has no room for ${leaseSize} of channel numbers`,
      )
    const problem = workProblem(work)
    if (problem !== undefined) return { kind: 'badWork', reason: problem }
    this.#work = work
    return { kind: 'work', work }
  }

  /** @param detail the pool's own words */
  #unusable(reason: string, detail = ''): PoolNews {
    this.close(reason)
    return { kind: 'unusable', reason, detail: readable(detail) }
  }

  #respond(id: RequestId, result: string): void {
    this.#send({ type: 'response', id, result, error: null })
  }

  #send(message: Sv1ToPool): void {
    this.#emit({ kind: 'send', to: this.session, message })
  }
}

/** A pool's words, as far as logs take them. */
function readable(text: string): string {
  return withoutControlCharacters(text.slice(0, MAX_TEXT))
}
