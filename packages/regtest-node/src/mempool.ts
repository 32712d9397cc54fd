import { isCoinbase } from '@sv2/bitcoin'
import type { BlockEntry } from './block-entry.ts'
import type { Chain, TipChange } from './chain.ts'
import { checkTransaction } from './check-transaction.ts'
import type { Coin, CoinSource } from './coins.ts'
import { checkSpend } from './connect-block.ts'
import { type LoadedTransaction, outpointKey, spentOutpoint } from './loaded-transaction.ts'
import { isFinal, relativeLocksMet } from './locks.ts'
import type { MempoolEntry } from './mempool-entry.ts'
import { checkStandard, isSpendableKind, MAX_ANCESTORS, minimumFee } from './mempool-policy.ts'
import { sigopsCost } from './sigops.ts'

/** Accepted, or refused for a reason in Bitcoin Core's words. */
export type MempoolVerdict = { readonly entry: MempoolEntry } | { readonly reason: string }

/**
 * Transactions that wait for a block. Follows the chain by itself: what a block includes or makes impossible leaves, what a
 * reorganisation takes out of blocks comes back. Parents always stand before their children.
 */
export class Mempool implements CoinSource {
  readonly #chain: Chain
  readonly #now: () => number
  readonly #entries = new Map<string, MempoolEntry>()
  readonly #spenders = new Map<string, string>()
  #updates = 0
  #listeners: readonly ((entry: MempoolEntry) => void)[] = []

