import { rm } from 'node:fs/promises'
import { loadSubmittedBlock } from './loaded-block.ts'
import { loadTransactionBytes } from './loaded-transaction.ts'
import type { NodeCore } from './node-core.ts'
import type { RpcServer } from './rpc/rpc-server.ts'
import { Traffic } from './traffic.ts'

/** Where a node listens and what opens it. */
export type NodeAccess = {
  readonly host: string
  readonly port: number
  /** `user:password` that RPC accepts. */
  readonly cookie: string
  readonly cookieFile: string | undefined
  readonly server: RpcServer
}

/** A block that became part of the active chain. Hash in display order. */
export type ConnectedBlock = { readonly hash: string; readonly height: number; readonly transactions: number }

/** An embedded Bitcoin node on its own regtest chain. Hashes and txids as text are in display order. */
export class RegtestNode {
  /** The parts inside, for tests that look closer. */
  readonly core: NodeCore
  readonly #access: NodeAccess
  readonly #traffic: Traffic

  constructor(core: NodeCore, access: NodeAccess) {
    this.core = core
    this.#access = access
    this.#traffic = new Traffic(core.wallet, core.mempool)
  }

  /** The RPC address without login, `http://127.0.0.1:port`. */
  get url(): string {
    return `http://${this.#access.host}:${this.port}`
  }

  get port(): number {
    return this.#access.port
  }

  /** `user:password` for RPC. */
  get cookie(): string {
    return this.#access.cookie
  }

  /** The cookie file that was written, if one was asked for. */
  get cookieFile(): string | undefined {
    return this.#access.cookieFile
  }

  /** Height of the tip. */
  height(): number {
    return this.core.chain.tip.height
  }

  /** Hash of the tip. */
  bestHash(): string {
    return this.core.chain.tip.block.id
  }

  /** A block's bytes, whatever chain it is on; undefined when unknown. */
  block(hash: string): Uint8Array | undefined {
    return this.core.chain.entry(hash)?.block.bytes
  }

  /** Mines blocks of waiting transactions. Returns their hashes. */
  generate(count: number): Promise<string[]> {
    return this.core.generate(count)
  }

  /** Replaces the last `depth` blocks by `depth + 1` empty ones. Returns the new hashes. @throws {RangeError} beyond the genesis block. */
  async reorg(depth: number): Promise<string[]> {
    let parent = this.core.chain.at(this.height() - depth)
    if (parent === undefined)
      throw new RangeError(`reorganisation of ${depth} blocks at height ${this.height()}`)
    const hashes: string[] = []
    for (let i = 0; i <= depth; i++) {
      parent = await this.core.mineOn(parent)
      hashes.push(parent.block.id)
    }
    return hashes
  }

  /** Declares a block and all above it invalid. @throws {RangeError} when it is unknown. */
  invalidate(hash: string): void {
    const entry = this.core.chain.entry(hash)
    if (entry === undefined) throw new RangeError(`no block ${hash}`)
    this.core.chain.invalidate(entry)
  }

  /** Hands a block in as submitblock does: null, or a BIP 22 reason. @throws {BitcoinError} when the bytes are no block. */
  submitBlock(bytes: Uint8Array): string | null {
    return this.core.chain.submit(loadSubmittedBlock(bytes))
  }

  /** Puts a transaction into the mempool and returns its txid. @throws {Error} with the reason when it is refused. */
  addTransaction(bytes: Uint8Array): string {
    const verdict = this.core.mempool.accept(loadTransactionBytes(bytes))
    if ('reason' in verdict) throw new Error(`transaction refused: ${verdict.reason}`)
    return verdict.entry.loaded.id
  }

  /** Makes the wallet send payments now. Returns how many it could. */
  sendPayments(count: number): number {
    return this.#traffic.send(count)
  }

  /** Sets how many payments a second the wallet sends. */
  setMempoolRate(perSecond: number): void {
    this.#traffic.setRate(perSecond)
  }

  /** How many transactions wait. */
  mempoolSize(): number {
    return this.core.mempool.size
  }

  /** Stops the clock at a Unix time in seconds; undefined lets it run again. */
  setClock(unixSeconds: number | undefined): void {
    this.core.clock.set(unixSeconds)
  }

  /** Whether every call is answered by error -28, as by a node that is starting. */
  setWarmup(warmup: boolean): void {
    this.core.status.warmup = warmup
  }

  /** Whether the node says it is still syncing; templates are then refused by error -10. */
  setInitialBlockDownload(syncing: boolean): void {
    this.core.status.initialBlockDownload = syncing
  }

  /** How many blocks the node says it knows by their headers alone: it is catching up, or its validation stands still. */
  setHeadersAhead(blocks: number): void {
    this.core.status.headersAhead = blocks
  }

  /** The network the node names in its answers: main, test, testnet4, signet, regtest. Its rules stay regtest's. */
  setChain(chain: string): void {
    this.core.status.chain = chain
  }

  /** Calls back for every block that becomes part of the active chain. Returns how to stop that. */
  onBlock(listener: (block: ConnectedBlock) => void): () => void {
    return this.core.chain.onTipChange(({ connected }) => {
      for (const { block, height } of connected) {
        listener({ hash: block.id, height, transactions: block.transactions.length })
      }
    })
  }

  /** Stops the payments, closes the server and removes the cookie file. */
  async stop(): Promise<void> {
    this.#traffic.setRate(0)
    await this.#access.server.close()
    if (this.#access.cookieFile !== undefined) await rm(this.#access.cookieFile, { force: true })
  }
}
