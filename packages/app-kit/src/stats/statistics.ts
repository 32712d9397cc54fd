import type { CountedFact } from './facts.ts'
import { LiveEvents } from './live-events.ts'
import { ChannelStats, ClientStats, UpstreamStats } from './parties.ts'
import { DayOfRates, Tally } from './tally.ts'
import { Workers } from './workers.ts'

/** Accepted shares, together. */
interface CountedShares {
  readonly difficulty: number
  readonly count: number
  readonly best: number
}

/** A block that was found here. */
export interface FoundBlock {
  /** Display order, hex. */
  readonly hash: string
  /** Unix ms. */
  readonly at: number
  readonly account: string
  readonly worker: string
}

/** The tip of the chain. */
export interface TipSeen {
  /** Display order, hex. */
  readonly prevHash: string
  readonly networkDifficulty: number
  /** Unix ms. */
  readonly at: number
}

/** Blocks that are kept. */
const MOST_BLOCKS = 1_000

/**
 * Shares wait so long before they are put into the tallies, ms: of a channel that sends a hundred in a second they are put there
 * together. A share costs 0.1 µs then, and 3.2 µs when each goes into all tallies by itself.
 */
const SETTLE_MS = 1_000

/** Channels of connections that are gone are closed so many at a time: 100,000 at once took 30 ms. */
const CLOSED_AT_ONCE = 512

/** Counts what a role tells of its miners and upstreams, for pages and notices. Everything it keeps has a limit. */
export class Statistics {
  readonly startedAt: number
  readonly clients = new Map<number, ClientStats>()
  readonly upstreams = new Map<number, UpstreamStats>()
  readonly workers: Workers
  readonly total = new Tally(new DayOfRates())
  readonly live = new LiveEvents()
  /** The newest last. */
  readonly blocks: FoundBlock[] = []
  /** Undefined before the first tip. */
  tip: TipSeen | undefined
  /** Open channels by kind. */
  readonly channels = { standard: 0, extended: 0 }
  readonly #minersPorts: readonly string[]
  /** Connections that are gone, with channels that are not closed yet: their role tells of each, a part at a time. */
  readonly #leaving = new Map<number, ClientStats>()
  /** Channels with shares that are not in the tallies yet. */
  #unsettled: ChannelStats[] = []
  #settledAt: number
  #now: () => number

  /** @param settings `minersPorts` kinds of ports whose connections are those of miners */
  constructor(
    settings: {
      readonly maxWorkers: number
      readonly minersPorts?: readonly string[]
      /** Of upstreams, in the order of the configuration. */
      readonly upstreams?: readonly string[]
    },
    now: () => number,
  ) {
    this.#now = now
    this.startedAt = now()
    this.#settledAt = this.startedAt
    this.workers = new Workers(settings.maxWorkers)
    this.#minersPorts = settings.minersPorts ?? ['miners', 'v1']
    for (const [place, name] of (settings.upstreams ?? []).entries()) this.#upstream(place).name = name
  }

