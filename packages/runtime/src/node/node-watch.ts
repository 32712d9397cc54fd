import { setTimeout as pause } from 'node:timers/promises'
import { displayHash } from '@sv2/bitcoin'
import type { NodeTemplate } from '@sv2/roles/ground'
import { z } from 'zod'
import { chainInfo, judgeChain } from './chain-state.ts'
import { blockHeader, emptyTemplate } from './empty-template.ts'
import { type NodeRpc, NodeRpcError } from './node-rpc.ts'
import { OddAnswer, readAnswer } from './read-answer.ts'
import { type TemplateSource, templatesHere } from './template-source.ts'
import {
  failedState,
  type NodeWatchObserver,
  type NodeWatchSettings,
  type TemplateWatch,
} from './template-watch.ts'

/**
 * A node is asked to wait for a new block so long at one time, ms. It holds one of the node's few RPC threads
 * meanwhile, also when the process that asked is gone: after a restart of ours the thread is free within this time.
 */
const WAIT_MS = 1_000
/** A whole template that takes no longer than this comes alone, ms. */
const EMPTY_AFTER_MS = 50
/** Between two looks at a node that does not wait for us, or has no thread for that, ms. */
const POLL_MS = 200
/** Beyond the time it waits, a node that has not answered by then is gone, ms. */
const WAIT_PATIENCE_MS = 30_000
/** HTTP: the method is not on the user's white list. */
const FORBIDDEN = 403
/** The node is starting (RPC_IN_WARMUP). */
const WARMING_UP = -28

const newestBlock = z.object({ hash: z.string() })

/** One call of waitfornewblock. */
interface Wait {
  /** The newest block, once it is answered, display order. */
  hash: string | undefined
  error: NodeRpcError | OddAnswer | undefined
  /** Resolves when it is over, one way or another. */
  readonly over: Promise<void>
}

/**
 * Follows one node: it is asked to wait for the next block, for a second at a time, and for a template at each new tip
 * and every few seconds for the fees. Where it cannot wait (no such method, no thread to spare) it is looked at a few
 * times a second. One watch serves any number of clients. It asks the node again for ever, no matter what the node
 * answers.
 */
export class NodeWatch implements TemplateWatch {
  readonly #rpc: NodeRpc
  readonly #settings: NodeWatchSettings
  readonly #observer: NodeWatchObserver
  #stopped = false
  #poked = false
  #wake: (() => void) | undefined
  #failures = 0
  /** The newest block that a template was told of, display order. */
  #tip: string | undefined
  /** How high that is. */
  #height: number | undefined
  /** The last whole template. */
  #last: NodeTemplate | undefined
  readonly #templates: TemplateSource
  #ready = false
  #polls = false
  #wait: Wait | undefined

  constructor(
    rpc: NodeRpc,
    {
      settings,
      observer,
      templates = templatesHere(rpc),
    }: {
      readonly settings: NodeWatchSettings
      readonly observer: NodeWatchObserver
      /** Where templates are read; in this thread when it is left out. */
      readonly templates?: TemplateSource
    },
  ) {
    this.#templates = templates
    this.#rpc = rpc
    this.#settings = settings
    this.#observer = observer
  }

  /** The node hands out templates. */
  get isReady(): boolean {
    return this.#ready
  }

  /** Starts; answers when stopped. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#follow()
      } catch (error) {
        if (this.#stopped) return
        await this.#failed(error)
      }
    }
  }

  /** Asks for a template now, for example after a block was submitted. */
  poke(): void {
    this.#poked = true
    this.#wake?.()
  }

  /** Clients choose from the transactions of these templates. */
  setRoom(): void {}

  stop(): void {
    this.#stopped = true
    this.#templates.stop()
    this.#wake?.()
  }

  /** Looks at the node again and again, until it fails. */
  async #follow(): Promise<void> {
    await this.#mayBeGivenBlocks()
    let wantsTemplate = true
    /** A block that the node has told of, and no template yet. */
    let newest: string | undefined
    let feesAt = 0
    while (!this.#stopped) {
      this.#poked = false
      if (wantsTemplate) feesAt = performance.now() + this.#settings.intervalMs
      const tip = await this.#look(wantsTemplate, newest)
      if (this.#stopped) return
      this.#settle()
      const moved = tip === undefined || tip !== this.#tip
      newest = moved ? tip : undefined
      if (moved && !wantsTemplate) {
        wantsTemplate = true
        continue
      }
      // a template may be of another block than what was told beside it: once more, but not without a pause
      const pauseMs = moved || this.#polls ? POLL_MS : Number.POSITIVE_INFINITY
      const news = await this.#news(Math.min(pauseMs, Math.max(0, feesAt - performance.now())))
      newest = news ?? newest
      wantsTemplate = news !== undefined || moved || this.#poked || performance.now() >= feesAt
    }
  }

