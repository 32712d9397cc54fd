import { BlockArchive } from './block-archive.ts'
import { type BlockEntry, blockEntry, blocksBetween, forkPoint, medianTimePast } from './block-entry.ts'
import type { ChainParams } from './chain-params.ts'
import { checkBlock, checkBlockInContext, hasProofOfWork, isMutation } from './check-block.ts'
import { checkHeader } from './check-header.ts'
import { type CoinChanges, Coins } from './coins.ts'
import { connectBlock, type SpendContext } from './connect-block.ts'
import { genesisBlock } from './genesis.ts'
import type { LoadedBlock } from './loaded-block.ts'
import { SignatureCache } from './signature-cache.ts'

/** Blocks below the tip that are kept in memory, and may be taken off the chain again; a pruned node has as many. */
const KEPT_BLOCKS = 288

/** The active chain moved: blocks taken off (highest first) and put on (lowest first). */
export type TipChange = {
  readonly disconnected: readonly BlockEntry[]
  readonly connected: readonly BlockEntry[]
}

/**
 * The tree of blocks, the active chain through it and the coins at its tip.
 *
 * A block that passes the checks of its own enters the tree. When its chain has more work than the active one, blocks are taken off
 * down to the fork and the new ones connected one by one; each connection judges the spends. A block that fails there is marked
 * invalid with everything above it, and the best of the remaining chains becomes active. `submit` answers in BIP 22 words.
 */
export class Chain {
  readonly coins = new Coins()
  readonly signatures = new SignatureCache()
  readonly params: ChainParams
  readonly genesis: BlockEntry
  readonly #now: () => number
  readonly #entries = new Map<string, BlockEntry>()
  readonly #active: BlockEntry[] = []
  /** In order of arrival, those whose contents are in memory. */
  readonly #young: BlockEntry[] = []
  readonly #archive = new BlockArchive()
  readonly #verdicts = new Map<string, string>()
  #listeners: readonly ((change: TipChange) => void)[] = []

  /** @param now Unix time in seconds. */
  constructor(params: ChainParams, now: () => number) {
    this.params = params
    this.#now = now
    this.genesis = blockEntry(genesisBlock(), undefined, 0)
    this.genesis.status = 'valid'
    this.#entries.set(this.genesis.block.id, this.genesis)
    this.#active.push(this.genesis)
  }

  get tip(): BlockEntry {
    return this.#active.at(-1)!
  }

  /** The block with this hash (display order), on whatever chain. */
  entry(id: string): BlockEntry | undefined {
    return this.#entries.get(id)
  }

  /** The block of the active chain at this height. */
  at(height: number): BlockEntry | undefined {
    return this.#active[height]
  }

  isActive(entry: BlockEntry): boolean {
    return this.#active[entry.height] === entry
  }

  /** Every block known, in order of arrival. */
  entries(): Iterable<BlockEntry> {
    return this.#entries.values()
  }

