import {
  type Capabilities,
  DECLARATION_SETUP_FLAGS,
  MINING_SETUP_FLAGS,
  NEGOTIATION_SETUP_FLAGS,
  PAYOUT_DISTRIBUTION,
} from '@sv2/messages'
import { ExtensionTalk } from '../../client/extension-talk.ts'
import type { LinkSettings, UpstreamLink } from '../../client/link.ts'
import type { UpstreamChannel } from '../../client/upstream-channel.ts'
import { type Millis, NEVER } from '../../ground/role.ts'
import { Timers } from '../../ground/timers.ts'
import type { Distribution } from '../../payouts/distribution.ts'
import type { ClientDialogue } from './dialogue.ts'
import type { OfferLink } from './offer-link.ts'
import type { PoolWork } from './own-work.ts'
import type { PairState } from './pair-machine.ts'
import type { PairSettings } from './settings.ts'
import { TokenStock } from './token-stock.ts'

/** One of the two connections that a pair cannot work without. */
export interface Half {
  talk: ExtensionTalk
  link: UpstreamLink | undefined
}

/** A pool and its negotiator server: what there is of them. */
export class Pair {
  readonly place: number
  readonly settings: PairSettings
  readonly pool: Half
  readonly server: Half
  /** Where the pool gives jobs of its own. */
  readonly offers: OfferLink
  readonly tokens = new TokenStock()
  state: PairState = 'away'
  /** We ended its connections to begin others: that speaks not against it. */
  isRenewing = false
  /** It was left for another view of the chain. */
  isRaceLost = false
  /** `open`: what it owes before it can be used counts as not given. */
  readonly timers = new Timers('open')
  /** Bytes of extranonce asked for. */
  asked = 0
  dialogue: ClientDialogue | undefined
  /** The pool puts its outputs into the coinbase itself. */
  completesCoinbase = false
  channel: UpstreamChannel | undefined
  /** Its jobs follow payout distributions: extension 0x0003 is agreed on with the pool and with its server. */
  followsDistributions = false
  /** The newest payout distribution it told. */
  distribution: Distribution | undefined
  /** Since when it offers a job on a tip that our own node has never told; `NEVER` while it does not. */
  aheadSince: Millis = NEVER
  /** Miners work on that. */
  minesOffer = false
  /** H/s it was told. */
  told = 0
  /** Work it has not agreed to yet; one at a time. */
  inFlight: PoolWork | undefined
  /** The newest work it pays for. */
  acknowledged: PoolWork | undefined
  /** There is a newer template than that of the work in flight. */
  isBehind = false
  /** Since when its view of the chain is another than ours; `NEVER` while it is not. */
  racingSince: Millis = NEVER
  /** Valid shares it refused in a row, since when, and whether it agreed to a job on the same tip meanwhile. */
  refused = { count: 0, since: NEVER, isConfirmed: false }

  constructor(place: number, settings: PairSettings, offers: OfferLink) {
    this.place = place
    this.offers = this.timers.add(offers)
    this.settings = settings
    this.pool = { talk: this.timers.add(new ExtensionTalk(settings.extensions)), link: undefined }
    const ofServer = settings.extensions.filter((id) => id === PAYOUT_DISTRIBUTION)
    this.server = { talk: this.timers.add(new ExtensionTalk(ofServer)), link: undefined }
  }

  /** How we introduce ourselves to the pool. */
  get poolLink(): LinkSettings {
    return { ...this.settings.pool, flags: MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION }
  }

  /** How we introduce ourselves to the server. */
  serverLink(dialogue: Capabilities['jobDialogue'], fullTemplate: boolean): LinkSettings {
    // one bit with two meanings: tokens have to work before a job is agreed to; transactions will be shown
    const flag =
      dialogue === 'commit'
        ? this.settings.asyncMining && NEGOTIATION_SETUP_FLAGS.REQUIRES_ASYNC_JOB_MINING
        : fullTemplate && DECLARATION_SETUP_FLAGS.DECLARE_TX_DATA
    return { ...this.settings.server, protocol: 'negotiation', flags: flag === false ? 0 : flag }
  }

  /** Both connections are set up. */
  get isConnected(): boolean {
    return this.pool.link?.isReady === true && this.server.link?.isReady === true
  }

  /** The pool does not tell distributions: its server is not asked for them any more, or its tokens would name nobody. */
  withoutDistributions(): this {
    this.server.talk = new ExtensionTalk([])
    return this
  }

  /** Whether a channel is one of its. */
  has(channel: UpstreamChannel | undefined): boolean {
    return channel !== undefined && (channel === this.channel || channel === this.offers.channel)
  }

  /** Our own node lags behind it. */
  get isAhead(): boolean {
    return this.aheadSince !== NEVER
  }

  /** Forgets what belonged to connections that are gone. */
  forgetWork(): void {
    this.tokens.clear()
    this.dialogue = undefined
    this.channel = undefined
    this.distribution = undefined
    this.aheadSince = NEVER
    this.minesOffer = false
    this.told = 0
    this.inFlight = undefined
    this.acknowledged = undefined
    this.isBehind = false
    this.racingSince = NEVER
    this.refused = { count: 0, since: NEVER, isConfirmed: false }
    this.timers.stop('open')
  }
}
