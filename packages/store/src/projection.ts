import type { Entry } from '@sv2/journal'
import { type BookedBlock, changes, type Ledger, type LedgerFact } from '@sv2/roles/ledger'
import { SPANS, type StoreBatch, type StoredBlock, type StoredWork } from './ledger-store.ts'

/** Gathers what the ledger's tables have to learn, until the store takes it. */
export class Projection {
  readonly #ledger: Ledger
  readonly #node: number
  #from: number
  #next: number
  #accounts = new Map<string, string>()
  #blocks = new Map<string, StoredBlock>()
  #haveBalancesChanged = false
  #work = new Map<string, StoredWork>()

  /** @param from sequence of the first record that the store does not have */
  constructor(ledger: Ledger, node: number, from: number) {
    this.#ledger = ledger
    this.#node = node
    this.#from = from
    this.#next = from
  }

  /** A record that the ledger took, and what came of it. */
  take({ sequence, record }: Entry, facts: readonly LedgerFact[]): void {
    if (sequence < this.#from) return
    this.#next = sequence + 1
    const { accounts } = this.#ledger
    if (record.kind === 'account') {
      this.#accounts.set(accounts.key(this.#node, record.account), record.name)
    } else if (record.kind === 'share') {
      const account = accounts.key(this.#node, record.account)
      const worker = accounts.worker(this.#node, record.worker)
      const start = record.time - (record.time % SPANS.tenMinutes)
      const key = `${start}/${account}/${worker}`
      const known = this.#work.get(key)
      const shares = (known?.shares ?? 0) + 1
      // each share is owed its value at once
      if (this.#ledger.terms.scheme.scheme === 'fpps') this.#haveBalancesChanged = true
      this.#work.set(key, { account, worker, start, shares, work: (known?.work ?? 0n) + record.work })
      // each share is owed at once
      if (this.#ledger.terms.scheme.scheme === 'fpps') this.#haveBalancesChanged = true
    } else if (record.kind === 'payment') this.#haveBalancesChanged = true
    else if (record.kind === 'address') this.#addressed(record.name)
    for (const fact of facts) {
      if (fact.kind !== 'blockBooked' && fact.kind !== 'blockChanged') continue
      this.#haveBalancesChanged = true
      this.#blocks.set(fact.block.booking.hash, storedBlock(fact.block))
    }
  }

  /** What blocks and balances say of a name, they say of its address from now on; work of before stays with the name. */
  #addressed(name: string): void {
    const account = this.#ledger.accounts.addressOf(name)?.account
    if (account === undefined) return
    this.#haveBalancesChanged = true
    this.#accounts.set(account, this.#ledger.accounts.nameOf(account) ?? name)
    for (const block of this.#ledger.blocks()) {
      const { hash, earned, paid, finder } = block.booking
      if (earned.has(account) || paid.has(account) || finder === account)
        this.#blocks.set(hash, storedBlock(block))
    }
  }

  /** What came since the last time; undefined when nothing has. */
  batch(): StoreBatch | undefined {
    if (this.#next === this.#from) return undefined
    const batch: StoreBatch = {
      node: this.#node,
      from: this.#from,
      next: this.#next,
      accounts: [...this.#accounts].map(([key, name]) => ({ key, name })),
      blocks: [...this.#blocks.values()],
      balances: this.#haveBalancesChanged ? this.#ledger.balances() : undefined,
      work: [...this.#work.values()],
    }
    this.#from = this.#next
    this.#accounts = new Map()
    this.#blocks = new Map()
    this.#haveBalancesChanged = false
    this.#work = new Map()
    return batch
  }
}

/** All that a ledger knows, for a store that ends at `from`; of the work before there is nothing. */
export function wholeBatch(ledger: Ledger, node: number, from: number): StoreBatch {
  const { accounts } = ledger
  return {
    node,
    from,
    next: ledger.cursor(node),
    accounts: [...accounts.keys()].map((key) => ({ key, name: accounts.nameOf(key) ?? key })),
    blocks: ledger.blocks().map(storedBlock),
    balances: ledger.balances(),
    work: [],
  }
}

function storedBlock({ booking, state, confirmations }: BookedBlock): StoredBlock {
  const { hash, height, time, distributionId, finder, workerName, total, fee, outside, earned, paid } =
    booking
  const parts = [...changes(booking).keys()].map((account) => ({
    account,
    earned: earned.get(account) ?? 0n,
    paid: paid.get(account) ?? 0n,
  }))
  return {
    hash,
    height,
    time,
    state,
    confirmations,
    distributionId,
    finder,
    worker: workerName,
    total,
    fee,
    outside,
    parts,
  }
}
