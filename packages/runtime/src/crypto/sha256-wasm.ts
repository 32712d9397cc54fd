import type { CoinbaseWork } from '@sv2/bitcoin'
import { INITIAL_STATE, PLACES, type Sha256Module, sha256Module } from './sha256-code.ts'

/** Longest message that there is room for, bytes. */
export const MAX_MESSAGE = 2_000
/** Longest path, levels: more a job cannot have on the wire. */
const MAX_LEVELS = 255
const BLOCK = 64
const NODE = 32

/** The work whose coinbase and path stay in the memory. */
interface KeptWork {
  readonly work: CoinbaseWork
  readonly extranonceSize: number
  /** Bytes of whole blocks before the extranonce: the same for all, so that their state is kept. */
  readonly before: number
  /** Blocks of the padded coinbase behind those. */
  readonly blocks: number
  /** There are four of the coinbase. */
  isSpread: boolean
}

/** Hashes in WebAssembly. A call is over before the next begins, so that one instance serves a whole thread. */
export class Sha256Wasm {
  readonly #wasm: Sha256Module = sha256Module()
  readonly #bytes: Uint8Array
  #kept: KeptWork | undefined

  constructor() {
    const { buffer } = this.#wasm.memory
    this.#bytes = new Uint8Array(buffer)
    new Int32Array(buffer).set(INITIAL_STATE, PLACES.start / 4)
  }

  /** Double SHA-256 of up to `MAX_MESSAGE` bytes: 32 bytes in wire order. */
  sha256d(data: Uint8Array): Uint8Array {
    this.#bytes.set(data, PLACES.message)
    this.#wasm.root(PLACES.start, PLACES.message, this.#finish(PLACES.message, data.length), 0)
    return this.#digest()
  }

  /**
   * The merkle root above a leaf, from its right-hand siblings, lowest first; all 32 bytes in wire order.
   * @throws {RangeError} when a node is not 32 bytes long.
   */
  merkleRoot(leaf: Uint8Array, path: readonly Uint8Array[]): Uint8Array {
    this.#kept = undefined
    this.#loadPath(path)
    this.#loadNode(leaf, PLACES.state)
    this.#wasm.swap(PLACES.state, NODE / 4)
    this.#wasm.climb(path.length)
    return this.#digest()
  }

  /**
   * Merkle roots of one work for one to four extranonces of the same size: its coinbase, of `MAX_MESSAGE` bytes at most, hashed
   * twice, and the path above. Four together take 1.6 times as long as one.
   */
  coinbaseRoots(work: CoinbaseWork, extranonces: readonly Uint8Array[]): Uint8Array[] {
    const extranonceSize = extranonces[0]!.length
    let kept = this.#kept
    if (kept?.work !== work || kept.extranonceSize !== extranonceSize)
      kept = this.#loadWork(work, extranonceSize)
    this.#kept = kept
    const { before, blocks } = kept
    const at = work.coinbaseTxPrefix.length
    const levels = work.merklePath.length
    const [extranonce] = extranonces
    if (extranonce !== undefined && extranonces.length === 1) {
      for (let i = 0; i < extranonceSize; i++) this.#bytes[PLACES.kept + ((at + i) ^ 3)] = extranonce[i]!
      this.#wasm.root(PLACES.midstate, PLACES.kept + before, blocks, levels)
      return [this.#digest()]
    }
    if (!kept.isSpread) this.#wasm.spread((before + BLOCK * blocks) / 4)
    kept.isSpread = true
    for (const [lane, extranonce] of extranonces.entries())
      for (let i = 0; i < extranonceSize; i++)
        this.#bytes[PLACES.keptFour + inLane(at + i, lane)] = extranonce[i]!
    this.#wasm.root4(PLACES.midstate, PLACES.keptFour + 4 * before, blocks, levels)
    return extranonces.map((_, lane) => {
      const root = new Uint8Array(NODE)
      for (let i = 0; i < NODE; i++) root[i] = this.#bytes[PLACES.state + inLane(i, lane)]!
      return root
    })
  }

  #loadWork(work: CoinbaseWork, extranonceSize: number): KeptWork {
    const { coinbaseTxPrefix: prefix, coinbaseTxSuffix: suffix, merklePath } = work
    this.#kept = undefined
    this.#loadPath(merklePath)
    this.#bytes.set(prefix, PLACES.kept)
    this.#bytes.set(suffix, PLACES.kept + prefix.length + extranonceSize)
    const blocks = this.#finish(PLACES.kept, prefix.length + extranonceSize + suffix.length)
    const first = Math.floor(prefix.length / BLOCK)
    this.#wasm.fold(PLACES.start, PLACES.kept, first)
    this.#bytes.copyWithin(PLACES.midstate, PLACES.state, PLACES.state + NODE)
    return { work, extranonceSize, before: first * BLOCK, blocks: blocks - first, isSpread: false }
  }

  #loadPath(path: readonly Uint8Array[]): void {
    if (path.length > MAX_LEVELS) throw new RangeError(`a merkle path of ${path.length} levels`)
    for (let level = 0; level < path.length; level++) this.#loadNode(path[level]!, PLACES.path + NODE * level)
    this.#wasm.swap(PLACES.path, (NODE / 4) * path.length)
  }

  #loadNode(node: Uint8Array, address: number): void {
    if (node.length !== NODE) throw new RangeError(`merkle node of ${node.length} bytes`)
    this.#bytes.set(node, address)
  }

  /** Makes whole blocks of a message of so many bytes, as words. Answers how many blocks. */
  #finish(address: number, length: number): number {
    if (length > MAX_MESSAGE) throw new RangeError(`a message of ${length} bytes`)
    const blocks = (length + 9 + BLOCK - 1) >>> 6
    const end = address + BLOCK * blocks
    this.#bytes.fill(0, address + length, end)
    this.#bytes[address + length] = 0x80
    this.#bytes[end - 2] = length >>> 5
    this.#bytes[end - 1] = length << 3
    this.#wasm.swap(address, 16 * blocks)
    return blocks
  }

  #digest(): Uint8Array {
    const digest = new Uint8Array(NODE)
    for (let i = 0; i < NODE; i++) digest[i] = this.#bytes[PLACES.state + (i ^ 3)]!
    return digest
  }
}

/** Where a byte is in four messages that lie word by word, each word in the byte order of the machine. */
function inLane(index: number, lane: number): number {
  return 16 * (index >>> 2) + 4 * lane + (3 - (index & 3))
}