  /** @param now Unix time in seconds. */
  constructor(chain: Chain, now: () => number) {
    this.#chain = chain
    this.#now = now
    chain.onTipChange((change) => this.#follow(change))
  }

  get size(): number {
    return this.#entries.size
  }

  /** Grows with everything that enters or leaves. */
  get updates(): number {
    return this.#updates
  }

  /** All entries, parents before children. */
  entries(): Iterable<MempoolEntry> {
    return this.#entries.values()
  }

  /** @param id txid in display order. */
  entry(id: string): MempoolEntry | undefined {
    return this.#entries.get(id)
  }

  /** Whether a waiting transaction spends this output. */
  isSpent(key: string): boolean {
    return this.#spenders.has(key)
  }

  /** A coin of the chain or of a waiting transaction, the latter as if it were in the next block. */
  get(key: string): Coin | undefined {
    const colon = key.indexOf(':')
    const output = this.#entries.get(key.slice(0, colon))?.loaded.tx.outputs[Number(key.slice(colon + 1))]
    if (output === undefined) return this.#chain.coins.get(key)
    return { ...output, height: this.#chain.tip.height + 1, coinbase: false }
  }

  /** Calls back for every transaction that enters. Returns how to stop that. */
  onTransaction(listener: (entry: MempoolEntry) => void): () => void {
    this.#listeners = [...this.#listeners, listener]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener)
    }
  }

  /** Judges a transaction and takes it in when it is good. */
  accept(loaded: LoadedTransaction): MempoolVerdict {
    const verdict = this.test(loaded)
    if ('reason' in verdict) return verdict
    this.#insert(verdict.entry)
    for (const listener of this.#listeners) listener(verdict.entry)
    return verdict
  }

  /** Judges a transaction as `accept` does, without taking it in. */
  test(loaded: LoadedTransaction): MempoolVerdict {
    const unfit = this.#checkAlone(loaded)
    if (unfit !== undefined) return { reason: unfit }
    const context = { ...this.#chain.spendContext(), coins: this }
    const spend = checkSpend(loaded, context)
    if ('reason' in spend) return { reason: spend.reason }
    if (!relativeLocksMet(loaded.tx, spend.coins, context)) return { reason: 'non-BIP68-final' }
    if (!spend.coins.every(isSpendableKind)) return { reason: 'bad-txns-nonstandard-inputs' }
    if (spend.fee < minimumFee(loaded.vsize)) {
      return { reason: `min relay fee not met, ${spend.fee} < ${minimumFee(loaded.vsize)}` }
    }
    const parents = new Set(
      loaded.tx.inputs
        .map((input) => spentOutpoint(input).slice(0, 64))
        .filter((id) => this.#entries.has(id)),
    )
    const entry = {
      loaded,
      coins: spend.coins,
      fee: spend.fee,
      sigopsCost: sigopsCost(loaded.tx, spend.coins),
      time: this.#now(),
      height: this.#chain.tip.height,
      parents,
    }
    if (this.ancestors(entry).length > MAX_ANCESTORS) return { reason: 'too-long-mempool-chain' }
    const problem = context.verify(loaded, spend.coins)
    return problem === undefined ? { entry } : { reason: `mandatory-script-verify-flag-failed (${problem})` }
  }

  /** All waiting transactions this one needs, and itself last, parents before children. */
  ancestors(entry: MempoolEntry): MempoolEntry[] {
    const found = new Set<MempoolEntry>()
    const visit = (at: MempoolEntry): void => {
      for (const id of at.parents) {
        const parent = this.#entries.get(id)
        if (parent !== undefined && !found.has(parent)) visit(parent)
      }
      found.add(at)
    }
    visit(entry)
    return [...found]
  }

  #checkAlone(loaded: LoadedTransaction): string | undefined {
    const unfit = checkTransaction(loaded)
    if (unfit !== undefined) return unfit
    if (isCoinbase(loaded.tx)) return 'coinbase'
    const unusual = checkStandard(loaded)
    if (unusual !== undefined) return unusual
    const { height, medianTimePast } = this.#chain.spendContext()
    if (!isFinal(loaded.tx, height, medianTimePast)) return 'non-final'
    if (this.#entries.has(loaded.id)) return 'txn-already-in-mempool'
    if (loaded.tx.outputs.some((_, i) => this.#chain.coins.get(outpointKey(loaded.id, i)) !== undefined)) {
      return 'txn-already-known'
    }
    return loaded.tx.inputs.some((input) => this.#spenders.has(spentOutpoint(input)))
      ? 'txn-mempool-conflict'
      : undefined
  }

  #insert(entry: MempoolEntry): void {
    this.#entries.set(entry.loaded.id, entry)
    for (const input of entry.loaded.tx.inputs) this.#spenders.set(spentOutpoint(input), entry.loaded.id)
    this.#updates++
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    for (const input of entry.loaded.tx.inputs) this.#spenders.delete(spentOutpoint(input))
    this.#updates++
  }

  #removeWithDescendants(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    for (let i = 0; i < entry.loaded.tx.outputs.length; i++) {
      const child = this.#spenders.get(outpointKey(id, i))
      if (child !== undefined) this.#removeWithDescendants(child)
    }
    this.#remove(id)
  }

  #follow({ disconnected, connected }: TipChange): void {
    if (disconnected.length === 0) for (const entry of connected) this.#confirm(entry)
    else this.#rebuild(disconnected)
  }

  #confirm({ block }: BlockEntry): void {
    for (const loaded of block.transactions.slice(1)) this.#settle(loaded)
  }

  #settle(loaded: LoadedTransaction): void {
    this.#remove(loaded.id)
    for (const input of loaded.tx.inputs) {
      const rival = this.#spenders.get(spentOutpoint(input))
      if (rival !== undefined) this.#removeWithDescendants(rival)
    }
  }

  // After blocks were taken off nothing is certain any more: judge everything anew, what was in blocks first.
  #rebuild(disconnected: readonly BlockEntry[]): void {
    const returned = [...disconnected].reverse().flatMap(({ block }) => block.transactions.slice(1))
    const waiting = [...this.#entries.values()].map((entry) => entry.loaded)
    this.#entries.clear()
    this.#spenders.clear()
    this.#updates++
    for (const loaded of [...returned, ...waiting]) {
      const verdict = this.test(loaded)
      if ('entry' in verdict) this.#insert(verdict.entry)
    }
  }
}
