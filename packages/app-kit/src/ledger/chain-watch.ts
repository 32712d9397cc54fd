import {
  decodeHeader,
  encodeStripped,
  headerHash,
  parseBlock,
  parseDisplayHash,
  readHeightPush,
  unhex,
} from '@sv2/bitcoin'
import type { BlockRecord, JournalRecord } from '@sv2/journal'
import type { Ledger } from '@sv2/roles/ledger'
import { type NodeRpc, NodeRpcError } from '@sv2/runtime'

/** Blocks below the tip in which blocks of ours are looked for at the start. */
const LOOK_BACK = 144
/** Blocks looked through in one go, so that a question to the ledger never waits for long. */
const BLOCKS_A_LOOK = 10
/** A node that does not know a block (RPC_INVALID_ADDRESS_OR_KEY). */
const UNKNOWN = -5
const HEADER_SIZE = 80

export interface ChainWatchSettings {
  /** Asked in turn: the first that answers is believed. */
  readonly nodes: readonly NodeRpc[]
  /** A block of ours pays this script first. */
  readonly poolScript: Uint8Array
  /** And has this text in its coinbase script; ASCII. */
  readonly tag: string
  /** Confirmations after which nothing more is asked. */
  readonly confirmations: number
}

/** What a look at the chain found: records for the journal. */
export interface ChainLook {
  readonly records: readonly JournalRecord[]
  /** No node answers. */
  readonly isAway: boolean
  /** Blocks that the node knows the headers of, and does not have; 0 when no node answers. */
  readonly behind: number
}

/**
 * Asks nodes what became of blocks of ours, and looks for blocks of ours that nobody told of, such as those that were found
 * just before a disk was lost.
 */
export class ChainWatch {
  readonly #settings: ChainWatchSettings
  readonly #ledger: Ledger
  /** Height up to which blocks were looked through; undefined: not begun. */
  #scanned: number | undefined

  constructor(settings: ChainWatchSettings, ledger: Ledger) {
    this.#settings = settings
    this.#ledger = ledger
  }

  /** @param now unix ms */
  async look(now: number): Promise<ChainLook> {
    for (const node of this.#settings.nodes) {
      try {
        const chain = (await node.call('getblockchaininfo', [])) as { blocks?: unknown; headers?: unknown }
        const [tip, headers] = [Number(chain.blocks), Number(chain.headers)]
        const behind = Math.max(0, headers - tip) || 0
        const known = await this.#known(node, tip, now)
        return { records: [...known, ...(await this.#unknown(node, tip, now))], isAway: false, behind }
      } catch (error) {
        if (!(error instanceof NodeRpcError)) throw error
      }
    }
    return { records: [], isAway: this.#settings.nodes.length > 0, behind: 0 }
  }

  async #known(node: NodeRpc, tip: number, now: number): Promise<JournalRecord[]> {
    const records: JournalRecord[] = []
    for (const { hash, height, confirmations: before } of this.#ledger.openBlocks()) {
      const confirmations = await confirmationsOf(node, { hash, height }, tip)
      if (confirmations === undefined) continue
      const counted = Math.min(confirmations, this.#settings.confirmations)
      if (counted === before && !(counted === 0 && this.#ledger.isPending(hash))) continue
      records.push({ kind: 'chain', time: now, hash: parseDisplayHash(hash), confirmations: counted })
    }
    return records
  }

  async #unknown(node: NodeRpc, tip: number, now: number): Promise<BlockRecord[]> {
    const records: BlockRecord[] = []
    const from = Math.min(this.#scanned ?? Math.max(0, tip - LOOK_BACK), tip)
    const to = Math.min(tip, from + BLOCKS_A_LOOK)
    for (let height = from + 1; height <= to; height++) {
      const hash = String(await node.call('getblockhash', [height]))
      if (this.#ledger.hasBlock(hash)) continue
      const ours = this.#ours(unhex(String(await node.call('getblock', [hash, 0]))), now)
      if (ours !== undefined) records.push(ours)
    }
    this.#scanned = to
    return records
  }

  /** The record of a block, when it is ours. */
  #ours(bytes: Uint8Array, now: number): BlockRecord | undefined {
    const { poolScript, tag } = this.#settings
    const [coinbase] = parseBlock(bytes).transactions
    const input = coinbase?.inputs[0]
    const first = coinbase?.outputs[0]
    if (coinbase === undefined || input === undefined || first === undefined) return undefined
    const isPaid =
      first.script.length === poolScript.length && first.script.every((byte, at) => byte === poolScript[at])
    if (!isPaid || !latin1(input.scriptSig).includes(tag)) return undefined
    const header = bytes.slice(0, HEADER_SIZE)
    return {
      kind: 'block',
      time: Math.min(now, decodeHeader(header).ntime * 1000),
      height: readHeightPush(input.scriptSig) ?? 0,
      hash: headerHash(header),
      account: 0,
      worker: 0,
      distributionId: 0n,
      coinbase: encodeStripped(coinbase),
      header,
      source: 'chain',
    }
  }
}

/** 0: another block has its place. Undefined: the node does not know yet. */
async function confirmationsOf(
  node: NodeRpc,
  { hash, height }: { readonly hash: string; readonly height: number },
  tip: number,
): Promise<number | undefined> {
  try {
    const header = (await node.call('getblockheader', [hash, true])) as { readonly confirmations?: unknown }
    const confirmations = Number(header.confirmations)
    return Number.isInteger(confirmations) ? Math.max(0, confirmations) : undefined
  } catch (error) {
    if (!(error instanceof NodeRpcError) || error.code !== UNKNOWN) throw error
    return height < tip ? 0 : undefined
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
