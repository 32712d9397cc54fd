import { encodeHeader, hex, nbitsToTarget, reversed, scriptToAddress, targetToDifficulty } from '@sv2/bitcoin'
import { type BlockEntry, medianTimePast } from '../block-entry.ts'
import type { Chain } from '../chain.ts'
import { type LoadedTransaction, outpointKey } from '../loaded-transaction.ts'

/** Satoshi as the BTC number RPC prints. */
export function btc(satoshi: bigint): number {
  return Number(satoshi) / 1e8
}

/** A compact target as RPC prints it: 8 hex digits. */
export function bitsText(nbits: number): string {
  return nbits.toString(16).padStart(8, '0')
}

/** A target as RPC prints it: 64 hex digits, most significant first. */
export function targetText(nbits: number): string {
  return hex(reversed(nbitsToTarget(nbits)))
}

/** The difficulty of a compact target. */
export function difficultyOf(nbits: number): number {
  return targetToDifficulty(nbitsToTarget(nbits))
}

/** What getblockheader prints. */
export function headerJson(chain: Chain, entry: BlockEntry): Record<string, unknown> {
  const { block, height } = entry
  const active = chain.isActive(entry)
  const next = active ? chain.at(height + 1) : undefined
  return {
    hash: block.id,
    confirmations: active ? chain.tip.height - height + 1 : -1,
    height,
    version: block.header.version | 0,
    versionHex: bitsText(block.header.version),
    merkleroot: hex(reversed(block.header.merkleRoot)),
    time: block.header.ntime,
    mediantime: medianTimePast(entry),
    nonce: block.header.nonce,
    bits: bitsText(block.header.nbits),
    target: targetText(block.header.nbits),
    difficulty: difficultyOf(block.header.nbits),
    chainwork: entry.chainWork.toString(16).padStart(64, '0'),
    nTx: block.transactions.length,
    ...(entry.parent === undefined ? {} : { previousblockhash: block.prevId }),
    ...(next === undefined ? {} : { nextblockhash: next.block.id }),
  }
}

/** What getblock prints: transactions as ids, or whole for `detailed`. */
export function blockJson(
  chain: Chain,
  entry: BlockEntry,
  detail: 'ids' | 'transactions',
): Record<string, unknown> {
  const { block } = entry
  return {
    ...headerJson(chain, entry),
    strippedsize: block.strippedSize,
    size: block.bytes.length,
    weight: block.weight,
    tx:
      detail === 'ids'
        ? block.transactions.map((tx) => tx.id)
        : block.transactions.map((tx, index) => ({ ...transactionJson(tx), ...feeJson(entry, tx, index) })),
  }
}

function feeJson(entry: BlockEntry, { tx }: LoadedTransaction, index: number): { fee?: number } {
  const { changes } = entry
  if (changes === undefined || index === 0) return {}
  const paidIn = tx.inputs.reduce((sum, input) => {
    const key = outpointKey(hex(reversed(input.prevTxid)), input.prevIndex)
    return sum + (changes.spent.get(key)?.value ?? 0n)
  }, 0n)
  const paidOut = tx.outputs.reduce((sum, output) => sum + output.value, 0n)
  return { fee: btc(paidIn - paidOut) }
}

/** What decoderawtransaction prints, with the raw bytes as getrawtransaction adds them. */
export function transactionJson(loaded: LoadedTransaction): Record<string, unknown> {
  const { tx } = loaded
  return {
    txid: loaded.id,
    hash: loaded.witnessId,
    version: tx.version,
    size: loaded.bytes.length,
    vsize: loaded.vsize,
    weight: loaded.weight,
    locktime: tx.locktime,
    vin: tx.inputs.map((input) => ({
      ...(input.prevIndex === 0xffffffff
        ? { coinbase: hex(input.scriptSig) }
        : {
            txid: hex(reversed(input.prevTxid)),
            vout: input.prevIndex,
            scriptSig: { hex: hex(input.scriptSig) },
          }),
      ...(input.witness.length === 0 ? {} : { txinwitness: input.witness.map(hex) }),
      sequence: input.sequence,
    })),
    vout: tx.outputs.map((output, n) => ({
      value: btc(output.value),
      n,
      scriptPubKey: { hex: hex(output.script), ...addressJson(output.script) },
    })),
    hex: hex(loaded.bytes),
  }
}

function addressJson(script: Uint8Array): { address?: string } {
  const address = scriptToAddress(script, 'regtest')
  return address === undefined ? {} : { address }
}

/** The 80 header bytes of a block as hex. */
export function headerHex(entry: BlockEntry): string {
  return hex(encodeHeader(entry.block.header))
}
