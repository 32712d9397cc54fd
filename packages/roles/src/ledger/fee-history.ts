/** Blocks whose fees are kept: the most that an average is made of. */
export const MOST_FEE_BLOCKS = 2_016

/**
 * What transaction fees a coinbase of the pool held, by the height of its block: the most of all templates of that height, as
 * a block that ends the height holds about that. The order in which jobs come makes no difference.
 */
export class FeeHistory {
  readonly #fees = new Map<number, bigint>()
  #newest = 0
  #average:
    | { readonly height: number; readonly blocks: number; readonly fees: bigint | undefined }
    | undefined

  constructor(state: FeeHistory['state'] = []) {
    for (const [height, fees] of state) this.add(height, BigInt(fees))
  }

  /** A job of the pool for this height held these fees, satoshi. */
  add(height: number, fees: bigint): void {
    const known = this.#fees.get(height)
    if (height + MOST_FEE_BLOCKS < this.#newest || (known !== undefined && known >= fees)) return
    this.#fees.set(height, fees)
    this.#average = undefined
    if (height <= this.#newest) return
    this.#newest = height
    for (const old of this.#fees.keys()) if (old + MOST_FEE_BLOCKS < height) this.#fees.delete(old)
  }

  /**
   * Mean fees of the last so many heights below one, satoshi, rounded down. A height that the pool had no job for does not
   * count. Undefined when there is none.
   */
  average(height: number, blocks: number): bigint | undefined {
    const last = this.#average
    if (last?.height === height && last.blocks === blocks) return last.fees
    let sum = 0n
    let count = 0n
    for (const [of, fees] of this.#fees) {
      if (of >= height || of < height - blocks) continue
      sum += fees
      count++
    }
    const fees = count === 0n ? undefined : sum / count
    this.#average = { height, blocks, fees }
    return fees
  }

  /** As plain data, the lowest height first. */
  get state(): readonly (readonly [height: number, fees: string])[] {
    return [...this.#fees]
      .sort(([a], [b]) => a - b)
      .map(([height, fees]) => [height, fees.toString()] as const)
  }
}
