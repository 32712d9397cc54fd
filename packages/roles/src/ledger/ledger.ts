import { blockSubsidy, displayHash, hex, readHeightPush, scriptToAddress } from '@sv2/bitcoin'
import type {
  AddressRecord,
  BlockRecord,
  JobRecord,
  JournalRecord,
  PaymentRecord,
  ShareRecord,
  TermsRecord,
  TipRecord,
} from '@sv2/journal'
import type { Distribution } from '../payouts/distribution.ts'
import { partOf } from '../payouts/part-of.ts'
import { SOLO_PAYOUT } from '../payouts/solo.ts'
import { Accounts } from './accounts.ts'
import { Accruals } from './accruals.ts'
import { bookingOf } from './book-block.ts'
import { type BookedBlock, Bookings } from './bookings.ts'
import type { LedgerEvent, LedgerFact } from './facts.ts'
import { GivenDistributions } from './given-distributions.ts'
import {
  amountsOf,
  blockOf,
  type LedgerSnapshot,
  type LedgerState,
  snapshotOfBlock,
  stateOf,
  textOf,
} from './ledger-snapshot.ts'
import { makeDistribution } from './make-distribution.ts'
import { type Scheme, schemeOf } from './schemes.ts'
import type { LedgerSettings } from './settings.ts'
import type { WindowState } from './share-window.ts'
import { type AccountKey, splitExactly } from './split-exactly.ts'
import { readTerms, type Terms, writeTerms } from './terms.ts'

/** Bytes of a coinbase without witness in front of its script: version, count, outpoint, length of the script. */
const SCRIPT_AT = 42

/**
 * The ledger: reads what the pool's nodes wrote into their journals, decides who is paid by the coinbases to come, and
 * books what those that were mined paid. It is a function of the journals: what is read again makes the same books.
 */
export class Ledger {
  #settings: LedgerSettings
  #scheme: Scheme
  readonly #bookings: Bookings
  readonly #accounts: Accounts
  readonly #given: GivenDistributions
  /** Transactions that were booked, by txid. */
  readonly #transactions: Set<string>
  /** Sequence that is expected next, by node. */
  readonly #cursors: Map<number, number>
  readonly #accruals: Accruals
  #effects: LedgerFact[] = []
  #height: number
  /** Value of a coinbase of this time, satoshi; 0: no job yet. */
  #value: bigint
  #madeAt: number
  /** Something that a distribution depends on has changed since the last one. */
  #isDue: boolean

  /** @param snapshot what a ledger knew; it goes on from there, and the terms in it hold instead of the settings */
  constructor(settings: LedgerSettings, snapshot?: LedgerSnapshot) {
    const { network } = settings
    this.#settings = snapshot === undefined ? settings : { network, ...readTerms(snapshot.terms) }
    this.#bookings = new Bookings(snapshot?.blocks.map(blockOf), amountsOf(snapshot?.balances ?? []))
    this.#accounts = new Accounts(snapshot?.accounts)
    this.#given = new GivenDistributions(snapshot?.given)
    this.#cursors = new Map(snapshot?.cursors)
    this.#transactions = new Set(snapshot?.transactions)
    this.#accruals = new Accruals(network, snapshot)
    this.#height = snapshot?.height ?? 0
    this.#value = BigInt(snapshot?.value ?? 0)
    this.#madeAt = snapshot?.madeAt ?? Number.NEGATIVE_INFINITY
    this.#isDue = snapshot?.isDue ?? false
    this.#scheme = this.#makeScheme(snapshot?.window ?? undefined)
  }

