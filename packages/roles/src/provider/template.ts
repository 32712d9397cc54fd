import {
  BIP54_COINBASE_SEQUENCE,
  bip54CoinbaseLocktime,
  concatBytes,
  encodeHeightPush,
  encodeOutput,
  merklePath,
  type Sha256d,
  WITNESS_RESERVED_VALUE,
  witnessCommitmentScript,
  witnessMerkleRoot,
} from '@sv2/bitcoin'
import type { NewTemplate, SetNewPrevHashTdp } from '@sv2/messages'
import type { MadeTemplate, NodeTemplate, NodeTransaction } from '../ground/node-template.ts'
import { type Reserve, selectTransactions } from './selection.ts'

/** A template handed out: what was said, and what a block of it is made of. */
export interface Handout {
  readonly message: NewTemplate
  readonly node: NodeTemplate
  /** Full serializations, without the coinbase. */
  readonly transactions: readonly Uint8Array[]
  /** Transactions of the node that are left out, because the coinbase needs their room. */
  readonly left: number
}

/** What it takes to make a block of a solution; a provider that was started again has no more than this of a template. */
export interface SolvableTemplate {
  readonly templateId: bigint
  /** Header byte order. */
  readonly prevHash: Uint8Array
  readonly height: number
  readonly nbits: number
  /** 32 bytes, little-endian. */
  readonly target: Uint8Array
  /** From the coinbase's side to the root, 32 bytes each. */
  readonly merklePath: readonly Uint8Array[]
  /** Full serializations, without the coinbase. */
  readonly transactions: readonly Uint8Array[]
}

/** What a block of this template needs. */
export function solvable({ message, node, transactions }: Handout): SolvableTemplate {
  const { prevHash, height, nbits, target } = node
  const { templateId, merklePath } = message
  return { templateId, prevHash, height, nbits, target, merklePath, transactions }
}

interface HandoutOptions {
  readonly templateId: bigint
  readonly futureTemplate: boolean
  readonly sha256d: Sha256d
}

/** Makes the template of one node template for one reserve; the node has made room for it where it makes templates itself. */
export function makeHandout(node: NodeTemplate, reserve: Reserve, options: HandoutOptions): Handout {
  return node.made === undefined ? chosen(node, reserve, options) : asMade(node, node.made, options)
}

/** As the node has made it. */
function asMade(
  node: NodeTemplate,
  { coinbase, merklePath, transactions }: MadeTemplate,
  { templateId, futureTemplate }: HandoutOptions,
): Handout {
  const message: NewTemplate = {
    type: 'NewTemplate',
    templateId,
    futureTemplate,
    version: node.version,
    coinbaseTxVersion: coinbase.version,
    coinbasePrefix: coinbase.scriptPrefix,
    coinbaseTxInputSequence: coinbase.sequence,
    coinbaseTxValueRemaining: node.coinbaseValue,
    coinbaseTxOutputsCount: coinbase.outputs.length,
    coinbaseTxOutputs: concatBytes(...coinbase.outputs),
    coinbaseTxLocktime: coinbase.locktime,
    merklePath,
  }
  return { message, node, transactions, left: 0 }
}

/** Of the node's transactions, those that fit. */
function chosen(node: NodeTemplate, reserve: Reserve, options: HandoutOptions): Handout {
  const transactions = selectTransactions(node, reserve)
  let value = node.coinbaseValue
  if (transactions.length < node.transactions.length) {
    const kept = new Set(transactions)
    for (const tx of node.transactions) if (!kept.has(tx)) value -= tx.fee
  }
  const outputs = node.segwit ? commitmentOutput(node, transactions, options.sha256d) : new Uint8Array(0)
  const message: NewTemplate = {
    type: 'NewTemplate',
    templateId: options.templateId,
    futureTemplate: options.futureTemplate,
    version: node.version,
    coinbaseTxVersion: 2,
    coinbasePrefix: encodeHeightPush(node.height),
    coinbaseTxInputSequence: BIP54_COINBASE_SEQUENCE,
    coinbaseTxValueRemaining: value,
    coinbaseTxOutputsCount: node.segwit ? 1 : 0,
    coinbaseTxOutputs: outputs,
    coinbaseTxLocktime: bip54CoinbaseLocktime(node.height),
    merklePath: pathOf(node, transactions, options.sha256d),
  }
  const left = node.transactions.length - transactions.length
  return { message, node, transactions: transactions.map(({ data }) => data), left }
}

function pathOf(
  node: NodeTemplate,
  transactions: readonly NodeTransaction[],
  sha256d: Sha256d,
): readonly Uint8Array[] {
  if (node.merklePath !== undefined && transactions === node.transactions) return node.merklePath
  return merklePath(
    transactions.map((tx) => tx.txid),
    sha256d,
  )
}

/** The tip a template builds on, and where its header time starts (TP-09, TP-19). */
export function prevHashOf(handout: Handout): SetNewPrevHashTdp {
  const { node } = handout
  return {
    type: 'SetNewPrevHashTdp',
    templateId: handout.message.templateId,
    prevHash: node.prevHash,
    headerTimestamp: Math.max(node.curtime, node.mintime),
    nbits: node.nbits,
    target: node.target,
  }
}

/** The value-less output that commits to all witnesses, reserved value 32 zero bytes (TP-16, TP-17, BIP 141). */
function commitmentOutput(
  node: NodeTemplate,
  transactions: readonly NodeTransaction[],
  sha256d: Sha256d,
): Uint8Array {
  const script =
    node.commitmentScript !== undefined && transactions === node.transactions
      ? node.commitmentScript
      : witnessCommitmentScript(wtxidRoot(transactions, sha256d), WITNESS_RESERVED_VALUE, sha256d)
  return encodeOutput({ value: 0n, script })
}

function wtxidRoot(transactions: readonly NodeTransaction[], sha256d: Sha256d): Uint8Array {
  return witnessMerkleRoot(
    transactions.map((tx) => tx.wtxid),
    sha256d,
  )
}
