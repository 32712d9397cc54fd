import { hex, type Network, scriptToAddress, unhex } from '@sv2/bitcoin'
import { type AccountKey, type BookedBlock, changes, type Ledger, POOL } from '@sv2/roles/ledger'
import type { Distribution } from '@sv2/roles/payouts'

/** What may be asked of the ledger. */
export type LedgerQuery =
  | { readonly kind: 'account'; readonly name: string }
  | { readonly kind: 'blocks'; readonly before: number | undefined; readonly limit: number }
  | { readonly kind: 'distribution' }
  /** Scripts and txid in hex, the txid in header byte order. */
  | { readonly kind: 'payees'; readonly txid: string; readonly scripts: readonly string[] }
  | { readonly kind: 'address'; readonly name: string }
  | { readonly kind: 'balances'; readonly after: string | undefined; readonly limit: number }

/** What it answers. Money in satoshi, as text: it may be more than a number holds. */
export interface LedgerAnswers {
  readonly account: AccountView | undefined
  readonly blocks: readonly BlockView[]
  readonly distribution: DistributionView | undefined
  readonly balances: readonly BalanceView[]
  readonly payees: PayeesView
  readonly address: AddressView
}

/** Where an account that is known by its name is paid. */
export interface AddressView {
  /** Hex; null while it has no address. */
  readonly script: string | null
  /** Unix ms; 0 while it has none. */
  readonly signedAt: number
  /** Names that have an address, of all accounts. */
  readonly addresses: number
}

/** Whom a transaction pays. */
export interface PayeesView {
  /** It is booked. */
  readonly isBooked: boolean
  /** The account's name for each script; `pool` for the pool's own, null for a script of nobody. */
  readonly names: readonly (string | null)[]
}

/** An account, as its owner sees it. */
export interface AccountView {
  readonly name: string
  /** Its part of a block that is found now, less the fee. */
  readonly expected: string
  /** What it is owed beyond that; negative: it was paid too much. */
  readonly balance: string
  /** Of blocks that are not orphaned. */
  readonly earned: string
  readonly paid: string
  /** Newest first, the last 100. */
  readonly earnings: readonly EarningView[]
}

export interface EarningView {
  readonly hash: string
  readonly height: number
  readonly time: number
  readonly state: BookedBlock['state']
  readonly earned: string
  readonly paid: string
}

export interface BlockView {
  /** Its place in the order of booking, from 0 on. */
  readonly index: number
  readonly hash: string
  readonly height: number
  readonly time: number
  readonly state: BookedBlock['state']
  readonly confirmations: number
  readonly distribution_id: string
  readonly finder: string | null
  readonly worker: string
  readonly total: string
  readonly fee: string
  readonly outside: string
  readonly payouts: number
}

export interface DistributionView {
  readonly id: string
  readonly made_at: number
  readonly pool: { readonly script: string; readonly weight: string }
  readonly payouts: readonly {
    readonly account: string
    readonly script: string
    readonly weight: string
    readonly dust_limit: number
  }[]
}

export interface BalanceView {
  readonly key: AccountKey
  readonly account: string
  readonly balance: string
}

const EARNINGS_SHOWN = 100

/** Looks things up in a ledger. */
export class LedgerView {
  readonly #ledger: Ledger
  readonly #network: Network
  readonly #distribution: () => { readonly distribution: Distribution; readonly time: number } | undefined

  constructor(
    ledger: Ledger,
    network: Network,
    distribution: () => { readonly distribution: Distribution; readonly time: number } | undefined,
  ) {
    this.#ledger = ledger
    this.#network = network
    this.#distribution = distribution
  }

