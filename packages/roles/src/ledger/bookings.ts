import { type AccountKey, compare, renamed } from './split-exactly.ts'

/** The pool, as an account of its own ledger: what it is owed is its fee. */
export const POOL: AccountKey = 'pool'

/** What a block paid, and what it should have paid. Satoshi. */
export interface Booking {
  /** Display order, hex. */
  readonly hash: string
  readonly height: number
  /** Unix ms. */
  readonly time: number
  readonly distributionId: bigint
  readonly finder: AccountKey | undefined
  readonly workerName: string
  /** All that the coinbase pays. */
  readonly total: bigint
  /** Of it, what a miner's own job pays to others than the pool and its miners. */
  readonly outside: bigint
  readonly fee: bigint
  /** What each account got from the coinbase, the pool among them. */
  readonly paid: ReadonlyMap<AccountKey, bigint>
  /** What each account has earned by the block, the pool's fee among them. */
  readonly earned: ReadonlyMap<AccountKey, bigint>
}

/** `pending`: too few blocks stand on it; `orphaned`: another block took its place. */
export type BlockState = 'pending' | 'confirmed' | 'orphaned'

/** A booking, and what the chain says of it. */
export interface BookedBlock {
  readonly booking: Booking
  readonly state: BlockState
  readonly confirmations: number
}

interface Entry {
  booking: Booking
  state: BlockState
  confirmations: number
}

/**
 * The books: what blocks paid, and what accounts are owed beyond that or were paid too much (signed balances). Each block is
 * booked once, by its hash. What it changes counts for good when it is confirmed, and is undone when it is orphaned.
 */
export class Bookings {
  readonly #blocks = new Map<string, Entry>()
  /** Of confirmed blocks, accruals and payments. Entries of 0 are left out. */
  readonly #balances: Map<AccountKey, bigint>

  constructor(blocks: readonly BookedBlock[] = [], balances: ReadonlyMap<AccountKey, bigint> = new Map()) {
    for (const block of blocks) this.#blocks.set(block.booking.hash, { ...block })
    this.#balances = new Map(balances)
  }

  /** Books a block; false when it is known. @throws {Error} when its sums do not close: then we are wrong */
  book(booking: Booking): boolean {
    if (this.#blocks.has(booking.hash)) return false
    check(booking)
    this.#blocks.set(booking.hash, { booking, state: 'pending', confirmations: 0 })
    return true
  }

  /**
   * What the chain says of a block. A block may be orphaned after it was confirmed, and come back.
   * @param wanted confirmations after which it counts for good
   * @returns the block when its state changed
   */
  confirm(hash: string, confirmations: number, wanted: number): BookedBlock | undefined {
    const block = this.#blocks.get(hash)
    if (block === undefined) return undefined
    block.confirmations = confirmations
    const state = confirmations >= wanted ? 'confirmed' : confirmations > 0 ? 'pending' : 'orphaned'
    if (state === block.state) return undefined
    if (block.state === 'confirmed') this.#apply(block.booking, -1n)
    if (state === 'confirmed') this.#apply(block.booking, 1n)
    block.state = state
    return { ...block }
  }

  /** An account goes by another key: what blocks and balances say of it is said of the other. */
  rename(from: AccountKey, to: AccountKey): void {
    for (const block of this.#blocks.values()) {
      const { booking } = block
      const { earned, paid, finder } = booking
      if (!earned.has(from) && !paid.has(from) && finder !== from) continue
      block.booking = {
        ...booking,
        earned: renamed(earned, from, to),
        paid: renamed(paid, from, to),
        finder: finder === from ? to : finder,
      }
    }
    const balance = this.balance(from)
    this.#add(from, -balance)
    this.#add(to, balance)
  }

  /** Owes an account more, or less, and the pool the opposite. */
  transfer(account: AccountKey, amount: bigint): void {
    this.#add(account, amount)
    this.#add(POOL, -amount)
  }

  /** What an account is owed for good; negative: it was paid too much. */
  balance(account: AccountKey): bigint {
    return this.#balances.get(account) ?? 0n
  }

  /**
   * What may be promised to an account, or has to be kept back from it: its balance, and what blocks took off it that are not
   * confirmed yet. What such blocks would give is not counted: an orphan takes it back.
   */
  available(): Map<AccountKey, bigint> {
    const available = new Map(this.#balances)
    available.delete(POOL)
    for (const { booking, state } of this.#blocks.values()) {
      if (state !== 'pending') continue
      for (const [account, change] of changes(booking))
        if (change < 0n && account !== POOL) available.set(account, (available.get(account) ?? 0n) + change)
    }
    return available
  }

  /** All balances that are not 0, by key. */
  balances(): readonly (readonly [AccountKey, bigint])[] {
    return [...this.#balances].sort(([a], [b]) => compare(a, b))
  }

  /** Every block, in the order of booking. */
  blocks(): readonly BookedBlock[] {
    return [...this.#blocks.values()].map((block) => ({ ...block }))
  }

  block(hash: string): BookedBlock | undefined {
    const block = this.#blocks.get(hash)
    return block === undefined ? undefined : { ...block }
  }

  #apply(booking: Booking, sign: bigint): void {
    for (const [account, change] of changes(booking)) this.#add(account, sign * change)
  }

  #add(account: AccountKey, change: bigint): void {
    const balance = this.balance(account) + change
    if (balance === 0n) this.#balances.delete(account)
    else this.#balances.set(account, balance)
  }
}

/** What a block adds to the balance of each account: earned and not paid, or paid and not earned. */
export function changes({ earned, paid }: Pick<Booking, 'earned' | 'paid'>): Map<AccountKey, bigint> {
  const changed = new Map(earned)
  for (const [account, value] of paid) changed.set(account, (changed.get(account) ?? 0n) - value)
  return changed
}

function check(booking: Booking): void {
  const { total, outside, fee, paid, earned, hash } = booking
  const sum = (of: ReadonlyMap<AccountKey, bigint>) => [...of.values()].reduce((a, b) => a + b, 0n)
  if (sum(paid) + outside !== total)
    throw new Error(`block ${hash} pays ${total}, and ${sum(paid)} is booked`)
  if (sum(earned) + outside !== total)
    throw new Error(`block ${hash} pays ${total}, and ${sum(earned)} is owed for it`)
  if (earned.get(POOL) !== fee)
    throw new Error(`block ${hash}: a fee of ${fee}, and ${earned.get(POOL)} is booked`)
}
