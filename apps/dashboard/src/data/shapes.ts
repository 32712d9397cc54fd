// What the API answers, as far as the pages read it: `/api/v1/openapi.json`.

/** H/s over three spans. */
export interface Rates {
  readonly ten_minutes: number
  readonly hour: number
  readonly day: number
}

/** Counts of shares. */
export interface Shares {
  readonly accepted: number
  readonly refused: number
  readonly refused_by_reason: Readonly<Record<string, number>>
  readonly work: number
  readonly best: number
  readonly last_share_at: number | null
  readonly blocks: number
}

/** `/api/v1/pool`. */
export interface Node {
  readonly role: string
  readonly version: string
  readonly network: string | null
  readonly ok: boolean
  readonly started_at: number
  readonly now: number
  readonly miners: number
  readonly channels: number
  readonly workers: number
  readonly hashrate: Rates
  readonly shares: Shares
  readonly tip: {
    readonly prev_hash: string
    readonly network_difficulty: number
    readonly at: number
  } | null
  readonly pays: boolean
  readonly doors: readonly string[]
}

/** `/api/v1/accounts/{account}`. */
export interface Account {
  readonly account: string
  readonly workers: number
  readonly hashrate: Rates
  readonly shares: Shares
  readonly odds_per_day: number | null
  readonly books: {
    readonly balance_sat: number
    readonly expected_sat: number
    readonly paid_sat: number
  } | null
}

/** A worker of an account. */
export interface Worker {
  readonly worker: string
  readonly connected: boolean
  readonly channels: number
  readonly connected_at: number
  readonly left_at: number | null
  readonly difficulty: number
  readonly hashrate: Rates
  readonly shares: Shares
}

/** What an account earned by a block. */
export interface Earning {
  readonly hash: string
  readonly height: number
  readonly at: number
  readonly state: string
  readonly earned_sat: number
  readonly paid_sat: number
}

/** A block that was found here. */
export interface Block {
  readonly hash: string
  readonly height: number | null
  readonly at: number
  readonly account: string
  readonly worker: string
  readonly state: string
  readonly total_sat: number | null
}

/** The coinbase that is mined now. */
export interface Coinbase {
  readonly tag: string
  readonly outputs: readonly {
    readonly script: string
    readonly address: string | null
    readonly value_sat: number
    readonly is_own: boolean
  }[]
}

/** What an account is owed beyond the block to come. */
export interface Balance {
  readonly account: string
  readonly balance_sat: number
}

/** How the block to come is split. */
export interface Distribution {
  readonly id: string
  readonly at: number | null
  readonly value_sat: number
  readonly payouts: readonly {
    readonly account: string
    readonly script: string
    readonly weight: string
    readonly expected_sat: number
  }[]
}

/** A segment of the journal. */
export interface Segment {
  readonly node: number
  readonly number: number
  readonly records: number
  readonly bytes: number
  readonly closed_at: number | null
  readonly kept: boolean
  readonly root: string | null
}

/** An upstream of a farm. */
export interface Upstream {
  readonly place: number
  readonly name: string
  readonly state: string
  readonly reason: string
  readonly is_used: boolean
  readonly since: number
  readonly sent: number
  readonly acknowledged: number
  readonly refused: number
  readonly refused_by_reason: Readonly<Record<string, number>>
  readonly unanswered: number
}

/** A machine. */
export interface Miner {
  readonly id: number
  readonly remote: string
  readonly version: 'v1' | 'v2'
  readonly kind: string
  readonly firmware: string
  readonly users: readonly string[]
  readonly channels: number
  readonly connected_at: number
  readonly upstream: number | null
  readonly difficulty: number | null
  readonly hashrate_ten_minutes: number
  readonly shares: Shares
  readonly silent_sec: number
}

/** A page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

/** Hash rate over time. */
export interface History {
  readonly points: readonly { readonly at: number; readonly hashrate: number }[]
}