  /** A connection was made. */
  opened(info: {
    readonly session: number
    readonly port: string
    readonly remote: string
    readonly edition: string
  }): void {
    if (!this.#minersPorts.includes(info.port.split(' ', 1)[0] ?? '')) return
    this.clients.set(info.session, new ClientStats(info, this.#now()))
  }

  /** Puts shares that wait into the tallies: to be called before a tally is read. */
  settle(): void {
    this.#settle()
    this.#closeSome()
  }

  #settle(): void {
    const now = this.#now()
    this.#settledAt = now
    for (const channel of this.#unsettled) {
      const { unsettled } = channel
      this.#count(channel, unsettled, channel.of)
      unsettled.count = 0
      unsettled.difficulty = 0
      unsettled.best = 0
    }
    this.#unsettled = []
  }

  /** A connection is gone, and its channels with it. */
  closed(session: number): void {
    const client = this.clients.get(session)
    if (client === undefined) return
    this.clients.delete(session)
    this.#leaving.set(session, client)
    this.#closeSome()
  }

  /** Counts a fact; one that says nothing of miners or upstreams is passed over. */
  fact(fact: CountedFact): void {
    switch (fact.kind) {
      case 'minerConnected':
        return this.#introduce(fact.session, fact)
      case 'v1Subscribed':
        return this.#introduce(fact.session, { vendor: fact.userAgent, firmware: '', dialect: fact.dialect })
      case 'channelOpened':
        return this.#open(fact)
      case 'channelClosed': {
        const client = this.clients.get(fact.session) ?? this.#leaving.get(fact.session)
        return client && this.#close(client, fact.channelId)
      }
      case 'channelMoved': {
        const channel = this.#channel(fact)
        if (channel !== undefined) channel.upstream = fact.upstream
        return
      }
      case 'difficultyChanged': {
        const channel = this.#channel(fact)
        if (channel === undefined) return
        channel.difficulty = fact.to
        if (channel.of !== undefined) channel.of.difficulty = fact.to
        return
      }
      case 'shareAccepted':
        return this.#accept(
          fact,
          { difficulty: fact.difficulty, count: 1, best: fact.hashDifficulty },
          fact.worker,
        )
      case 'sharesAccepted': {
        const share = { difficulty: Number(fact.work), count: fact.count, best: 0 }
        const upstream = this.#channel(fact)?.upstream
        if (upstream !== undefined) this.#acknowledge(this.#upstream(upstream), fact.count, share.difficulty)
        return this.#accept(fact, share, undefined)
      }
      case 'sharesCounted':
        return this.#accept(fact, fact, fact.worker)
      case 'shareRefused':
        return this.#refuse(fact, fact.code)
      case 'v1ShareRefused':
        return this.#refuse({ session: fact.session, channelId: undefined }, fact.reason)
      case 'blockFound':
        return this.#found(fact)
      case 'newTip':
        return this.#newTip(fact)
      default:
        return this.#factOfUpstream(fact)
    }
  }

  #factOfUpstream(
    fact: Exclude<
      CountedFact,
      { readonly kind: 'shareAccepted' | 'channelOpened' | 'newTip' | 'blockFound' }
    >,
  ): void {
    switch (fact.kind) {
      case 'upstreamReady':
        return this.#turn(fact.upstream, 'ready', fact)
      case 'upstreamLost':
        return this.#turn(fact.upstream, 'lost', fact)
      case 'upstreamRefused':
        return this.#turn(fact.upstream, 'refused', fact)
      case 'upstreamUsed':
        return this.#use(fact.upstream, fact.name)
      case 'poolReady':
        return this.#turn(fact.pool, 'ready', {})
      case 'poolLost':
        return this.#turn(fact.pool, 'lost', {})
      case 'poolRefused':
        return this.#turn(fact.pool, 'refused', fact)
      case 'poolUsed':
        return this.#use(fact.pool, '')
      case 'workFrom':
        return this.#use(fact.place, fact.name)
      case 'pairChanged':
        return this.#turn(fact.place, fact.to === 'barred' ? 'refused' : 'ready', fact)
      case 'shareSent':
        this.#upstream(fact.upstream).sent++
        return
      case 'shareSubmitted':
        this.#upstream(fact.pool).sent++
        return
      case 'sharesAcknowledgedAbove':
        return this.#acknowledge(this.#upstream(fact.upstream), fact.count, 0)
      case 'shareAnswered':
        if (fact.code === undefined) return this.#acknowledge(this.#upstream(fact.pool), 1, 0)
        return this.#upstream(fact.pool).tally.refuse(fact.code)
      case 'shareRefusedAbove':
        return this.#upstream(fact.upstream).tally.refuse(fact.code)
      case 'sharesUnanswered':
        this.#upstream(fact.upstream).unanswered += fact.count
        return
    }
  }

