import { setTimeout as pause } from 'node:timers/promises'
import { displayHash, equalBytes } from '@sv2/bitcoin'
import type { NodeTemplate, Room } from '@sv2/roles/ground'
import { chainInfo, judgeChain } from '../chain-state.ts'
import { resultOf } from '../node-rpc.ts'
import { readAnswer } from '../read-answer.ts'
import {
  failedState,
  type NodeWatchObserver,
  type NodeWatchSettings,
  type TemplateWatch,
} from '../template-watch.ts'
import { BlockTransactions } from './block-transactions.ts'
import { CapnpError } from './capnp-read.ts'
import { CoreNode, type CoreTemplate } from './core-node.ts'
import type { BlockRef } from './core-schema.ts'
import { ipcProblem } from './ipc-problem.ts'
import { provisional, templateOfParts } from './ipc-template.ts'
import { LinkError } from './rpc-link.ts'

/** How a node is watched on its socket. */
export interface IpcWatchSettings extends NodeWatchSettings {
  /** Rise of the fees, in satoshi, that is worth a new template on the same tip. */
  readonly feeThreshold: bigint
}

/** A node is asked to wait for a new block so long at one time, ms. */
const WAIT_MS = 10_000
/** The look for fees is done at once: the time that the node has for it, ms. */
const LOOK_MS = 1
/** A whole template that takes no longer than this comes alone, ms. */
const EMPTY_AFTER_MS = 10
/** The state of the chain is answered within this, ms. */
const CALL_MS = 30_000
/** The node makes no template with less room, weight units. */
const LEAST_ROOM = 2_000
/** Room before a client has said what it needs: outputs of 1,000 bytes with 400 signature operations. */
const FIRST_ROOM: Room = { weight: 5_200, sigops: 1_600 }

/** What ends a pause. */
type News = { readonly kind: 'tip'; readonly tip: BlockRef } | { readonly kind: 'wake' }

/**
 * Follows Bitcoin Core through its mining interface: one thread of the node waits for the next block, another one makes templates,
 * at each new tip without transactions first. For the fees it is asked every few seconds whether they rose. The templates are
 * made for one room, and are given back as soon as the next one is there.
 */
export class IpcWatch implements TemplateWatch {
  readonly #path: string
  readonly #settings: IpcWatchSettings
  readonly #observer: NodeWatchObserver
  readonly #transactions = new BlockTransactions()
  #node: CoreNode | undefined
  #stopped = false
  #ready = false
  #failures = 0
  #wake: (() => void) | undefined
  #poked = false
  #room: Room = FIRST_ROOM
  /** The room of the newest template. */
  #made: Room | undefined
  /** The whole template that the node keeps for us. */
  #template: CoreTemplate | undefined
  /** What the last template builds on, header byte order. */
  #tip: Uint8Array | undefined
  #wait: Promise<News> | undefined
  /** When the fees are looked at next. */
  #looksAt = 0

  constructor(
    path: string,
    { settings, observer }: { readonly settings: IpcWatchSettings; readonly observer: NodeWatchObserver },
  ) {
    this.#path = path
    this.#settings = settings
    this.#observer = observer
  }

