import { concatBytes, encodeCompactSize, encodeOutput } from '@sv2/bitcoin'
import type { AllocateMiningJobToken, Message } from '@sv2/messages'
import { type Emit, type Millis, NEVER } from '../../ground/role.ts'
import { type PayoutSettings, readIdentity } from '../../mining/identity.ts'
import { Budget } from './budget.ts'
import type { ServerEffect } from './facts.ts'
import type { Client, WaitingToken } from './proposal.ts'
import type { NegotiatorServerSettings } from './settings.ts'
import type { Tokens } from './tokens.ts'

/** Clients that may wait for a token at one time. */
const MAX_WAITING_CLIENTS = 1_000

/** Bytes of an output without its script: value and script length. */
const OUTPUT_OVERHEAD = 9
/** The longest script that an address stands for: 40 bytes of witness program (BIP 141). */
const LONGEST_SCRIPT = 42

/**
 * Hands out tokens, no more than the limits allow (JDS-10, JNS-04). Who asks for more is told so where the dialogue has
 * words for it, and else waits.
 */
export class TokenDesk {
  readonly #settings: NegotiatorServerSettings
  readonly #tokens: Tokens
  readonly #emit: Emit<ServerEffect>
  readonly #inAll: Budget
  readonly #waiting = new Set<Client>()
  /** Bytes of outputs that the coinbase gets at most, no matter who is paid: the same as long as the settings are. */
  readonly #additionalSize: number

  constructor(
    settings: NegotiatorServerSettings,
    { tokens, emit }: { readonly tokens: Tokens; readonly emit: Emit<ServerEffect> },
  ) {
    this.#settings = settings
    this.#tokens = tokens
    this.#emit = emit
    this.#inAll = new Budget(settings.limits.tokensPerMinuteInAll)
    const { payout, furtherOutputs } = settings
    const payoutSize = payoutSizeOf(payout)
    this.#additionalSize = furtherOutputs.reduce(
      (size, script) => size + OUTPUT_OVERHEAD + script.length,
      OUTPUT_OVERHEAD + payoutSize,
    )
  }

  /** When the next one of those who wait gets its answer. */
  nextDeadline(now: Millis): Millis {
    if (this.#waiting.size === 0) return NEVER
    let due = NEVER
    for (const client of this.#waiting) due = Math.min(due, client.tokens.nextAt(now))
    return Math.max(due, this.#inAll.nextAt(now))
  }

  asked(client: Client, message: AllocateMiningJobToken, now: Millis): void {
    const { requestId, userIdentifier } = message
    const request = { requestId, userIdentifier, since: now }
    if (client.waiting.length === 0 && this.#take(client, now)) return this.#answer(client, request, now)
    if (client.dialogue === 'commit') {
      if (!client.failedRequests.take(now)) return this.#tooMany(client)
      return this.#refuse(client, request, {
        code: 'token-rate-exceeded',
        detail: 'more token requests than the limits allow',
      })
    }
    const full = client.waiting.length >= this.#settings.limits.waitingTokens
    if (full || this.#waiting.size >= MAX_WAITING_CLIENTS) return this.#tooMany(client)
    client.waiting.push(request)
    this.#waiting.add(client)
  }

  /** Answers those whose time has come. */
  tick(now: Millis): void {
    for (const client of this.#waiting) {
      while (client.waiting.length > 0 && this.#take(client, now))
        this.#answer(client, client.waiting.shift()!, now)
      if (client.waiting.length === 0) this.#waiting.delete(client)
    }
  }

  left(client: Client): void {
    this.#waiting.delete(client)
  }

  #take(client: Client, now: Millis): boolean {
    return client.tokens.nextAt(now) <= now && this.#inAll.take(now) && client.tokens.take(now)
  }

  #answer(client: Client, request: WaitingToken, now: Millis): void {
    const { payout, furtherOutputs, asyncMining } = this.#settings
    const identity = readIdentity(request.userIdentifier, payout)
    if ('code' in identity) {
      if (client.dialogue === 'commit')
        return this.#refuse(client, request, { code: 'unknown-user', detail: identity.detail })
      // this dialogue has no word for it
      this.#emit({
        kind: 'tokenRefused',
        session: client.session,
        code: identity.code,
        detail: identity.detail,
      })
      return this.#emit({ kind: 'close', session: client.session, reason: identity.code })
    }
    // where a distribution says who is paid, the token names nobody
    const { takesDistributions } = client
    const outputs = takesDistributions ? [] : [identity.script, ...furtherOutputs]
    const distributionId = takesDistributions ? 0n : undefined
    const usableAtOnce = client.mode === 'commit' ? asyncMining : client.mode === 'coinbase-only'
    const message: Message = {
      type: 'AllocateMiningJobToken.Success',
      requestId: request.requestId,
      miningJobToken: this.#tokens.allocate(identity.user, { outputs, usableAtOnce, distributionId }, now),
      coinbaseTxOutputs: takesDistributions ? new Uint8Array(0) : namedOutputs(outputs),
      coinbaseOutputMaxAdditionalSize: this.#additionalSize,
      asyncMiningAllowed: usableAtOnce,
    }
    this.#emit({ kind: 'send', to: client.session, message })
    this.#emit({ kind: 'tokenGiven', session: client.session, waitedMs: now - request.since })
  }

  #refuse(
    { session }: Client,
    { requestId }: WaitingToken,
    why: { readonly code: string; readonly detail: string },
  ): void {
    const message: Message = {
      type: 'AllocateMiningJobToken.Error',
      requestId,
      errorCode: why.code,
    }
    this.#emit({ kind: 'send', to: session, message })
    this.#emit({ kind: 'tokenRefused', session, ...why })
  }

  #tooMany({ session }: Client): void {
    const reason = 'many more token requests than the limits allow'
    this.#emit({ kind: 'peerMisbehaved', session, reason })
    this.#emit({ kind: 'close', session, reason })
  }
}

/** Outputs of value 0 as a token's message names them. */
function namedOutputs(scripts: readonly Uint8Array[]): Uint8Array {
  const outputs = scripts.map((script) => encodeOutput({ value: 0n, script }))
  return concatBytes(encodeCompactSize(outputs.length), ...outputs)
}

/** Bytes of the script that a token's first output pays. */
function payoutSizeOf(payout: PayoutSettings): number {
  if (payout.mode === 'solo') return LONGEST_SCRIPT
  return (payout.mode === 'pool' ? payout.script : payout.poolScript).length
}