  get snapshot(): LedgerSnapshot {
    return {
      terms: writeTerms(this.#settings),
      cursors: [...this.#cursors],
      accounts: this.#accounts.snapshot,
      blocks: this.#bookings.blocks().map(snapshotOfBlock),
      balances: textOf(this.#bookings.balances()),
      transactions: [...this.#transactions],
      accrued: textOf(this.#accruals.parts),
      fees: this.#accruals.fees,
      given: this.#given.snapshot,
      window: this.#scheme.state ?? null,
      height: this.#height,
      value: this.#value.toString(),
      madeAt: Number.isFinite(this.#madeAt) ? this.#madeAt : null,
      isDue: this.#isDue,
    }
  }

  /** The newest distribution, and when it was made, unix ms; undefined: there is none yet. */
  get distribution(): { readonly distribution: Distribution; readonly time: number } | undefined {
    const given = this.#given.find(this.#given.lastId)
    return given && { distribution: given.distribution, time: this.#madeAt }
  }

  /** Takes an entry. One that was taken before changes nothing; one that comes too early is not taken. */
  handle({ node, entry }: LedgerEvent): readonly LedgerFact[] {
    const expected = this.#cursors.get(node) ?? 0
    if (entry.sequence < expected) return []
    if (entry.sequence > expected) return [{ kind: 'gap', node, expected, sequence: entry.sequence }]
    this.#cursors.set(node, expected + 1)
    this.#take(node, entry.record)
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  /** Sequence of the next entry that is wanted of a node. */
  cursor(node: number): number {
    return this.#cursors.get(node) ?? 0
  }

  /** Terms that hold now: those of the journal, as far as it was read. */
  get terms(): Terms {
    return this.#settings
  }

  get accounts(): Accounts {
    return this.#accounts
  }

  /** What an account is owed besides its part of the block to come; negative: it was paid too much. */
  balance(account: AccountKey): bigint {
    return this.#bookings.balance(account)
  }

  balances(): readonly (readonly [AccountKey, bigint])[] {
    return this.#bookings.balances()
  }

  /** What may be paid to each account beyond the block to come, see `Bookings.available`; negative: it has to pay back. */
  available(): ReadonlyMap<AccountKey, bigint> {
    return this.#bookings.available()
  }

  /** A transaction from the operator's wallet is booked. @param txid header byte order */
  hasPaid(txid: Uint8Array): boolean {
    return this.#transactions.has(hex(txid))
  }

  blocks(): readonly BookedBlock[] {
    return this.#bookings.blocks()
  }

  /** Blocks whose place in the chain is still to be looked at; hash in display order, hex. */
  openBlocks(): readonly {
    readonly hash: string
    readonly height: number
    readonly confirmations: number
  }[] {
    return this.#bookings
      .blocks()
      .filter(
        ({ booking, state }) =>
          state === 'pending' || booking.height + 2 * this.#settings.confirmations >= this.#height,
      )
      .map(({ booking: { hash, height }, confirmations }) => ({ hash, height, confirmations }))
  }

  /** A block is booked. @param hash display order, hex */
  hasBlock(hash: string): boolean {
    return this.#bookings.block(hash) !== undefined
  }

  isPending(hash: string): boolean {
    return this.#bookings.block(hash)?.state === 'pending'
  }

  /** Weights by which the next block is split, see `Scheme`. */
  weights(): ReadonlyMap<AccountKey, bigint> {
    return this.#scheme.weights()
  }

  /** What an account would get of a block found now, less the fee; satoshi. */
  expected(): ReadonlyMap<AccountKey, bigint> {
    return splitExactly(this.#value - partOf(this.#value, this.#settings.feePpm), this.weights())
  }

  get state(): LedgerState {
    return stateOf(this.snapshot)
  }

  #take(node: number, record: JournalRecord): void {
    switch (record.kind) {
      case 'share':
        return this.#share(node, record)
      case 'account':
        return this.#accounts.name(node, record)
      case 'worker':
        return this.#accounts.nameWorker(node, record)
      case 'job':
        return this.#job(record)
      case 'tip':
        return this.#tip(record)
      case 'block':
        return this.#block(node, record)
      case 'chain':
        return this.#chain(displayHash(record.hash), record.confirmations, record.time)
      case 'payment':
        return this.#payment(node, record)
      case 'address':
        return this.#setAddress(record)
      case 'terms':
        return this.#setTerms(record)
      default:
        throw new TypeError(`no record: ${record satisfies never}`)
    }
  }

  /** A transaction is booked once, however often it is recorded. */
  #payment(node: number, { txid, paid, time }: PaymentRecord): void {
    const id = hex(txid)
    if (this.#transactions.has(id)) return
    this.#transactions.add(id)
    for (const { account, value } of paid) this.#bookings.transfer(this.#accounts.key(node, account), -value)
    this.#isDue = true
    this.#make(time, 'when due')
  }

  /** An account that was known by its name is that of its address: with what it has earned and is owed. */
  #setAddress(record: AddressRecord): void {
    const to = hex(record.script)
    const address = scriptToAddress(record.script, this.#settings.network) ?? to
    const from = this.#accounts.setAddress(record, address)
    if (from === undefined) return
    for (const of of [this.#bookings, this.#scheme, this.#given, this.#accruals]) of.rename(from, to)
    this.#isDue = true
    this.#make(record.time, 'when due')
  }

  /** From here on other terms hold. Work that was done counts on, where the new scheme counts work as the old one did. */
  #setTerms({ terms, time }: TermsRecord): void {
    const { network } = this.#settings
    const { state } = this.#scheme
    this.#settings = { network, ...readTerms(terms) }
    this.#scheme = this.#makeScheme(state)
    this.#isDue = true
    this.#make(time, 'now')
  }

  #makeScheme(state: WindowState | undefined): Scheme {
    return schemeOf(this.#settings, (account, score) => this.#accrue(account, score), state)
  }

  #share(node: number, share: ShareRecord): void {
    // the finder of a block is paid by its coinbase: the share earns nothing of other blocks
    if (share.distributionId === SOLO_PAYOUT) return
    const account = this.#accounts.key(node, share.account)
    this.#scheme.share({
      time: share.time,
      account,
      work: this.#creditedWork(share),
      networkWork: share.networkWork,
    })
    this.#isDue = true
    this.#make(share.time, 'when due')
  }

  /**
   * The work of a share, as far as its job pays the pool: all of it where the pool gets everything that the job pays, which
   * is the subsidy at least. With `slice` the pool has to get what its own job of the time would have brought, fees
   * and all.
   */
  #creditedWork({ work, rewardToPool, rewardTotal }: ShareRecord): bigint {
    if (rewardTotal === 0n) return work
    const { scheme } = this.#settings.scheme
    const subsidy = blockSubsidy(this.#height, this.#settings.network)
    const whole = scheme === 'slice' ? this.#value : rewardTotal > subsidy ? rewardTotal : subsidy
    return rewardToPool < whole ? (work * rewardToPool) / whole : work
  }

  #job(job: JobRecord): void {
    this.#given.use(job.distributionId)
    // a miner's own job may be worth anything: it says nothing of what a block is worth
    if (job.isOwn) {
      this.#value = job.value
      // a late share may name a job of the tip before
      const height = readHeightPush(job.coinbasePrefix.subarray(SCRIPT_AT)) ?? this.#height
      this.#accruals.job(height, job.value)
    }
    this.#make(job.time, 'when due')
  }

  #tip({ height, time }: TipRecord): void {
    this.#height = height
    this.#given.newTip()
    this.#isDue = true
    this.#make(time, 'now')
  }

  #block(node: number, block: BlockRecord): void {
    const booking = bookingOf(block, {
      node,
      settings: this.#settings,
      accounts: this.#accounts,
      given: this.#given,
      weights: () => this.#scheme.weights(),
    })
    if (!this.#bookings.book(booking)) return
    this.#effects.push({ kind: 'blockBooked', block: this.#bookings.block(booking.hash)! })
    // it is its finder's alone: nothing of what other miners are paid changes
    if (booking.distributionId === SOLO_PAYOUT) return
    this.#scheme.blockFound()
    this.#isDue = true
    this.#make(block.time, 'voiding')
  }

  #chain(hash: string, confirmations: number, time: number): void {
    const before = this.#bookings.block(hash)?.state
    const block = this.#bookings.confirm(hash, confirmations, this.#settings.confirmations)
    if (block === undefined || before === undefined) return
    this.#effects.push({ kind: 'blockChanged', block, before })
    this.#isDue = true
    this.#make(time, 'when due')
  }

  /** @param urgency `voiding`: earlier distributions are settled, and jobs on them are replaced */
  #make(time: number, urgency: 'when due' | 'now' | 'voiding'): void {
    const { scheme } = this.#settings.scheme
    if (scheme === 'solo' || scheme === 'fpps' || this.#value === 0n || !this.#isDue) return
    if (urgency === 'when due' && time < this.#madeAt + this.#settings.refreshMs) return
    this.#madeAt = time
    this.#isDue = false
    const weights = this.#scheme.weights()
    const distribution = makeDistribution(
      { id: this.#given.lastId + 1n, value: this.#value, weights, available: this.#bookings.available() },
      this.#settings,
    )
    this.#given.add({ distribution, weights })
    this.#effects.push({ kind: 'distribution', distribution, voids: urgency === 'voiding' })
  }

  #accrue(account: AccountKey, score: bigint): void {
    const { scheme, feePpm } = this.#settings
    const feeBlocks = 'feeBlocks' in scheme ? scheme.feeBlocks : 0
    const block = { height: this.#height, value: this.#value, feePpm, feeBlocks }
    const whole = this.#accruals.accrue(account, score, block)
    if (whole > 0n) this.#bookings.transfer(account, whole)
  }
}