  get isReady(): boolean {
    return this.#ready
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#follow(await this.#connected())
      } catch (error) {
        if (this.#stopped) return
        await this.#failed(error)
      }
    }
  }

  poke(): void {
    this.#poked = true
    this.#wake?.()
  }

  setRoom({ weight, sigops }: Room): void {
    this.#room = { weight: Math.max(LEAST_ROOM, weight), sigops }
    this.#wake?.()
  }

  stop(): void {
    this.#stopped = true
    this.#node?.close()
    this.#wake?.()
  }

  async #connected(): Promise<CoreNode> {
    if (this.#node !== undefined) return this.#node
    const node = await CoreNode.connect(this.#path)
    // what the node kept for us ended with the connection before
    this.#template = undefined
    this.#wait = undefined
    this.#node = node
    if (this.#stopped) node.close()
    return node
  }

  async #follow(node: CoreNode): Promise<void> {
    await this.#judge(node)
    await this.#whole(node)
    while (!this.#stopped) {
      this.#settle()
      const news = await this.#news(node)
      if (this.#stopped) return
      if (news.kind === 'tip' && this.#isNew(news.tip)) await this.#moved(node)
      else if (this.#poked || this.#needsRoom()) await this.#whole(node)
      else if (performance.now() >= this.#looksAt) await this.#fees(node)
    }
  }

  /** Waits for a tip, a call from outside, or the time of the next look. */
  async #news(node: CoreNode): Promise<News> {
    if (this.#poked || this.#needsRoom()) return { kind: 'wake' }
    this.#wait ??= node
      .waitTipChanged(this.#tip ?? new Uint8Array(32), WAIT_MS)
      .then((tip) => ({ kind: 'tip', tip }) as const)
    // its failure is met at the next wait, where this one ends first
    this.#wait.catch(() => undefined)
    const news = await Promise.race([this.#pause(Math.max(0, this.#looksAt - performance.now())), this.#wait])
    // the timer of the pause, which nobody waits for any more
    this.#wake?.()
    if (news.kind !== 'tip') return news
    this.#wait = undefined
    // an ending node tells no tip
    if (news.tip.hash.length !== 32) throw new LinkError('gone', 'the node is ending')
    return news
  }

  #isNew(tip: BlockRef): boolean {
    return this.#tip === undefined || !equalBytes(tip.hash, this.#tip)
  }

  #needsRoom(): boolean {
    return this.#made?.weight !== this.#room.weight || this.#made.sigops !== this.#room.sigops
  }

  /** A new tip: a template without transactions, unless the whole one is there at once, and that. */
  async #moved(node: CoreNode): Promise<void> {
    const judged = this.#judge(node)
    // its failure is met below, after the template's
    judged.catch(() => undefined)
    const empty =
      this.#settings.emptyFirst === true ? await this.#make(node, { useMempool: false }) : undefined
    await judged
    const whole = this.#whole(node)
    if (empty !== undefined) await this.#publishEmpty(empty, whole)
    await whole
  }

  async #publishEmpty(empty: NodeTemplate, whole: Promise<void>): Promise<void> {
    const isThere = whole.then(
      () => true,
      () => true,
    )
    if (await Promise.race([isThere, pause(EMPTY_AFTER_MS, false, { ref: false })])) return
    if (!this.#stopped) this.#publish(provisional(empty))
  }

  /** Makes a template without the transactions; the node forgets it at once. */
  async #make(node: CoreNode, use: { readonly useMempool: boolean }): Promise<NodeTemplate | undefined> {
    const template = await node.createNewBlock(this.#room, use)
    if (template === undefined) return undefined
    const parts = await node.parts(template)
    node.giveBack(template)
    return templateOfParts(parts, { room: this.#room, transactions: new BlockTransactions() })
  }

  async #whole(node: CoreNode): Promise<void> {
    this.#poked = false
    this.#looksAt = performance.now() + this.#settings.intervalMs
    const room = this.#room
    const template = await node.createNewBlock(room, { useMempool: true })
    if (template === undefined) throw new LinkError('gone', 'the node is ending')
    await this.#take(node, template, room)
  }

  /** Looks whether the fees have risen enough. */
  async #fees(node: CoreNode): Promise<void> {
    this.#looksAt = performance.now() + this.#settings.intervalMs
    await this.#judge(node)
    if (this.#template === undefined || this.#made === undefined) return
    const { feeThreshold } = this.#settings
    const next = await node.waitNext(this.#template, { timeoutMs: LOOK_MS, feeThreshold })
    if (next !== undefined) await this.#take(node, next, this.#made)
  }

  /** Publishes a template, and keeps it for the look at the fees instead of the one before. */
  async #take(node: CoreNode, template: CoreTemplate, room: Room): Promise<void> {
    if (this.#template !== undefined) node.giveBack(this.#template)
    this.#template = template
    const parts = await node.parts(template)
    if (this.#stopped) return
    this.#made = room
    this.#publish(templateOfParts(parts, { room, transactions: this.#transactions }))
  }

  #publish(template: NodeTemplate): void {
    const moved = this.#tip === undefined || !equalBytes(this.#tip, template.prevHash)
    this.#tip = template.prevHash
    this.#observer.onTemplate(template)
    if (!moved) return
    this.#observer.onTip?.({ hash: displayHash(template.prevHash), height: template.height - 1 })
  }

  async #judge(node: CoreNode): Promise<void> {
    const request = JSON.stringify({ jsonrpc: '1.0', id: 1, method: 'getblockchaininfo', params: [] })
    const text = await node.executeRpc(request, CALL_MS)
    const at = { url: this.#path, method: 'getblockchaininfo' }
    const answer = resultOf({ status: 200, reason: '', text }, at)
    const info = readAnswer(chainInfo, at.method, answer)
    judgeChain(info, { network: this.#settings.network, node: this.#path })
  }

  #settle(): void {
    this.#failures = 0
    if (this.#ready) return
    this.#ready = true
    this.#observer.onState({ kind: 'ready' })
  }

  async #failed(error: unknown): Promise<void> {
    this.#ready = false
    if (error instanceof LinkError || error instanceof CapnpError) {
      this.#node?.close()
      this.#node = undefined
    }
    const state = failedState(error, { failures: this.#failures, message: ipcProblem(this.#path, error) })
    if (state.cause !== 'behind') this.#failures++
    this.#observer.onState(state)
    await this.#pause(state.retryMs)
  }

  #pause(ms: number): Promise<News> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve({ kind: 'wake' }), ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve({ kind: 'wake' })
      }
    })
  }
}
