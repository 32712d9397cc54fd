import type { Mempool } from './mempool.ts'
import type { Wallet } from './wallet.ts'

/** Shortest time between two batches of payments, in milliseconds. */
const SHORTEST_PAUSE_MS = 50

/** Fills the mempool with the wallet's payments at a settable rate. */
export class Traffic {
  readonly #wallet: Wallet
  readonly #mempool: Mempool
  #timer: NodeJS.Timeout | undefined

  constructor(wallet: Wallet, mempool: Mempool) {
    this.#wallet = wallet
    this.#mempool = mempool
  }

  /** Sends so many payments a second from now on; 0 stops. @throws {RangeError} on a negative or endless rate. */
  setRate(perSecond: number): void {
    if (!Number.isFinite(perSecond) || perSecond < 0)
      throw new RangeError(`no rate of transactions: ${perSecond}`)
    clearInterval(this.#timer)
    this.#timer = undefined
    if (perSecond === 0) return
    const pauseMs = Math.max(1000 / perSecond, SHORTEST_PAUSE_MS)
    let owed = 0
    this.#timer = setInterval(() => {
      owed += (perSecond * pauseMs) / 1000
      this.send(Math.floor(owed))
      owed -= Math.floor(owed)
    }, pauseMs)
    this.#timer.unref()
  }

  /** Sends up to `count` payments now. Returns how many the mempool took: fewer when the wallet runs out of coins. */
  send(count: number): number {
    for (let sent = 0; sent < count; sent++) {
      const payment = this.#wallet.nextPayment()
      if (payment === undefined) return sent
      const verdict = this.#mempool.accept(payment)
      if ('reason' in verdict) throw new Error(`the wallet's own payment was refused: ${verdict.reason}`)
    }
    return count
  }
}
