import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type SafeWriter, writeFileSafely } from '../write-file-safely.ts'
import { hexText } from './hex-text.ts'
import { type NodeRpc, NodeRpcError } from './node-rpc.ts'

/** A block of ours. */
export interface SolvedBlock {
  /** Display order, hex. */
  readonly hash: string
  readonly height: number
  readonly block: Uint8Array
}

/** What a node said of a block. `accepted` also when it had it already; `lost` when it is valid, and another was first. */
export interface BlockFate {
  readonly hash: string
  readonly height: number
  readonly node: string
  readonly outcome: 'accepted' | 'lost' | 'rejected' | 'unreachable'
  /** BIP 22 reject reason, or why the node could not be asked. */
  readonly reason: string
}

export interface SolvedBlocksDeps {
  readonly nodes: readonly NodeRpc[]
  onFate(fate: BlockFate): void
  /** The disk refused; the block is submitted all the same. */
  onDiskTrouble(hash: string, error: unknown): void
  /** Writes the file of a block; `writeFileSafely` when missing. */
  readonly write?: SafeWriter
}

/** Pauses between attempts, ms. */
const BACKOFF_MS = { first: 250, last: 30_000 }
/** A node that cannot be asked for so long has seen the block by other ways, or never will, ms. */
const GIVE_UP_MS = 3_600_000
/** Answers that are no rejection (BIP 22); `inconclusive`: on a branch that is not the best. */
const OUTCOMES: Readonly<Record<string, BlockFate['outcome']>> = {
  accepted: 'accepted',
  duplicate: 'accepted',
  inconclusive: 'lost',
  'duplicate-inconclusive': 'lost',
}
/** At the end, this long for what is being written or submitted, ms. */
const STOP_WITHIN_MS = 2_000
/** Blocks whose fate is known are kept in this number. */
const KEEP_DECIDED = 100

/**
 * The blocks we solved. Each is written to disk and flushed before any node hears of it, submitted to every node at
 * once, and again until the node has decided; what was not decided is submitted again at the next start.
 */
export class SolvedBlocks {
  readonly #pending: string
  readonly #decided: string
  readonly #deps: SolvedBlocksDeps
  readonly #write: SafeWriter
  #stopped = false
  readonly #known = new Set<string>()
  /** Blocks on their way to the disk or to a node, at this moment. */
  readonly #underway = new Set<Promise<unknown>>()

  constructor(dataDir: string, deps: SolvedBlocksDeps) {
    this.#pending = join(dataDir, 'blocks')
    this.#decided = join(this.#pending, 'decided')
    this.#deps = deps
    this.#write = deps.write ?? writeFileSafely
  }

  /** Prepares the folder and submits what an earlier run left undecided. Answers how many. */
  async start(): Promise<number> {
    await mkdir(this.#decided, { recursive: true, mode: 0o700 })
    const left = (await readdir(this.#pending)).filter((name) => name.endsWith('.block'))
    for (const name of left) {
      const [height = '0', hash = ''] = name.slice(0, -'.block'.length).split('-')
      const block = await readFile(join(this.#pending, name))
      this.#known.add(hash)
      void this.#decide({ hash, height: Number(height), block })
    }
    return left.length
  }

  /** Keeps a block and submits it to every node; a block already known is left to its first submission. */
  async submit(solved: SolvedBlock): Promise<void> {
    if (this.#known.has(solved.hash)) return
    this.#known.add(solved.hash)
    try {
      await this.#watched(this.#write(this.#path(solved), solved.block))
    } catch (error) {
      this.#deps.onDiskTrouble(solved.hash, error)
    }
    void this.#decide(solved)
  }

  /** Ends the retries. A block that came at the last moment still gets to the disk, and to the nodes once. */
  async stop(): Promise<void> {
    this.#stopped = true
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_WITHIN_MS)
    })
    await Promise.race([this.#settled(), late])
    clearTimeout(timer)
  }

  async #settled(): Promise<void> {
    while (this.#underway.size > 0) await Promise.allSettled(this.#underway)
  }

  #watched<T>(work: Promise<T>): Promise<T> {
    this.#underway.add(work)
    const over = () => this.#underway.delete(work)
    work.then(over, over)
    return work
  }

  async #decide(solved: SolvedBlock): Promise<void> {
    const outcomes = await Promise.all(this.#deps.nodes.map((node) => this.#submitTo(node, solved)))
    if (outcomes.includes('unreachable')) return
    try {
      await this.#putAway(solved)
    } catch (error) {
      this.#deps.onDiskTrouble(solved.hash, error)
    }
  }

  async #putAway(solved: SolvedBlock): Promise<void> {
    await rename(this.#path(solved), join(this.#decided, this.#name(solved)))
    const old = (await readdir(this.#decided)).sort().slice(0, -KEEP_DECIDED)
    for (const name of old) await rm(join(this.#decided, name), { force: true })
  }

  async #submitTo(node: NodeRpc, solved: SolvedBlock): Promise<BlockFate['outcome']> {
    const data = hexText(solved.block)
    const started = performance.now()
    for (let attempt = 0; ; attempt++) {
      try {
        return this.#told(node, solved, await this.#watched(node.call('submitblock', [data])))
      } catch (error) {
        if (!(error instanceof NodeRpcError)) throw error
        this.#tell(node, solved, 'unreachable', error.message)
        if (this.#stopped || performance.now() - started > GIVE_UP_MS) return 'unreachable'
      }
      const pauseMs = Math.min(BACKOFF_MS.last, BACKOFF_MS.first * 2 ** attempt)
      await new Promise((resolve) => setTimeout(resolve, pauseMs).unref())
      if (this.#stopped) return 'unreachable'
    }
  }

  #told(node: NodeRpc, solved: SolvedBlock, answer: unknown): BlockFate['outcome'] {
    const reason = answer === null ? 'accepted' : String(answer)
    const outcome = OUTCOMES[reason] ?? 'rejected'
    this.#tell(node, solved, outcome, reason)
    return outcome
  }

  #tell(node: NodeRpc, { hash, height }: SolvedBlock, outcome: BlockFate['outcome'], reason: string): void {
    this.#deps.onFate({ hash, height, node: node.url, outcome, reason })
  }

  #path(solved: SolvedBlock): string {
    return join(this.#pending, this.#name(solved))
  }

  #name({ height, hash }: SolvedBlock): string {
    return `${String(height).padStart(8, '0')}-${hash}.block`
  }
}
