import { hex } from '@sv2/bitcoin'

/** An output that can be spent: `value` in satoshi, the height of its block, and whether a coinbase made it. */
export type Coin = {
  readonly value: bigint
  readonly script: Uint8Array
  readonly height: number
  readonly coinbase: boolean
}

/** Anything that can look a coin up by its outpoint key. */
export type CoinSource = { get(key: string): Coin | undefined }

/** What connecting a block changed, enough to take it back. */
export type CoinChanges = {
  readonly spent: ReadonlyMap<string, Coin>
  readonly created: ReadonlyMap<string, Coin>
}

/** All unspent outputs of the active chain, found by outpoint or by script. */
export class Coins implements CoinSource {
  readonly #coins = new Map<string, Coin>()
  readonly #byScript = new Map<string, Set<string>>()

  get(key: string): Coin | undefined {
    return this.#coins.get(key)
  }

  /** How many there are. */
  get size(): number {
    return this.#coins.size
  }

  /** The keys of all unspent outputs that pay this script. */
  keysOf(script: Uint8Array): Iterable<string> {
    return this.#byScript.get(hex(script)) ?? []
  }

  /** Applies a connected block. */
  apply({ spent, created }: CoinChanges): void {
    for (const [key, coin] of created) this.#add(key, coin)
    for (const [key, coin] of spent) this.#remove(key, coin)
  }

  /** Takes a connected block back. */
  revert({ spent, created }: CoinChanges): void {
    for (const [key, coin] of spent) this.#add(key, coin)
    for (const [key, coin] of created) this.#remove(key, coin)
  }

  #add(key: string, coin: Coin): void {
    this.#coins.set(key, coin)
    const script = hex(coin.script)
    const keys = this.#byScript.get(script)
    if (keys === undefined) this.#byScript.set(script, new Set([key]))
    else keys.add(key)
  }

  #remove(key: string, coin: Coin): void {
    this.#coins.delete(key)
    const script = hex(coin.script)
    const keys = this.#byScript.get(script)
    keys?.delete(key)
    if (keys?.size === 0) this.#byScript.delete(script)
  }
}

/** Coins as they would be after some transactions, while those are still being judged. */
export class CoinsOverlay implements CoinSource, CoinChanges {
  readonly spent = new Map<string, Coin>()
  readonly created = new Map<string, Coin>()
  readonly #base: CoinSource

  constructor(base: CoinSource) {
    this.#base = base
  }

  get(key: string): Coin | undefined {
    if (this.spent.has(key)) return undefined
    return this.created.get(key) ?? this.#base.get(key)
  }

  /** Marks a coin as spent that `get` returned. */
  spend(key: string, coin: Coin): void {
    this.spent.set(key, coin)
  }

  add(key: string, coin: Coin): void {
    this.created.set(key, coin)
  }
}
