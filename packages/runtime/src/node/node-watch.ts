import { equalBytes, type Network, networkOfChain } from '@sv2/bitcoin'
import type { NodeTemplate } from '@sv2/roles/provider'
import { z } from 'zod'
import { readBlockTemplate } from './block-template.ts'
import { type NodeRpc, NodeRpcError } from './node-rpc.ts'

/** How a node is watched. */
export interface NodeWatchSettings {
  readonly network: Network
  /** A template is asked for this often besides the long poll, for fees, ms. */
  readonly intervalMs: number
}

/** How the node is. `message` says what to do about it. */
export type NodeState =
  | { readonly kind: 'ready' }
  | { readonly kind: 'waiting'; readonly message: string; readonly retryMs: number }

export interface NodeWatchObserver {
  onTemplate(template: NodeTemplate): void
  onState(state: NodeState): void
}

/** Pauses after a failure, ms. */
const BACKOFF_MS = { first: 500, last: 30_000 }
/**
 * A long poll may stay without an answer for so long, ms. Core answers at a new tip or when its mempool changes, on a
 * quiet network never, and a poll that is given up still holds one of its few RPC threads until then. A node that is
 * gone shows in the polls for fees.
 */
const LONG_POLL_MS = 86_400_000

/** A long poll that is answered sooner than this without a new tip was none, ms. */
const QUICK_ANSWER_MS = 1_000

const chainInfo = z.object({
  chain: z.string(),
  // Other nodes than Core leave it out when there is none.
  initialblockdownload: z.boolean().default(false),
  blocks: z.number(),
  headers: z.number(),
})

/**
 * Follows one node: a long poll that answers at each new tip, and a template every few seconds for the fees. One
 * poll serves any number of clients. Whatever the node does, it is asked again, for ever.
 */
export class NodeWatch {
  readonly #rpc: NodeRpc
  readonly #settings: NodeWatchSettings
  readonly #observer: NodeWatchObserver
  #stopped = false
  #wake: (() => void) | undefined
  #failures = 0
  #longPollId: string | undefined
  #tip: Uint8Array | undefined
  /** Tips seen; another tip in an answer that was asked for before the last of them is out of date. */
  #tips = 0
  #onOvertaken: (() => void) | undefined
  #ready = false
  /** A failure ends a round: the loop that has not failed ends too, when its turn comes. */
  #round = 0

  constructor(
    rpc: NodeRpc,
    how: { readonly settings: NodeWatchSettings; readonly observer: NodeWatchObserver },
  ) {
    this.#rpc = rpc
    this.#settings = how.settings
    this.#observer = how.observer
  }

  /** The node hands out templates. */
  get isReady(): boolean {
    return this.#ready
  }

  /** Starts; answers when stopped. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#checkNode()
        await this.#poll(undefined)
        this.#settle()
        const round = this.#round
        await Promise.race([this.#longPolls(round), this.#intervals(round)])
      } catch (error) {
        if (this.#stopped) return
        await this.#failed(error)
      }
    }
  }

  /** Asks for a template now, for example after a block was submitted. */
  poke(): void {
    this.#wake?.()
  }

  stop(): void {
    this.#stopped = true
    this.#wake?.()
  }

  async #checkNode(): Promise<void> {
    const info = chainInfo.parse(await this.#rpc.call('getblockchaininfo', []))
    const network = networkOfChain(info.chain)
    if (network !== this.#settings.network) {
      throw new Error(
        `node ${this.#rpc.url} runs on ${network ?? info.chain}, and this provider on ${this.#settings.network}: set network, or point it at another node`,
      )
    }
    // Regtest nodes call an old tip a download; Core hands out templates there all the same.
    if (info.initialblockdownload && network !== 'regtest') {
      throw new Error(
        `node ${this.#rpc.url} is in initial block download (${info.blocks} of ${info.headers} blocks)`,
      )
    }
  }

  async #longPolls(round: number): Promise<void> {
    while (this.#isOn(round)) {
      const before = this.#tip
      const asked = performance.now()
      await Promise.race([this.#poll(this.#longPollId), this.#overtaken()])
      const quick = performance.now() - asked < QUICK_ANSWER_MS
      // A node that does not know long polling answers at once, and would be asked without end.
      if (quick && this.#tip === before) await new Promise((resolve) => setTimeout(resolve, QUICK_ANSWER_MS))
    }
  }

  /** Another poll saw a new tip: the long poll on the old one is answered too, or its connection is dead. */
  #overtaken(): Promise<void> {
    return new Promise((resolve) => {
      this.#onOvertaken = resolve
    })
  }

  async #intervals(round: number): Promise<void> {
    while (this.#isOn(round)) {
      await this.#pause(this.#settings.intervalMs)
      if (this.#isOn(round)) await this.#poll(undefined)
    }
  }

  #isOn(round: number): boolean {
    return !this.#stopped && this.#round === round
  }

  async #poll(longPollId: string | undefined): Promise<void> {
    const tips = this.#tips
    // a signet's node answers nobody who does not know of signets
    const rules = this.#settings.network === 'signet' ? ['segwit', 'signet'] : ['segwit']
    const parameters = { rules, ...(longPollId === undefined ? {} : { longpollid: longPollId }) }
    const timeoutMs = longPollId === undefined ? undefined : LONG_POLL_MS
    const answer = await this.#rpc.call('getblocktemplate', [parameters], timeoutMs)
    if (this.#stopped) return
    const read = readBlockTemplate(answer)
    const moved = this.#tip === undefined || !equalBytes(this.#tip, read.template.prevHash)
    if (moved && tips !== this.#tips) return
    this.#longPollId = read.longPollId
    if (moved) {
      this.#tip = read.template.prevHash
      this.#tips++
      this.#onOvertaken?.()
    }
    this.#observer.onTemplate(read.template)
  }

  #settle(): void {
    this.#failures = 0
    if (this.#ready) return
    this.#ready = true
    this.#observer.onState({ kind: 'ready' })
  }

  async #failed(error: unknown): Promise<void> {
    this.#ready = false
    this.#round++
    const ceiling = Math.min(BACKOFF_MS.last, BACKOFF_MS.first * 2 ** this.#failures)
    const retryMs = Math.round(ceiling * (0.5 + Math.random() / 2))
    this.#failures++
    this.#observer.onState({ kind: 'waiting', message: messageOf(error), retryMs })
    await this.#pause(retryMs)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function messageOf(error: unknown): string {
  if (error instanceof NodeRpcError && error.code === -28) return `${error.message} (the node is starting)`
  return error instanceof Error ? error.message : String(error)
}