  /** Calls back after every move of the tip. Returns how to stop that. */
  onTipChange(listener: (change: TipChange) => void): () => void {
    this.#listeners = [...this.#listeners, listener]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener)
    }
  }

  /** What spends are judged by in a block on top of `parent`, which must be the tip for the coins to be right. */
  spendContext(parent: BlockEntry = this.tip): SpendContext {
    return {
      coins: this.coins,
      coinbaseMaturity: this.params.coinbaseMaturity,
      height: parent.height + 1,
      medianTimePast: medianTimePast(parent),
      medianTimeAt: (height) => medianTimePast(this.#active[height]!),
      verify: (tx, coins) => this.signatures.verify(tx, coins),
    }
  }

  /** Takes a block in: null when it is the new tip, else a BIP 22 reason; `inconclusive` for a good one on a side chain. */
  submit(block: LoadedBlock): string | null {
    const known = this.#entries.get(block.id)
    if (known !== undefined) return known.status === 'invalid' ? 'duplicate-invalid' : 'duplicate'
    if (!hasProofOfWork(block)) return 'high-hash'
    const unfit = checkBlock(block)
    if (unfit !== undefined) return unfit
    const parent = this.#entries.get(block.prevId)
    if (parent === undefined) return 'prev-blk-not-found'
    if (parent.status === 'invalid') return 'bad-prevblk'
    const badHeader = checkHeader(block.header, parent, this.params, this.#now())
    if (badHeader !== undefined) return badHeader
    const misplaced = checkBlockInContext(block, parent.height + 1, medianTimePast(parent))
    if (misplaced !== undefined && isMutation(misplaced)) return misplaced
    const entry = blockEntry(block, parent, this.#entries.size)
    this.#entries.set(block.id, entry)
    this.#young.push(entry)
    if (misplaced !== undefined) {
      entry.status = 'invalid'
      return misplaced
    }
    if (entry.chainWork > this.tip.chainWork) this.#activateBest()
    this.#archiveOld()
    if (this.isActive(entry)) return null
    const verdict = this.#verdicts.get(block.id)
    this.#verdicts.clear()
    return verdict ?? 'inconclusive'
  }

  /** Judges a block as if its proof of work were done: null when it would become the tip, else a BIP 22 reason. Changes nothing. */
  propose(block: LoadedBlock): string | null {
    const known = this.#entries.get(block.id)
    if (known !== undefined) {
      if (known.status === 'invalid') return 'duplicate-invalid'
      return known.status === 'valid' ? 'duplicate' : 'duplicate-inconclusive'
    }
    if (block.prevId !== this.tip.block.id) return 'inconclusive-not-best-prevblk'
    const reason =
      checkHeader(block.header, this.tip, this.params, this.#now()) ??
      checkBlock(block) ??
      checkBlockInContext(block, this.tip.height + 1, medianTimePast(this.tip))
    if (reason !== undefined) return reason
    const changes = connectBlock(block, this.spendContext())
    return 'reason' in changes ? changes.reason : null
  }

  /** Declares a block and all above it invalid, as the invalidateblock RPC does. @throws {RangeError} on the genesis block. */
  invalidate(entry: BlockEntry): void {
    if (entry.parent === undefined) throw new RangeError('the genesis block cannot be invalidated')
    if (this.isActive(entry) && entry.changes === undefined)
      throw new RangeError(
        `block ${entry.height} is more than ${KEPT_BLOCKS} blocks deep and cannot be taken back`,
      )
    this.#markInvalid(entry)
    this.#activateBest()
  }

  /** Takes such a declaration back for a block, all below it and all above it. */
  reconsider(entry: BlockEntry): void {
    for (let at: BlockEntry | undefined = entry; at !== undefined; at = at.parent) {
      if (at.status === 'invalid') at.status = 'stored'
    }
    for (const other of this.#entries.values()) {
      if (other.status === 'invalid' && isDescendant(other, entry)) other.status = 'stored'
    }
    this.#activateBest()
  }

  #archiveOld(): void {
    for (let oldest = this.#young[0]; oldest !== undefined; oldest = this.#young[0]) {
      if (oldest.height > this.tip.height - KEPT_BLOCKS) return
      this.#young.shift()
      oldest.block.archive(this.#archive)
      oldest.changes = undefined
    }
  }

  #activateBest(): void {
    const before = this.tip
    let best = this.#mostWork()
    while (best !== this.tip) {
      this.#moveTo(best)
      best = this.#mostWork()
    }
    if (this.tip === before) return
    const fork = forkPoint(before, this.tip)
    const change = {
      disconnected: blocksBetween(fork, before).reverse(),
      connected: blocksBetween(fork, this.tip),
    }
    for (const listener of this.#listeners) listener(change)
  }

  #mostWork(): BlockEntry {
    let best: BlockEntry = this.tip.status === 'invalid' ? this.genesis : this.tip
    for (const entry of this.#entries.values()) {
      if (entry.status !== 'invalid' && entry.chainWork > best.chainWork && this.#isInReach(entry))
        best = entry
    }
    return best
  }

  /** Blocks too deep in the active chain cannot be taken off it any more. */
  #isInReach(entry: BlockEntry): boolean {
    return forkPoint(this.tip, entry).height >= this.tip.height - KEPT_BLOCKS
  }

  // Goes as far as the blocks are good; the caller looks again for the best chain when one was not.
  #moveTo(target: BlockEntry): void {
    const fork = forkPoint(this.tip, target)
    while (this.tip !== fork) this.#disconnectTip()
    for (const entry of blocksBetween(fork, target)) {
      const changes: CoinChanges | { readonly reason: string } = connectBlock(
        entry.block,
        this.spendContext(),
      )
      if ('reason' in changes) {
        this.#verdicts.set(entry.block.id, changes.reason)
        this.#markInvalid(entry)
        return
      }
      this.coins.apply(changes)
      entry.changes = { spent: changes.spent, created: changes.created }
      entry.status = 'valid'
      this.#active.push(entry)
    }
  }

  #disconnectTip(): void {
    const entry = this.#active.pop()!
    this.coins.revert(entry.changes!)
    entry.changes = undefined
  }

  #markInvalid(entry: BlockEntry): void {
    for (const other of this.#entries.values()) if (isDescendant(other, entry)) other.status = 'invalid'
  }
}

/** Whether `entry` is `ancestor` itself or stands above it. */
function isDescendant(entry: BlockEntry, ancestor: BlockEntry): boolean {
  let at: BlockEntry | undefined = entry
  while (at !== undefined && at.height > ancestor.height) at = at.parent
  return at === ancestor
}
