import { randomBytes } from 'node:crypto'
import { NETWORKS } from '@sv2/bitcoin'
import { type BlockEntry, medianTimePast } from './block-entry.ts'
import { type BlockTemplate, blockTemplate, TEMPLATE_VERSION } from './block-template.ts'
import { Chain } from './chain.ts'
import { type ChainParams, nbitsAfter, subsidyAtHeight } from './chain-params.ts'
import { GENESIS_TIME } from './genesis.ts'
import { Mempool } from './mempool.ts'
import { mineBlock } from './miner.ts'
import { NodeClock } from './node-clock.ts'
import { Wallet } from './wallet.ts'

/** What the node says about itself, which tests may set to what a real node says in trouble. */
export type NodeStatus = {
  /** Answers every call with error -28 while set. */
  warmup: boolean
  initialBlockDownload: boolean
  /** Blocks that it knows by their headers alone. */
  headersAhead: number
  /** The chain it names: main, test, testnet4, signet, regtest. */
  chain: string
  /** How many nodes it is connected to. */
  peers: number
}

/** Seconds between two blocks of the initial chain. */
const INITIAL_SPACING = 600

/** The node without its RPC server: chain, mempool, wallet, clock and the mining of own blocks. */
export class NodeCore {
  readonly chain: Chain
  readonly mempool: Mempool
  readonly wallet: Wallet
  readonly clock: NodeClock
  readonly startedAt: number
  readonly status: NodeStatus = {
    warmup: false,
    initialBlockDownload: false,
    headersAhead: 0,
    chain: 'regtest',
    peers: 0,
  }
  #template: { readonly template: BlockTemplate; readonly updates: number; readonly at: number } | undefined

  constructor(params: ChainParams, source: { readonly clock: () => number; readonly walletSeed: string }) {
    this.clock = new NodeClock(source.clock)
    this.startedAt = this.clock.now()
    this.chain = new Chain(params, this.clock.now)
    this.mempool = new Mempool(this.chain, this.clock.now)
    this.wallet = new Wallet(source.walletSeed, { chain: this.chain, mempool: this.mempool })
  }

  /** The best next block; made anew only when the tip, the mempool or the clock has moved. */
  template(): BlockTemplate {
    const at = this.clock.now()
    const known = this.#template
    if (
      known?.template.parent === this.chain.tip &&
      known.updates === this.mempool.updates &&
      known.at === at
    ) {
      return known.template
    }
    const template = blockTemplate(this.chain, this.mempool, at)
    this.#template = { template, updates: this.mempool.updates, at }
    return template
  }

  /** Mines the chain every node of these rules starts with: rewards to the own wallet, times ten minutes apart from the genesis block. */
  async mineInitialChain(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const parent = this.chain.tip
      const time = GENESIS_TIME + INITIAL_SPACING * (parent.height + 1)
      await this.mineOn(parent, {
        time,
        extranonce: new Uint8Array(4),
        rewardScript: this.wallet.rewardScript(parent.height + 1),
      })
    }
  }

  /** Mines blocks of waiting transactions on the tip. Returns their hashes in display order. */
  async generate(count: number, rewardScript?: Uint8Array): Promise<string[]> {
    const hashes: string[] = []
    while (hashes.length < count) {
      const template = this.template()
      const block = await mineBlock({
        prevHash: template.parent.block.hash,
        height: template.height,
        version: template.version,
        nbits: template.nbits,
        time: template.time,
        transactions: template.transactions.map((entry) => entry.loaded),
        reward: {
          value: template.coinbaseValue,
          script: rewardScript ?? this.wallet.rewardScript(template.height),
        },
        extranonce: randomBytes(8),
      })
      const result = this.chain.submit(block)
      if (result === null) hashes.push(block.id)
      // Somebody else's block came first while this one was searched.
      else if (result !== 'inconclusive') throw new Error(`the node's own block was refused: ${result}`)
    }
    return hashes
  }

  /**
   * Mines an empty block on any known block. Returns its entry, which is the tip only when its chain has the most work.
   *
   * @throws {Error} when the block was refused.
   */
  async mineOn(
    parent: BlockEntry,
    choice: {
      readonly time?: number
      readonly extranonce?: Uint8Array
      readonly rewardScript?: Uint8Array
    } = {},
  ): Promise<BlockEntry> {
    const height = parent.height + 1
    const time = Math.max(choice.time ?? this.clock.now(), medianTimePast(parent) + 1)
    const block = await mineBlock({
      prevHash: parent.block.hash,
      height,
      version: TEMPLATE_VERSION,
      nbits: nbitsAfter(this.chain.params, parent, time),
      time,
      transactions: [],
      reward: {
        value: subsidyAtHeight(height),
        script: choice.rewardScript ?? this.wallet.rewardScript(height),
      },
      extranonce: choice.extranonce ?? randomBytes(8),
    })
    const result = this.chain.submit(block)
    if (result !== null && result !== 'inconclusive')
      throw new Error(`the node's own block was refused: ${result}`)
    return this.chain.entry(block.id)!
  }
}

/** Regtest's trivial difficulty, one block in two hashes. */
export const EASIEST_NBITS: number = NETWORKS.regtest.powLimitNbits
