import { z } from 'zod'
import { answerOf, answerOfError, type BlockAnswer } from './block-answers.ts'
import type { BlockName } from './block-folder.ts'
import { hexText } from './hex-text.ts'
import { type NodeRpc, NodeRpcError } from './node-rpc.ts'

/** A block whose fate is open. */
export interface OpenBlock extends BlockName {
  /** Hash of the block it builds on, hex in display order. */
  readonly parent: string
  /** Its bytes, from memory or the disk. */
  bytes(): Uint8Array | Promise<Uint8Array>
}

/** A node's newest block. */
export interface ChainTip extends BlockName {}

/**
 * What a node said of a block. `accepted` also when it had it already; `lost` when it is valid, and another was first;
 * `spare` when the node had one of ours of the same parent, and was not asked.
 */
export interface BlockFate extends BlockName {
  readonly node: string
  readonly outcome: 'accepted' | 'lost' | 'rejected' | 'spare' | 'undecided' | 'unreachable'
  /** BIP 22 reject reason, or why the node could not be asked. */
  readonly reason: string
}

/** Outcomes that end the matter of a block and a node. */
export type FinalOutcome = Exclude<BlockFate['outcome'], 'undecided' | 'unreachable'>

export interface BlockSubmitterDeps {
  onFate(fate: BlockFate): void
  /** The matter of this block is over at this node. */
  onFinal(block: OpenBlock): void
  /** The node does not know the parent of this block. */
  onOrphan(block: OpenBlock): void
}

/** Pauses between attempts, ms. */
const BACKOFF_MS = { first: 250, last: 30_000 }
/** A chain that has grown by so many blocks past one that is not in it does not come back. */
const PASSED = 6

const header = z.object({ confirmations: z.number() })

interface Entry {
  readonly block: OpenBlock
  /** `queued` is submitted when its turn comes, `paused` a little later; the node has one that is `taken`. */
  state: 'queued' | 'paused' | 'taken'
  attempts: number
  timer: NodeJS.Timeout | undefined
}

/**
 * One node's queue of our blocks, lowest first, one submit at a time. Once the node has a block of ours, others of the
 * same parent wait, for the case that the node takes it back; a node that cannot be asked is left alone for a while,
 * whatever waits.
 */
export class BlockSubmitter {
  readonly #node: NodeRpc
  readonly #deps: BlockSubmitterDeps
  readonly #entries = new Map<string, Entry>()
  /** Parents of blocks that the node has, and these blocks. */
  readonly #parents = new Map<string, BlockName>()
  #tip: ChainTip | undefined
  #failures = 0
  #resting: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #stopped = false

  constructor(node: NodeRpc, deps: BlockSubmitterDeps) {
    this.#node = node
    this.#deps = deps
  }

  add(block: OpenBlock): void {
    this.#entries.set(block.hash, { block, state: 'queued', attempts: 0, timer: undefined })
    this.#kick()
  }

