import { DayOfRates, Tally, TenMinutesOfRates } from './tally.ts'

/** What is counted of one account. */
export class AccountStats {
  readonly name: string
  readonly tally = new Tally(new DayOfRates())
  readonly workers = new Map<string, WorkerStats>()

  constructor(name: string) {
    this.name = name
  }
}

/** What is counted of one worker of an account, over all its channels. */
export class WorkerStats {
  /** In the order of coming; never used twice. */
  readonly number: number
  readonly account: AccountStats
  /** What the miner calls it; empty without a name. */
  readonly name: string
  readonly tally = new Tally(new DayOfRates())
  /** Open channels. */
  channels = 0
  /** Difficulty of the channel that was opened or changed last. */
  difficulty = 0
  /** When it came, the last time, Unix ms. */
  connectedAt: number
  /** When its last channel was closed; undefined while it has one. */
  leftAt: number | undefined

  constructor(number: number, of: { readonly account: AccountStats; readonly name: string }, now: number) {
    this.number = number
    this.account = of.account
    this.name = of.name
    this.connectedAt = now
  }
}

/** What is counted of one open channel. */
export class ChannelStats {
  readonly channelId: number
  readonly client: ClientStats
  readonly kind: 'standard' | 'extended'
  readonly account: string
  readonly worker: string
  readonly tally = new Tally(new TenMinutesOfRates())
  readonly openedAt: number
  difficulty: number
  /** H/s, as the miner declared it. */
  readonly nominalHashrate: number
  /** Place of the upstream that it is at; undefined where channels have none of their own. */
  upstream: number | undefined
  /** Undefined when no more workers are kept. */
  readonly of: WorkerStats | undefined
  /** Shares that are not in the tallies yet: see `Statistics.settle`. */
  readonly unsettled = { count: 0, difficulty: 0, best: 0 }

  constructor(
    opened: {
      readonly channelId: number
      readonly channelKind: 'standard' | 'extended'
      readonly nominalHashrate: number
      readonly difficulty: number
      readonly upstream: number | undefined
    },
    whose: { readonly client: ClientStats; readonly account: string; readonly worker: string },
    counted: { readonly of: WorkerStats | undefined; readonly now: number },
  ) {
    this.channelId = opened.channelId
    this.client = whose.client
    this.kind = opened.channelKind
    this.account = whose.account
    this.worker = whose.worker
    this.openedAt = counted.now
    this.difficulty = opened.difficulty
    this.nominalHashrate = opened.nominalHashrate
    this.upstream = opened.upstream
    this.of = counted.of
  }
}

/** What is counted of one connection of a miner. */
export class ClientStats {
  readonly session: number
  /** Address and port. */
  readonly remote: string
  readonly isV1: boolean
  readonly connectedAt: number
  /** Who made it, or what it calls itself. */
  vendor = ''
  firmware = ''
  /** A kind of V1 miner; undefined for Stratum V2. */
  dialect: string | undefined
  readonly channels = new Map<number, ChannelStats>()
  readonly tally = new Tally(new TenMinutesOfRates())

  constructor(
    info: { readonly session: number; readonly remote: string; readonly edition: string },
    now: number,
  ) {
    this.session = info.session
    this.remote = info.remote
    this.isV1 = info.edition === 'v1'
    this.connectedAt = now
  }
}

/** What is counted of one upstream. */
export class UpstreamStats {
  /** In the configuration. */
  readonly place: number
  name = ''
  state: 'unknown' | 'ready' | 'lost' | 'refused' = 'unknown'
  /** In words, when it refuses us. */
  reason = ''
  isUsed = false
  sent = 0
  acknowledged = 0
  unanswered = 0
  readonly tally = new Tally(new TenMinutesOfRates())
  /** Since when it is in this state, Unix ms. */
  since: number

  constructor(place: number, now: number) {
    this.place = place
    this.since = now
  }
}
