import { blockSubsidy, type Network } from '@sv2/bitcoin'
import { partOf } from '../payouts/part-of.ts'
import { FeeHistory } from './fee-history.ts'
import { amountsOf, type LedgerSnapshot } from './ledger-snapshot.ts'
import { SCORE_OF_A_BLOCK } from './score.ts'
import { type AccountKey, renamed } from './split-exactly.ts'

/** What a share is worth where each is owed its expected value at once (`fpps`). */
export interface AccrualTerms {
  /** Parts of a million. */
  readonly feePpm: bigint
  /** Blocks over which fees are averaged; 0: fees of the present template. */
  readonly feeBlocks: number
}

/** What shares are owed at once, to parts of a satoshi. */
export class Accruals {
  readonly #network: Network
  readonly #fees: FeeHistory
  /** Parts of a satoshi, in parts of a block's score. */
  #parts: Map<AccountKey, bigint>

  constructor(network: Network, snapshot?: Pick<LedgerSnapshot, 'accrued' | 'fees'>) {
    this.#network = network
    this.#fees = new FeeHistory(snapshot?.fees)
    this.#parts = amountsOf(snapshot?.accrued ?? [])
  }

  /** A job of the pool's own. @param value of its coinbase, satoshi */
  job(height: number, value: bigint): void {
    const fees = value - blockSubsidy(height, this.#network)
    this.#fees.add(height, fees > 0n ? fees : 0n)
  }

  /**
   * Owes an account its part of a block at this height, less the pool's fee; answers what of it is whole, satoshi.
   * @param value of the present template's coinbase, satoshi
   */
  accrue(
    account: AccountKey,
    score: bigint,
    block: { readonly height: number; readonly value: bigint } & AccrualTerms,
  ): bigint {
    const value = this.#valueOf(block)
    const owed = (this.#parts.get(account) ?? 0n) + score * (value - partOf(value, block.feePpm))
    const whole = owed / SCORE_OF_A_BLOCK
    this.#parts.set(account, owed - whole * SCORE_OF_A_BLOCK)
    return whole
  }

  /** An account goes by another key. */
  rename(from: AccountKey, to: AccountKey): void {
    this.#parts = renamed(this.#parts, from, to)
  }

  #valueOf({
    height,
    value,
    feeBlocks,
  }: { readonly height: number; readonly value: bigint } & AccrualTerms): bigint {
    const fees = feeBlocks === 0 ? undefined : this.#fees.average(height, feeBlocks)
    return fees === undefined ? value : blockSubsidy(height, this.#network) + fees
  }

  get parts(): ReadonlyMap<AccountKey, bigint> {
    return this.#parts
  }

  get fees(): FeeHistory['state'] {
    return this.#fees.state
  }
}
