import {
  type Capabilities,
  type RequestExtensions,
  type RequestExtensionsError,
  type RequestExtensionsSuccess,
  readExtensionsAnswer,
  WORKER_TRACKING,
} from '@sv2/messages'
import { type Millis, NEVER } from '../ground/role.ts'

/** How far we are with a server that does not answer: asked once, asked again, given up. */
type Stage = 'first' | 'again' | 'without'

/** How long an answer is waited for, in connect times, and what the next connection does when none came (EXT-20). */
const STAGES = {
  first: { patience: 2, next: 'again' },
  again: { patience: 5, next: 'without' },
} as const satisfies Partial<Record<Stage, { readonly patience: number; readonly next: Stage }>>

/** A server that does not know the extension is asked again after this, ms: it may have learned it meanwhile. */
const UNKNOWN_MS = 3_600_000

/** A connect time is never taken to be shorter, ms: on a local line a server may well be slower than its network. */
const LEAST_CONNECT_MS = 50
/** What a client can do when a server insists on it, asked for or not. */
const AVAILABLE = new Set([WORKER_TRACKING])

/** What follows from an answer. */
export type Step =
  | { readonly kind: 'ask'; readonly request: RequestExtensions }
  | { readonly kind: 'goOn'; readonly extensions: readonly number[] }
  | { readonly kind: 'leave'; readonly reason: string }
  /** It answers nothing that is open. */
  | { readonly kind: 'ignore' }

/**
 * The client's side of extension 0x0001 over one connection after another: what is asked, what was confirmed, and how
 * long an answer is waited for. docs/wire.md §6.5.
 */
export class ExtensionTalk {
  readonly #wanted: readonly number[]
  #stage: Stage = 'first'
  /** When it was first worked with `without`. */
  #withoutSince: Millis = NEVER
  #requestId = 0
  #openedAt: Millis = 0
  #connectMs = LEAST_CONNECT_MS
  #isOffered = false
  #open: { readonly request: RequestExtensions; readonly until: Millis } | undefined
  #confirmed: readonly number[] = []

  constructor(wanted: readonly number[]) {
    this.#wanted = wanted
  }

  /** When the patience with an open request ends. */
  nextDeadline(): Millis {
    return this.#open?.until ?? NEVER
  }

  /** Whether an extension may be used on the present connection (EXT-15). */
  has(extension: number): boolean {
    return this.#confirmed.includes(extension)
  }

  /** A connection is there; its connect time starts. */
  opened(capabilities: Capabilities, now: Millis): void {
    this.#openedAt = now
    this.#isOffered = capabilities.extensions
    this.#open = undefined
    this.#confirmed = []
  }

  /** SetupConnection.Success came. Answers what to ask before anything else (EXT-13); undefined: go on at once. */
  setUp(now: Millis): RequestExtensions | undefined {
    this.#connectMs = Math.max(now - this.#openedAt, LEAST_CONNECT_MS)
    if (!this.#isOffered || this.#wanted.length === 0) return undefined
    if (this.#stage === 'without') {
      if (this.#withoutSince === NEVER) this.#withoutSince = now
      if (now < this.#withoutSince + UNKNOWN_MS) return undefined
      this.#stage = 'first'
    }
    this.#withoutSince = NEVER
    return this.#ask(this.#wanted, now)
  }

  /** The peer at the far end is another: nothing confirmed holds any more. Answers what to ask anew (EXT-06). */
  renew(now: Millis): RequestExtensions | undefined {
    if (this.#confirmed.length === 0) return undefined
    this.#confirmed = []
    return this.#ask(this.#wanted, now)
  }

  /** An answer came. */
  answered(message: RequestExtensionsSuccess | RequestExtensionsError, now: Millis): Step {
    const request = this.#open?.request
    if (request === undefined || request.requestId !== message.requestId) return { kind: 'ignore' }
    this.#open = undefined
    this.#stage = 'first'
    const outcome = readExtensionsAnswer(request, message, AVAILABLE)
    switch (outcome.kind) {
      case 'negotiated':
        this.#confirmed = outcome.extensions
        return { kind: 'goOn', extensions: outcome.extensions }
      case 'without':
        return { kind: 'goOn', extensions: [] }
      case 'retry':
        return { kind: 'ask', request: this.#ask(outcome.extensions, now) }
      case 'incompatible':
        return {
          kind: 'leave',
          reason: `extensions ${outcome.requiredExtensions.join(', ')} are required`,
        }
    }
  }

  /** The connection is gone. One that ends over an open request counts as one without an answer. */
  closed(): void {
    if (this.#open !== undefined && this.#stage !== 'without') this.#stage = STAGES[this.#stage].next
    this.#open = undefined
    this.#confirmed = []
  }

  #ask(requestedExtensions: readonly number[], now: Millis): RequestExtensions {
    this.#requestId = (this.#requestId + 1) & 0xffff
    const request: RequestExtensions = {
      type: 'RequestExtensions',
      requestId: this.#requestId,
      requestedExtensions: [...requestedExtensions],
    }
    const { patience } = STAGES[this.#stage === 'again' ? 'again' : 'first']
    this.#open = { request, until: now + patience * this.#connectMs }
    return request
  }
}