  /** A block must not be the first to learn that this user may not hand in blocks. No block is refused as such. */
  async #mayBeGivenBlocks(): Promise<void> {
    try {
      await this.#rpc.call('submitblock', [''])
    } catch (error) {
      if (!(error instanceof NodeRpcError) || error.code === FORBIDDEN) throw error
    }
  }

  /**
   * Asks for the state of the chain, and for a template if one is wanted. Answers the newest block; undefined: another one.
   * @param newest block that the node has told of, and no template yet
   */
  async #look(wantsTemplate: boolean, newest: string | undefined): Promise<string | undefined> {
    const wait = this.#startWait()
    const header = wantsTemplate && newest !== undefined ? this.#askHeader(newest) : undefined
    const template = wantsTemplate ? this.#askTemplate() : undefined
    // its failure comes after what the state of the chain says of it
    template?.catch(() => undefined)
    const info = readAnswer(chainInfo, 'getblockchaininfo', await this.#rpc.call('getblockchaininfo', []))
    if (wait?.hash !== undefined && wait.hash === info.bestblockhash)
      this.#pollFromNow('it has no thread to spare for us (-rpcthreads)')
    judgeChain(info, { network: this.#settings.network, node: this.#rpc.url })
    if (header !== undefined) await this.#publishEmpty(header, template)
    const answer = await template
    if (answer !== undefined && !this.#stopped) {
      this.#last = answer
      this.#publish(answer)
    }
    return info.bestblockhash ?? (info.blocks === this.#height ? this.#tip : undefined)
  }

  /** Begins to wait for a block, where that is done and not going on. Answers the wait that was begun. */
  #startWait(): Wait | undefined {
    if (this.#polls || this.#wait !== undefined) return undefined
    const wait: Wait = {
      hash: undefined,
      error: undefined,
      over: this.#rpc
        .call('waitfornewblock', [WAIT_MS], WAIT_MS + WAIT_PATIENCE_MS)
        .then((answer) => {
          wait.hash = readAnswer(newestBlock, 'waitfornewblock', answer).hash
        })
        .catch((error: unknown) => {
          if (!(error instanceof NodeRpcError || error instanceof OddAnswer)) throw error
          wait.error = error
        }),
    }
    this.#wait = wait
    return wait
  }

  /** Waits for a block, a poke, or so long. Answers the new block where there is one. */
  async #news(pauseMs: number): Promise<string | undefined> {
    const wait = this.#wait
    if (!this.#poked) await Promise.race([this.#pause(pauseMs), ...(wait === undefined ? [] : [wait.over])])
    if (wait === undefined || (wait.hash === undefined && wait.error === undefined)) return undefined
    this.#wait = undefined
    if (wait.error === undefined) return wait.hash === this.#tip ? undefined : wait.hash
    if (isAway(wait.error)) throw wait.error
    this.#pollFromNow(wait.error.message)
    return undefined
  }

  #pollFromNow(reason: string): void {
    if (this.#polls) return
    this.#polls = true
    this.#observer.onState({ kind: 'polled', node: this.#rpc.url, reason })
  }

  #askTemplate(): Promise<NodeTemplate> {
    // a signet's node does not answer a client that does not know of signets
    return this.#templates.read(this.#settings.network === 'signet' ? ['segwit', 'signet'] : ['segwit'])
  }

  /** The header of a new block, where a template may be made of it; a node that does not tell it has none. */
  #askHeader(hash: string): Promise<unknown> | undefined {
    if (this.#settings.emptyFirst !== true || this.#last === undefined) return undefined
    return this.#rpc.call('getblockheader', [hash]).catch(() => undefined)
  }

  /** Makes a template without transactions where the whole one is not there within its time. */
  async #publishEmpty(header: Promise<unknown>, template: Promise<unknown> | undefined): Promise<void> {
    const isThere = Promise.resolve(template).then(
      () => true,
      () => true,
    )
    if (await Promise.race([isThere, pause(EMPTY_AFTER_MS, false, { ref: false })])) return
    const read = blockHeader.safeParse(await header)
    if (!read.success || this.#stopped || this.#last === undefined) return
    const empty = emptyTemplate(read.data, this.#last, this.#settings.network)
    if (empty !== undefined) this.#publish(empty)
  }

  #publish(template: NodeTemplate): void {
    const hash = displayHash(template.prevHash)
    const moved = hash !== this.#tip
    this.#tip = hash
    this.#height = template.height - 1
    this.#observer.onTemplate(template)
    if (moved) this.#observer.onTip?.({ hash, height: template.height - 1 })
  }

  #settle(): void {
    this.#failures = 0
    if (this.#ready) return
    this.#ready = true
    this.#observer.onState({ kind: 'ready' })
  }

  async #failed(error: unknown): Promise<void> {
    this.#ready = false
    this.#wait = undefined
    const state = failedState(error, { failures: this.#failures, message: messageOf(error) })
    if (state.cause !== 'behind') this.#failures++
    // another node may be there when it is back
    if (state.cause === 'away') this.#polls = false
    this.#observer.onState(state)
    await this.#pause(state.retryMs)
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

function isAway(error: NodeRpcError | OddAnswer): boolean {
  return error instanceof NodeRpcError && (error.code === undefined || error.code === WARMING_UP)
}

function messageOf(error: unknown): string {
  if (error instanceof NodeRpcError && error.code === WARMING_UP)
    return `${error.message} (the node is starting)`
  return error instanceof Error ? error.message : String(error)
}
