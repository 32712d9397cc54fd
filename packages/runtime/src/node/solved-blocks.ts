import { displayHash } from '@sv2/bitcoin'
import { type SafeWriter, writeFileSafely } from '../write-file-safely.ts'
import { BlockFolder, type BlockName } from './block-folder.ts'
import { type BlockFate, BlockSubmitter, type ChainTip, type OpenBlock } from './block-submitter.ts'
import type { NodeRpc } from './node-rpc.ts'

/** A block of ours. */
export interface SolvedBlock extends BlockName {
  readonly block: Uint8Array
}

export interface SolvedBlocksDeps {
  readonly nodes: readonly NodeRpc[]
  onFate(fate: BlockFate): void
  /** The disk refused; the block is submitted all the same. */
  onDiskTrouble(hash: string, error: unknown): void
  /** Writes the file of a block; `writeFileSafely` when missing. */
  readonly write?: SafeWriter
}

/** At the end, this long for what is being written or submitted, ms. */
const STOP_WITHIN_MS = 2_000
/** Blocks of one parent that wait at one time: only one of them can be in the chain. */
const MAX_SIBLINGS = 16
/** Blocks whose fate is open, at most; the lowest ones go first. */
const MAX_OPEN = 256

interface Matter {
  readonly block: OpenBlock
  /** Nodes that have not decided. */
  nodes: number
  /** It is whole on the disk. */
  kept: boolean
}

/**
 * The blocks we solved. Each is written to disk and flushed before any node hears of it, submitted to every node, and
 * again until the node has decided or the chain has passed it; what was not decided is submitted again at the next
 * start. Of blocks of one parent the nodes hear one after the other, until they have taken one.
 */
export class SolvedBlocks {
  readonly #folder: BlockFolder
  readonly #deps: SolvedBlocksDeps
  readonly #submitters: readonly BlockSubmitter[]
  /** By hash. */
  readonly #matters = new Map<string, Matter>()
  /** What is being done on the disk. */
  readonly #writing = new Set<Promise<void>>()
  #tip: ChainTip | undefined

  constructor(dataDir: string, deps: SolvedBlocksDeps) {
    this.#folder = new BlockFolder(dataDir, deps.write ?? writeFileSafely)
    this.#deps = deps
    this.#submitters = deps.nodes.map(
      (node) =>
        new BlockSubmitter(node, {
          onFate: (fate) => deps.onFate(fate),
          onFinal: (block) => this.#final(block),
          onOrphan: ({ parent, height }) => void this.#bringBack({ hash: parent, height: height - 1 }),
        }),
    )
  }

  /** Prepares the folder and submits what an earlier run left undecided. Answers how many. */
  async start(): Promise<number> {
    const left = await this.#folder.start()
    for (const name of left) await this.#openAgain(name)
    return this.#matters.size
  }

  /** Keeps a block and submits it to every node; a block already known is left to its first submission. */
  async submit({ hash, height, block }: SolvedBlock): Promise<void> {
    if (this.#matters.has(hash) || this.#folder.hasDecided({ hash, height })) return
    const parent = parentOf(block)
    if (this.#siblings(parent) >= MAX_SIBLINGS) {
      const reason = `${MAX_SIBLINGS} others of the same parent wait already`
      return this.#deps.onFate({ hash, height, node: 'none', outcome: 'spare', reason })
    }
    await this.#watched(this.#keep({ hash, height }, block))
  }

  /** The first node has a new tip. */
  async moved(tip: ChainTip): Promise<void> {
    if (tip.hash === this.#tip?.hash) return
    await Promise.all(this.#writing)
    // a node that was killed comes back without its newest blocks, which no other node may have
    if (this.#tip === undefined || tip.height < this.#tip.height)
      for (const name of this.#folder.decidedAbove(tip.height)) await this.#bringBack(name)
    this.#tip = tip
    await Promise.all(this.#submitters.map((submitter) => submitter.moved(tip)))
  }

  /** Ends the retries. A block that came at the last moment still gets to the disk, and to the nodes once. */
  async stop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_WITHIN_MS)
    })
    await Promise.race([this.#settled(), late])
    clearTimeout(timer)
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#writing)
    await Promise.all(this.#submitters.map((submitter) => submitter.stop()))
    await Promise.all(this.#writing)
  }

  async #watched(work: Promise<void>): Promise<void> {
    this.#writing.add(work)
    await work
    this.#writing.delete(work)
  }

  #siblings(parent: string): number {
    let siblings = 0
    for (const { block } of this.#matters.values()) if (block.parent === parent) siblings++
    return siblings
  }

  async #keep(name: BlockName, bytes: Uint8Array): Promise<void> {
    let inMemory: Uint8Array | undefined = bytes
    const block: OpenBlock = {
      ...name,
      parent: parentOf(bytes),
      bytes: () => inMemory ?? this.#folder.read(name),
    }
    const matter: Matter = { block, nodes: this.#submitters.length, kept: false }
    this.#matters.set(name.hash, matter)
    try {
      await this.#folder.keep(name, bytes)
      matter.kept = true
    } catch (error) {
      this.#deps.onDiskTrouble(name.hash, error)
    }
    this.#open(block)
    // who submits it at once has its bytes; who waits finds them on the disk
    if (matter.kept) inMemory = undefined
  }

  #open(block: OpenBlock): void {
    for (const submitter of this.#submitters) submitter.add(block)
    if (this.#matters.size <= MAX_OPEN) return
    let lowest = block
    for (const { block: other } of this.#matters.values()) if (other.height < lowest.height) lowest = other
    for (const submitter of this.#submitters) submitter.drop(lowest.hash)
    const reason = `${MAX_OPEN} blocks wait already`
    this.#deps.onFate({ ...nameOf(lowest), node: 'none', outcome: 'lost', reason })
    void this.#putAway(lowest)
  }

  /** A block from the disk. */
  async #openAgain(name: BlockName): Promise<void> {
    try {
      const parent = parentOf(await this.#folder.read(name))
      const block: OpenBlock = { ...name, parent, bytes: () => this.#folder.read(name) }
      this.#matters.set(name.hash, { block, nodes: this.#submitters.length, kept: true })
      this.#open(block)
    } catch (error) {
      this.#deps.onDiskTrouble(name.hash, error)
    }
  }

  /** Submits a block again whose fate seemed to be known. */
  async #bringBack(name: BlockName): Promise<void> {
    try {
      if (await this.#folder.reopen(name)) await this.#openAgain(name)
    } catch (error) {
      this.#deps.onDiskTrouble(name.hash, error)
    }
  }

  #final(block: OpenBlock): void {
    const matter = this.#matters.get(block.hash)
    if (matter === undefined) return
    matter.nodes--
    if (matter.nodes === 0) void this.#putAway(block)
  }

  async #putAway(block: OpenBlock): Promise<void> {
    const matter = this.#matters.get(block.hash)
    this.#matters.delete(block.hash)
    if (matter?.kept !== true) return
    const work = this.#folder.putAway(nameOf(block))
    await this.#watched(work.catch((error: unknown) => this.#deps.onDiskTrouble(block.hash, error)))
  }
}

function nameOf({ hash, height }: BlockName): BlockName {
  return { hash, height }
}

/** Hash of the block that one builds on, hex in display order. */
function parentOf(block: Uint8Array): string {
  return displayHash(block.subarray(4, 36))
}
