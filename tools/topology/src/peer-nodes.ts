import { join } from 'node:path'
import { connectNodes, type RegtestNode, startRegtestNode } from '@sv2/regtest-node'

export type NodeName = 'node' | 'farm-node'

/** Rules that both nodes have. */
export interface PeerNodesOptions {
  readonly dataDir: string
  readonly difficulty: number
  /** Payments a second that the pool's node makes. */
  readonly mempoolRate: number
}

/** The pool's node and the farm's: peers that can be parted, and each stopped and started again with its chain. */
export class PeerNodes {
  readonly #options: PeerNodesOptions
  readonly #nodes = new Map<NodeName, RegtestNode>()
  /** Called for each block that the pool's node connects. */
  readonly #onBlock: (node: RegtestNode, hash: string) => void
  #part: (() => void) | undefined

  private constructor(options: PeerNodesOptions, onBlock: (node: RegtestNode, hash: string) => void) {
    this.#options = options
    this.#onBlock = onBlock
  }

  /** Starts both, as peers. */
  static async start(
    options: PeerNodesOptions,
    onBlock: (node: RegtestNode, hash: string) => void,
  ): Promise<PeerNodes> {
    const nodes = new PeerNodes(options, onBlock)
    await nodes.#start('node', { port: 0 })
    await nodes.#start('farm-node', { port: 0 })
    nodes.connect()
    return nodes
  }

  get(name: NodeName): RegtestNode {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new Error(`${name} has not been started`)
    return node
  }

  /** Makes them peers: each gets what the other has, or with `blocksOnly` the other's blocks alone. */
  connect(how: { readonly blocksOnly?: boolean } = {}): void {
    this.part()
    this.#part = connectNodes(this.get('node'), this.get('farm-node'), how)
  }

  /** From now on neither hears of the other's blocks and transactions. */
  part(): void {
    this.#part?.()
    this.#part = undefined
  }

  /** Ends a node; what it knew of the chain is kept for its next start. */
  stop(name: NodeName): Promise<void> {
    this.part()
    return this.get(name).stop()
  }

  /** Starts a node that was stopped: its chain and port stay, its mempool is empty, and it is a peer again. */
  async startAgain(name: NodeName): Promise<void> {
    const { port, core } = this.get(name)
    const node = await this.#start(name, { port })
    for (let height = 1; height <= core.chain.tip.height; height++) {
      const block = core.chain.at(height)?.block
      if (block !== undefined && node.block(block.id) === undefined) node.submitBlock(block.bytes)
    }
    this.connect()
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.stop()))
  }

  async #start(name: NodeName, { port }: { readonly port: number }): Promise<RegtestNode> {
    const { dataDir, difficulty, mempoolRate } = this.#options
    const node = await startRegtestNode({
      port,
      difficulty,
      longPollDelayMs: 0,
      mempoolRate: name === 'node' ? mempoolRate : 0,
      cookieFile: join(dataDir, `${name}.cookie`),
    })
    if (name === 'node') node.onBlock(({ hash }) => this.#onBlock(node, hash))
    this.#nodes.set(name, node)
    return node
  }
}
