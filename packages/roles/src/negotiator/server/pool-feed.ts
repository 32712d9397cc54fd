import { MAX_TARGET } from '@sv2/bitcoin'
import { MINING_SETUP_FLAGS, PAYOUT_DISTRIBUTION, type SetPayoutDistribution } from '@sv2/messages'
import { ExtensionTalk } from '../../client/extension-talk.ts'
import { type LinkSettings, UpstreamLink } from '../../client/link.ts'
import { Outbox } from '../../ground/outbox.ts'
import type { SinglePort } from '../../ground/port.ts'
import type { Millis, Role, SessionEffect, SessionEvent } from '../../ground/role.ts'
import type { Distribution } from '../../payouts/distribution.ts'
import { readDistribution } from '../../payouts/distribution-message.ts'

/** What a feed tells of its pool. */
export type PoolFeedFact =
  /** The pool has another payout distribution. */
  | { readonly kind: 'distributionHeard'; readonly distribution: Distribution }
  /** The pool told a distribution that is not newer than the one before, on a new connection: its numbering began anew. */
  | { readonly kind: 'distributionsBeganAnew'; readonly id: bigint; readonly known: bigint }
  | { readonly kind: 'poolReached' }
  | { readonly kind: 'poolLost' }
  /** The pool does not serve us, or tells what cannot be followed; the connection is being closed. */
  | { readonly kind: 'poolUnsuited'; readonly reason: string }

export interface PoolFeedSettings extends Pick<LinkSettings, 'identification' | 'endpoint'> {
  /** Of the channel that keeps the connection open; an address of the network. */
  readonly userIdentity: string
}

/**
 * Hears the payout distributions of a pool in another process, as any client of the pool does (extension 0x0003). The pool
 * proves who it is in the handshake. A pool closes connections without a channel, so one is opened that brings its own jobs: it
 * is sent none, and brings none.
 */
export class PoolFeed implements Role<SessionEvent<SinglePort<'pool'>>, SessionEffect | PoolFeedFact> {
  readonly #settings: PoolFeedSettings
  readonly #talk = new ExtensionTalk([PAYOUT_DISTRIBUTION])
  readonly #outbox = new Outbox<SessionEffect | PoolFeedFact>()
  #link: UpstreamLink | undefined
  /** Of the newest distribution; 0: none was told yet. */
  #known = 0n

  constructor(settings: PoolFeedSettings) {
    this.#settings = settings
  }

  nextDeadline(): Millis {
    return this.#talk.nextDeadline()
  }

  handle(event: SessionEvent<SinglePort<'pool'>>, now: Millis): readonly (SessionEffect | PoolFeedFact)[] {
    switch (event.kind) {
      case 'opened': {
        const { session, capabilities } = event
        const flags = MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION
        this.#link = new UpstreamLink(
          { ...this.#settings, flags },
          { session, capabilities, talk: this.#talk, now, emit: this.#outbox.emit },
        )
        break
      }
      case 'message':
        if (event.session === this.#link?.session) this.#message(this.#link, event.message, now)
        break
      case 'closed':
        if (event.session !== this.#link?.session) break
        if (this.#link.isReady) this.#outbox.emit({ kind: 'poolLost' })
        this.#talk.closed()
        this.#link = undefined
        break
      case 'tick':
        if (this.#talk.nextDeadline() <= now) this.#unsuited('it does not answer a request for extensions')
    }
    return this.#outbox.take()
  }

  #message(link: UpstreamLink, message: Parameters<UpstreamLink['message']>[0], now: Millis): void {
    const news = link.message(message, now)
    switch (news?.kind) {
      case 'ready':
        if (!link.has(PAYOUT_DISTRIBUTION)) return this.#unsuited('it tells no payout distributions')
        this.#outbox.emit({ kind: 'poolReached' })
        link.open({
          type: 'OpenExtendedMiningChannel',
          userIdentity: this.#settings.userIdentity,
          nominalHashRate: 0,
          maxTarget: MAX_TARGET,
          minExtranonceSize: 0,
        })
        return
      case 'unusable':
        this.#outbox.emit({ kind: 'poolUnsuited', reason: news.reason })
        return
      case 'denied':
        return this.#unsuited(`it opens no channel: ${news.refusal.code}`)
      case 'message':
        if (news.message.type === 'SetPayoutDistribution') this.#distribution(news.message)
    }
  }

  #distribution(message: SetPayoutDistribution): void {
    const distribution = readDistribution(message)
    if (typeof distribution === 'string') return this.#unsuited(`a payout distribution: ${distribution}`)
    const { id } = distribution
    // after a reconnection the newest comes again
    if (id === this.#known) return
    if (id < this.#known) {
      this.#outbox.emit({ kind: 'distributionsBeganAnew', id, known: this.#known })
      return
    }
    this.#known = id
    this.#outbox.emit({ kind: 'distributionHeard', distribution })
  }

  #unsuited(reason: string): void {
    this.#outbox.emit({ kind: 'poolUnsuited', reason })
    this.#link?.close(reason)
  }
}