  /** Forgets a block that cannot be kept. */
  drop(hash: string): void {
    clearTimeout(this.#entries.get(hash)?.timer)
    this.#entries.delete(hash)
  }

  /** The chain has moved: it may have taken one of our blocks, have passed it, or have come back to its parent. */
  async moved(tip: ChainTip): Promise<void> {
    this.#tip = tip
    this.#parents.delete(tip.hash)
    // what it had above its tip, it has lost
    for (const [parent, { height }] of this.#parents) if (height > tip.height) this.#parents.delete(parent)
    for (const entry of [...this.#entries.values()]) await this.#judge(entry, tip)
    for (const [parent, { height }] of this.#parents)
      if (tip.height >= height + PASSED) this.#parents.delete(parent)
    this.#kick()
  }

  /** Ends the retries. Answers when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#resting)
    for (const { timer } of this.#entries.values()) clearTimeout(timer)
    await this.#running
  }

  async #judge(entry: Entry, tip: ChainTip): Promise<void> {
    const { block } = entry
    if (block.hash === tip.hash) return this.#end(entry, 'accepted', 'it is the tip')
    if (tip.height >= block.height + PASSED) {
      const isSpare = entry.attempts === 0 && this.#parents.has(block.parent)
      if (!isSpare && (await this.#inChain(block))) return this.#end(entry, 'accepted', 'it is in the chain')
      return this.#end(entry, isSpare ? 'spare' : 'lost', 'the chain has passed it')
    }
    if (entry.state === 'paused') this.#requeue(entry)
  }

  /** Asks for the block's place; a node that does not answer this has not got it, as far as we can see. */
  async #inChain(block: OpenBlock): Promise<boolean> {
    if (this.#resting !== undefined) return false
    try {
      const answer = header.safeParse(await this.#node.call('getblockheader', [block.hash]))
      return answer.success && answer.data.confirmations > 0
    } catch (error) {
      if (!(error instanceof NodeRpcError)) throw error
      return false
    }
  }

  #kick(): void {
    if (this.#running !== undefined || this.#resting !== undefined || this.#stopped) return
    const entry = this.#next()
    if (entry === undefined) return
    this.#running = this.#submit(entry).finally(() => {
      this.#running = undefined
      this.#kick()
    })
  }

  #next(): Entry | undefined {
    let next: Entry | undefined
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'queued' || this.#parents.has(entry.block.parent)) continue
      if (next === undefined || entry.block.height < next.block.height) next = entry
    }
    return next
  }

  async #submit(entry: Entry): Promise<void> {
    const { block } = entry
    entry.attempts++
    let data: string
    try {
      const bytes = block.bytes()
      data = hexText(bytes instanceof Uint8Array ? bytes : await bytes)
    } catch (error) {
      return this.#end(entry, 'lost', `its file cannot be read: ${String(error)}`)
    }
    try {
      this.#heard(entry, await this.#node.call('submitblock', [data]))
      this.#failures = 0
    } catch (error) {
      if (!(error instanceof NodeRpcError)) throw error
      const answer = answerOfError(error.code)
      if (answer !== undefined) return this.#answered(entry, answer, error.message)
      this.#tell(block, 'unreachable', error.message)
      this.#rest()
    }
  }

  #heard(entry: Entry, answer: unknown): void {
    if (answer === null) return this.#answered(entry, { kind: 'final', outcome: 'accepted' }, 'accepted')
    if (typeof answer !== 'string') {
      const text = `an answer that is no BIP 22 text: ${JSON.stringify(answer)?.slice(0, 200)}`
      return this.#answered(entry, { kind: 'again' }, text)
    }
    if (answer === 'prev-blk-not-found') this.#orphan(entry.block)
    this.#answered(entry, answerOf(answer) ?? { kind: 'again' }, answer)
  }

  /** What the node had of our blocks it may have lost. */
  #orphan(block: OpenBlock): void {
    for (const [parent, { hash }] of this.#parents) if (hash === block.parent) this.#parents.delete(parent)
    // or its parent waits, as one of several of its own parent; now it is worth more than they are
    const parent = this.#entries.get(block.parent)
    if (parent !== undefined) this.#parents.delete(parent.block.parent)
    this.#deps.onOrphan(block)
  }

  #answered(entry: Entry, answer: BlockAnswer, reason: string): void {
    const { block } = entry
    // a tip has told meanwhile
    if (this.#entries.get(block.hash) !== entry) return
    if (answer.kind === 'final') {
      if (answer.outcome === 'accepted') this.#parents.set(block.parent, block)
      return this.#end(entry, answer.outcome, reason)
    }
    this.#tell(block, 'undecided', reason)
    if (answer.kind === 'taken') {
      this.#parents.set(block.parent, block)
      entry.state = 'taken'
      if (this.#tip?.hash === block.hash) this.#end(entry, 'accepted', 'it is the tip')
      return
    }
    entry.state = 'paused'
    entry.timer = setTimeout(() => {
      this.#requeue(entry)
      this.#kick()
    }, pauseMs(entry.attempts)).unref()
  }

  #requeue(entry: Entry): void {
    clearTimeout(entry.timer)
    entry.state = 'queued'
  }

  /** Nothing is submitted to a node that cannot be asked for a while. */
  #rest(): void {
    this.#failures++
    if (this.#stopped) return
    this.#resting = setTimeout(() => {
      this.#resting = undefined
      this.#kick()
    }, pauseMs(this.#failures)).unref()
  }

  #end(entry: Entry, outcome: FinalOutcome, reason: string): void {
    if (this.#entries.get(entry.block.hash) !== entry) return
    this.drop(entry.block.hash)
    this.#tell(entry.block, outcome, reason)
    this.#deps.onFinal(entry.block)
  }

  #tell({ hash, height }: OpenBlock, outcome: BlockFate['outcome'], reason: string): void {
    this.#deps.onFate({ hash, height, node: this.#node.url, outcome, reason })
  }
}

function pauseMs(attempts: number): number {
  return Math.min(BACKOFF_MS.last, BACKOFF_MS.first * 2 ** (attempts - 1))
}