  /** @throws {TypeError} on a question that is none of them */
  answer(query: LedgerQuery): LedgerAnswers[keyof LedgerAnswers] {
    switch (query.kind) {
      case 'account':
        return this.#account(query.name)
      case 'blocks':
        return this.#blocks(query.before, query.limit)
      case 'distribution':
        return this.#given()
      case 'payees':
        return {
          isBooked: this.#ledger.hasPaid(unhex(query.txid)),
          names: query.scripts.map((script) => this.#payee(script)),
        }
      case 'address': {
        const { accounts } = this.#ledger
        const known = accounts.addressOf(query.name)
        const { account: script = null, signedAt = 0 } = known ?? {}
        return { script, signedAt, addresses: accounts.addresses }
      }
      case 'balances':
        return this.#balances(query.after, query.limit)
      default:
        throw new TypeError(`no query: ${query satisfies never}`)
    }
  }

  #account(name: string): AccountView | undefined {
    const key = this.#ledger.accounts.find(name)
    if (key === undefined) return undefined
    let earned = 0n
    let paid = 0n
    const earnings: EarningView[] = []
    for (const { booking, state } of this.#ledger.blocks().toReversed()) {
      const of = { earned: booking.earned.get(key) ?? 0n, paid: booking.paid.get(key) ?? 0n }
      if (of.earned === 0n && of.paid === 0n) continue
      if (state !== 'orphaned') {
        earned += of.earned
        paid += of.paid
      }
      if (earnings.length >= EARNINGS_SHOWN) continue
      const { hash, height, time } = booking
      earnings.push({ hash, height, time, state, earned: of.earned.toString(), paid: of.paid.toString() })
    }
    return {
      name,
      expected: (this.#ledger.expected().get(key) ?? 0n).toString(),
      balance: this.#ledger.balance(key).toString(),
      earned: earned.toString(),
      paid: paid.toString(),
      earnings,
    }
  }

  #blocks(before: number | undefined, limit: number): BlockView[] {
    const blocks = this.#ledger.blocks()
    const end = Math.min(before ?? blocks.length, blocks.length)
    const page = blocks.slice(Math.max(0, end - limit), end)
    return page
      .map(({ booking, state, confirmations }, at): BlockView => {
        const { hash, height, time, distributionId, finder, workerName, total, fee, outside, paid } = booking
        return {
          index: end - page.length + at,
          hash,
          height,
          time,
          state,
          confirmations,
          distribution_id: distributionId.toString(),
          finder: finder === undefined ? null : this.#nameOf(finder),
          worker: workerName,
          total: total.toString(),
          fee: fee.toString(),
          outside: outside.toString(),
          payouts: paid.size - 1,
        }
      })
      .reverse()
  }

  #given(): DistributionView | undefined {
    const given = this.#distribution()
    if (given === undefined) return undefined
    const { id, pool, payouts } = given.distribution
    return {
      id: id.toString(),
      made_at: given.time,
      pool: { script: hex(pool.script), weight: pool.weight.toString() },
      payouts: payouts.map(({ script, weight, dustLimit }) => ({
        account: this.#nameOf(hex(script)),
        script: hex(script),
        weight: weight.toString(),
        dust_limit: dustLimit,
      })),
    }
  }

  #balances(after: string | undefined, limit: number): BalanceView[] {
    return this.#ledger
      .balances()
      .filter(([key]) => after === undefined || key > after)
      .slice(0, limit)
      .map(([key, balance]) => ({ key, account: this.#nameOf(key), balance: balance.toString() }))
  }

  #payee(script: string): string | null {
    if (script === hex(this.#ledger.terms.poolScript)) return POOL
    return this.#ledger.accounts.nameOf(script) ?? null
  }

  #nameOf(key: AccountKey): string {
    if (key === POOL) return POOL
    const name = this.#ledger.accounts.nameOf(key)
    if (name !== undefined) return name
    return key.startsWith('name:') ? key.slice(5) : (scriptToAddress(unhex(key), this.#network) ?? key)
  }
}

/** What miners are owed in all, and what they were paid too much; satoshi. */
export function sums(ledger: Ledger): { readonly owed: bigint; readonly overpaid: bigint } {
  let owed = 0n
  let overpaid = 0n
  for (const [key, balance] of ledger.balances()) {
    if (key === POOL) continue
    if (balance > 0n) owed += balance
    else overpaid -= balance
  }
  return { owed, overpaid }
}

/** What a block changed, for a log line: how many accounts it left something with, and took something from. */
export function changedAccounts({ booking }: BookedBlock): { readonly more: number; readonly less: number } {
  const values = [...changes(booking)].filter(([key]) => key !== POOL).map(([, change]) => change)
  return {
    more: values.filter((change) => change > 0n).length,
    less: values.filter((change) => change < 0n).length,
  }
}
