import { z } from 'zod'
import { hexBytes } from './hex-text.ts'
import { type NodeRpc, NodeRpcError } from './node-rpc.ts'

/** How a mempool is followed. */
export interface MempoolWatchSettings {
  /** Pause between two looks, ms. */
  readonly intervalMs: number
  /** Transactions that are fetched at one time; a node has few threads for all who ask. */
  readonly concurrency: number
  /** Transactions that are fetched in one look, at most; the rest comes with the next ones. */
  readonly perLook: number
  /** Transactions that are remembered as seen, at most. */
  readonly maxTransactions: number
}

/** What is told of a mempool. */
export interface MempoolWatchObserver {
  /** New transactions, serialized. */
  onTransactions(transactions: readonly Uint8Array[]): void
  /** A look has failed; the next one comes. */
  onTrouble(message: string): void
}

/** Transactions are told in lots, so that a big mempool does not hold the process up. */
const LOT = 256
/** A node that fails is asked after this at the latest, ms. */
const LONGEST_PAUSE_MS = 60_000
/** The node knows the id no more: it was mined or replaced since. */
const NOT_FOUND = -5

const txids = z.array(z.string().regex(/^[0-9a-f]{64}$/))
const transaction = z.string().regex(/^(?:[0-9a-f]{2})+$/)

/** Follows the mempool of one node: a list of ids at each look, and the data of those that are new. */
export class MempoolWatch {
  readonly #rpc: NodeRpc
  readonly #settings: MempoolWatchSettings
  readonly #observer: MempoolWatchObserver
  #seen = new Set<string>()
  #failures = 0
  #stopped = false
  #wake: (() => void) | undefined

  constructor(
    rpc: NodeRpc,
    {
      settings,
      observer,
    }: { readonly settings: MempoolWatchSettings; readonly observer: MempoolWatchObserver },
  ) {
    this.#rpc = rpc
    this.#settings = settings
    this.#observer = observer
  }

  /** Starts; answers when stopped. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#look()
        this.#failures = 0
      } catch (error) {
        if (this.#stopped) return
        this.#failures++
        this.#observer.onTrouble(error instanceof Error ? error.message : String(error))
      }
      await this.#pause(Math.min(LONGEST_PAUSE_MS, this.#settings.intervalMs * 2 ** this.#failures))
    }
  }

  stop(): void {
    this.#stopped = true
    this.#wake?.()
  }

  async #look(): Promise<void> {
    const present = txids
      .parse(await this.#rpc.call('getrawmempool', []))
      .slice(0, this.#settings.maxTransactions)
    const wanted = present.filter((txid) => !this.#seen.has(txid)).slice(0, this.#settings.perLook)
    // what has left the mempool is forgotten: it comes back when a block is taken back
    this.#seen = new Set(present.filter((txid) => this.#seen.has(txid)))
    for (let at = 0; at < wanted.length && !this.#stopped; at += LOT)
      await this.#fetch(wanted.slice(at, at + LOT))
  }

  async #fetch(lot: readonly string[]): Promise<void> {
    const found: Uint8Array[] = []
    const waiting = [...lot]
    const worker = async (): Promise<void> => {
      for (let txid = waiting.pop(); txid !== undefined && !this.#stopped; txid = waiting.pop()) {
        const data = await this.#transaction(txid)
        this.#seen.add(txid)
        if (data !== undefined) found.push(data)
      }
    }
    try {
      await Promise.all(Array.from({ length: this.#settings.concurrency }, worker))
    } finally {
      if (found.length > 0 && !this.#stopped) this.#observer.onTransactions(found)
    }
  }

  async #transaction(txid: string): Promise<Uint8Array | undefined> {
    try {
      return hexBytes(transaction.parse(await this.#rpc.call('getrawtransaction', [txid])))
    } catch (error) {
      if (error instanceof NodeRpcError && error.code === NOT_FOUND) return undefined
      throw error
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
