import { hex, type TxOutput } from '@sv2/bitcoin'
import type { Chain } from './chain.ts'
import type { LoadedTransaction } from './loaded-transaction.ts'
import { outpointKey } from './loaded-transaction.ts'
import type { Mempool } from './mempool.ts'
import { MAX_ANCESTORS } from './mempool-policy.ts'
import { seededRandom } from './random.ts'
import { estimatedVsize, type SpendableCoin, signTransaction } from './sign-transaction.ts'
import { type WalletKey, walletKeys } from './wallet-keys.ts'

const KEY_COUNT = 16

/** Above this many coins payments join several, so that the set stays small however long a demo runs. */
const MANY_COINS = 400

/** Coins below this, in satoshi, are left alone. */
const SMALLEST_COIN = 20_000n

/** A coin above this, in satoshi, is split into many. */
const LARGE_COIN = 100_000_000n

const WIDE_SPLIT = 30

/** Unconfirmed coins to choose from; a full mempool is not searched further. */
const ENOUGH_COINS = 200

/** How often a payment spends an unconfirmed output when there is one, so that blocks hold dependent transactions. */
const CHAINED_SHARE = 0.4

/** Plays the users of the network: pays itself from fixed keys, P2WPKH and P2TR mixed, confirmed and unconfirmed coins. */
export class Wallet {
  readonly keys: readonly WalletKey[]
  readonly #chain: Chain
  readonly #mempool: Mempool
  readonly #owners: ReadonlyMap<string, WalletKey>
  readonly #random: () => number

  constructor(seed: string, node: { readonly chain: Chain; readonly mempool: Mempool }) {
    this.keys = walletKeys(seed, KEY_COUNT)
    this.#chain = node.chain
    this.#mempool = node.mempool
    this.#owners = new Map(this.keys.map((key) => [key.scriptHex, key]))
    this.#random = seededRandom(
      [...seed].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7),
    )
  }

  /** The script that rewards of a block of this height go to; kinds alternate. */
  rewardScript(height: number): Uint8Array {
    return this.keys[height % this.keys.length]!.script
  }

  /** Coins of the chain that may be spent in the next block and that nothing waiting spends. */
  confirmedCoins(): SpendableCoin[] {
    const found: SpendableCoin[] = []
    for (const owner of this.keys) {
      for (const key of this.#chain.coins.keysOf(owner.script)) {
        const coin = this.#chain.coins.get(key)!
        const mature =
          !coin.coinbase || this.#chain.tip.height + 1 - coin.height >= this.#chain.params.coinbaseMaturity
        if (mature && coin.value >= SMALLEST_COIN && !this.#mempool.isSpent(key))
          found.push({ key, coin, owner })
      }
    }
    return found
  }

  /** Some own unspent outputs of waiting transactions that stand low enough in their chains to be spent, two at a time. */
  unconfirmedCoins(): SpendableCoin[] {
    const found: SpendableCoin[] = []
    for (const entry of this.#mempool.entries()) {
      if (found.length >= ENOUGH_COINS) break
      // A payment may join two such coins, and their ancestors add up.
      if (2 * this.#mempool.ancestors(entry).length >= MAX_ANCESTORS) continue
      for (let i = 0; i < entry.loaded.tx.outputs.length; i++) {
        const key = outpointKey(entry.loaded.id, i)
        const coin = this.#mempool.get(key)!
        const owner = this.#ownerOf(coin.script)
        if (owner !== undefined && coin.value >= SMALLEST_COIN && !this.#mempool.isSpent(key))
          found.push({ key, coin, owner })
      }
    }
    return found
  }

  /** The next payment, signed but not sent; undefined when there is nothing to spend. Fees are 1 … 50 satoshi a virtual byte. */
  nextPayment(): LoadedTransaction | undefined {
    const confirmed = this.confirmedCoins()
    const chained = this.#random() < CHAINED_SHARE || confirmed.length === 0
    const coins = chained ? this.unconfirmedCoins() : confirmed
    const from = coins.length > 0 ? coins : confirmed
    if (from.length === 0) return undefined
    const inputs = this.#pick(
      from,
      from === confirmed && confirmed.length > MANY_COINS ? 6 : 1 + Math.floor(this.#random() * 2),
    )
    const rate = 1 + Math.floor(50 * this.#random() ** 3)
    return this.pay(inputs, this.#outputsFor(inputs, confirmed.length), rate)
  }

  /** Spends the coins into `outputs` outputs of equal value to own keys. @param rate satoshi per virtual byte. */
  pay(coins: readonly SpendableCoin[], outputs: number, rate: number): LoadedTransaction {
    const fee = BigInt(Math.ceil(estimatedVsize(coins.length, outputs) * rate))
    const total = coins.reduce((sum, { coin }) => sum + coin.value, 0n) - fee
    const count = total / BigInt(outputs) < SMALLEST_COIN ? 1 : outputs
    const value = total / BigInt(count)
    if (value < 1000n) throw new RangeError(`coins of ${total + fee} satoshi cannot pay a fee of ${fee}`)
    const targets: TxOutput[] = Array.from({ length: count }, () => ({
      value,
      script: this.#someKey().script,
    }))
    return signTransaction(coins, targets)
  }

  // Rewards are split wide while coins are few, so that thousands of payments can wait at once; joined coins stay one.
  #outputsFor(inputs: readonly SpendableCoin[], confirmed: number): number {
    if (inputs.length > 2) return 1
    const rich = inputs.every(({ coin }) => coin.value > LARGE_COIN)
    return rich && confirmed < MANY_COINS ? WIDE_SPLIT : 2 + Math.floor(this.#random() * 2)
  }

  #ownerOf(script: Uint8Array): WalletKey | undefined {
    return this.#owners.get(hex(script))
  }

  #someKey(): WalletKey {
    return this.keys[Math.floor(this.#random() * this.keys.length)]!
  }

  #pick(coins: SpendableCoin[], count: number): SpendableCoin[] {
    const picked: SpendableCoin[] = []
    while (picked.length < count && coins.length > 0) {
      picked.push(...coins.splice(Math.floor(this.#random() * coins.length), 1))
    }
    return picked
  }
}