  #introduce(
    session: number,
    {
      vendor,
      firmware,
      dialect,
    }: { readonly vendor: string; readonly firmware: string; readonly dialect?: string },
  ): void {
    const client = this.clients.get(session)
    // V1 sessions are told of in their own way too
    if (client === undefined || (client.isV1 && dialect === undefined)) return
    client.vendor = vendor
    client.firmware = firmware
    client.dialect = dialect
  }

  #open(fact: Extract<CountedFact, { readonly kind: 'channelOpened' }>): void {
    const client = this.clients.get(fact.session)
    if (client === undefined) return
    const now = this.#now()
    const { account, worker } = whoOf(fact)
    const of = this.workers.take(account, worker, now)
    const whose = { client, account, worker }
    const { channelId, channelKind, nominalHashrate } = fact
    const difficulty = 'difficulty' in fact ? fact.difficulty : 0
    const upstream = 'upstream' in fact ? fact.upstream : undefined
    const opened = { channelId, channelKind, nominalHashrate, difficulty, upstream }
    client.channels.set(channelId, new ChannelStats(opened, whose, { of, now }))
    this.channels[channelKind]++
    if (of === undefined) return
    of.difficulty = difficulty
    this.workers.opened(of, now)
  }

  /** A role that does not tell of the channels of a connection that is gone does not keep them here either. */
  #closeSome(): void {
    let left = CLOSED_AT_ONCE
    for (const [session, client] of this.#leaving) {
      for (const channelId of client.channels.keys()) {
        if (left-- === 0) return
        this.#close(client, channelId)
      }
      this.#leaving.delete(session)
    }
  }

  #close(client: ClientStats, channelId: number): void {
    const channel = client.channels.get(channelId)
    if (channel === undefined) return
    if (channel.unsettled.count > 0) this.#settle()
    client.channels.delete(channelId)
    this.channels[channel.kind]--
    const { of, account, worker } = channel
    const now = this.#now()
    if (of === undefined || !this.workers.closed(of, now)) return
    this.live.tell({ kind: 'workerGone', account, worker }, now)
  }

  #accept(
    place: { readonly session: number; readonly channelId: number },
    share: CountedShares,
    /** That the share itself names. */
    named: string | undefined,
  ): void {
    const channel = this.#channel(place)
    if (channel === undefined) return this.total.accept(share, this.#now())
    if (named !== undefined && named !== '' && named !== channel.worker)
      return this.#count(channel, share, this.#workerOf(channel, named, this.#now()))
    const { unsettled } = channel
    if (unsettled.count === 0) this.#unsettled.push(channel)
    unsettled.count += share.count
    unsettled.difficulty += share.difficulty
    if (share.best > unsettled.best) unsettled.best = share.best
    if (this.#now() - this.#settledAt >= SETTLE_MS) this.settle()
  }

  #count(channel: ChannelStats, shares: CountedShares, worker: ChannelStats['of']): void {
    const now = this.#now()
    this.total.accept(shares, now)
    channel.tally.accept(shares, now)
    channel.client.tally.accept(shares, now)
    worker?.tally.accept(shares, now)
    worker?.account.tally.accept(shares, now)
  }

  #workerOf(channel: ChannelStats, named: string, now: number): ChannelStats['of'] {
    const worker = this.workers.take(channel.account, named, now)
    if (worker === undefined) return channel.of
    worker.difficulty = channel.difficulty
    this.workers.seen(worker)
    return worker
  }

  #refuse(place: { readonly session: number; readonly channelId: number | undefined }, code: string): void {
    this.total.refuse(code)
    const client = this.clients.get(place.session)
    client?.tally.refuse(code)
    // a V1 session has one channel
    const [first] = client?.isV1 === true ? client.channels.values() : []
    const channel = place.channelId === undefined ? first : client?.channels.get(place.channelId)
    channel?.tally.refuse(code)
    channel?.of?.tally.refuse(code)
    channel?.of?.account.tally.refuse(code)
  }

  #found(fact: Extract<CountedFact, { readonly kind: 'blockFound' }>): void {
    const channel = this.#channel(fact)
    const { account = '', worker = '' } = channel ?? {}
    const at = this.#now()
    this.total.blocks++
    if (channel !== undefined) channel.tally.blocks++
    if (channel !== undefined) channel.client.tally.blocks++
    if (channel?.of !== undefined) channel.of.tally.blocks++
    if (channel?.of !== undefined) channel.of.account.tally.blocks++
    this.blocks.push({ hash: fact.hash, at, account, worker })
    if (this.blocks.length > MOST_BLOCKS) this.blocks.shift()
    this.live.tell({ kind: 'block', hash: fact.hash, account, worker }, at)
  }

  #newTip({ prevHash, networkDifficulty }: Extract<CountedFact, { readonly kind: 'newTip' }>): void {
    const at = this.#now()
    this.tip = { prevHash, networkDifficulty, at }
    this.live.tell({ kind: 'tip', prevHash, networkDifficulty }, at)
  }

  #channel({
    session,
    channelId,
  }: {
    readonly session: number
    readonly channelId: number
  }): ChannelStats | undefined {
    return this.clients.get(session)?.channels.get(channelId)
  }

  #upstream(place: number): UpstreamStats {
    const known = this.upstreams.get(place)
    if (known !== undefined) return known
    const made = new UpstreamStats(place, this.#now())
    this.upstreams.set(place, made)
    return made
  }

  #turn(
    place: number,
    state: UpstreamStats['state'],
    { name, reason }: { readonly name?: string; readonly reason?: string },
  ): void {
    const upstream = this.#upstream(place)
    if (upstream.state !== state) upstream.since = this.#now()
    upstream.state = state
    if (name !== undefined && name !== '') upstream.name = name
    upstream.reason = state === 'refused' ? (reason ?? '') : ''
  }

  #use(place: number | undefined, name: string): void {
    for (const upstream of this.upstreams.values()) upstream.isUsed = false
    if (place === undefined) return
    const upstream = this.#upstream(place)
    upstream.isUsed = true
    if (name !== '') upstream.name = name
  }

  #acknowledge(upstream: UpstreamStats, count: number, difficulty: number): void {
    upstream.acknowledged += count
    upstream.tally.accept({ difficulty, count, best: 0 }, this.#now())
  }
}

/** Account and worker; where the role does not tell them apart, a name is split as users write it: `account.worker`. */
function whoOf({ user, worker = '' }: { readonly user: string; readonly worker?: string }): {
  readonly account: string
  readonly worker: string
} {
  const dot = user.indexOf('.')
  if (worker !== '' || dot === -1) return { account: user, worker }
  return { account: user.slice(0, dot), worker: user.slice(dot + 1) }
}
