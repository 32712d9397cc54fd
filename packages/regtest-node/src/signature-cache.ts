import type { Coin } from './coins.ts'
import type { LoadedTransaction } from './loaded-transaction.ts'
import { verifyInputs } from './verify-input.ts'

/** Verdicts kept; above it the oldest go. */
const CAPACITY = 50_000

/** Remembers transactions whose signatures were good, so that a block of mempool transactions costs no second verification. */
export class SignatureCache {
  readonly #good = new Set<string>()

  /** As verifyInputs. A witness id commits to the outpoints, and those to their coins, so the id alone is the key. */
  verify(loaded: LoadedTransaction, coins: readonly Coin[]): string | undefined {
    if (this.#good.has(loaded.witnessId)) return undefined
    const problem = verifyInputs(loaded, coins)
    if (problem !== undefined) return problem
    this.#good.add(loaded.witnessId)
    if (this.#good.size > CAPACITY) for (const oldest of this.#good) return this.#forget(oldest)
    return undefined
  }

  #forget(witnessId: string): undefined {
    this.#good.delete(witnessId)
  }
}
