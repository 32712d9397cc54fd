import {
  encodeStripped,
  encodeTransaction,
  nbitsToTarget,
  parseTransaction,
  sha256,
  type Transaction,
} from '@sv2/bitcoin'
import type { NodeTemplate, NodeTransaction } from '@sv2/roles/ground'
import { fastSha256d } from '@sv2/runtime'

/** Transactions of a full block. */
export const FULL_BLOCK = 4_000

/** Numbers each transaction, so that none is made twice. */
let made = 0

/** SegWit payments of 222 to 518 bytes, one to three inputs, as a mempool is full of. */
export function makePayments(count: number): NodeTransaction[] {
  return Array.from({ length: count }, (_, place) => makePayment(1 + (place % 3)))
}

function makePayment(inputs: number): NodeTransaction {
  made++
  const number = made
  const tx: Transaction = {
    version: 2,
    inputs: Array.from({ length: inputs }, (_, input) => ({
      prevTxid: sha256(Uint8Array.of(number, number >> 8, number >> 16, input)),
      prevIndex: input,
      scriptSig: new Uint8Array(0),
      sequence: 0xffff_fffd,
      witness: [new Uint8Array(72).fill(0x30), new Uint8Array(33).fill(2)],
    })),
    outputs: [0, 1].map((output) => ({
      value: 100_000n,
      script: Uint8Array.of(0, 20, ...new Uint8Array(20).fill(output + 1)),
    })),
    locktime: number,
  }
  return described(encodeTransaction(tx))
}

/** The smallest transactions there can be: one input without a script, one output without one; 60 bytes. */
export function makeSmallest(count: number): NodeTransaction[] {
  return Array.from({ length: count }, () => {
    made++
    const input = {
      prevTxid: sha256(Uint8Array.of(made, made >> 8, made >> 16)),
      prevIndex: 0,
      scriptSig: new Uint8Array(0),
      sequence: 0,
      witness: [],
    }
    const output = { value: 1n, script: new Uint8Array(0) }
    return described(encodeTransaction({ version: 2, inputs: [input], outputs: [output], locktime: made }))
  })
}

/** What a node says of a serialized transaction. */
export function described(data: Uint8Array): NodeTransaction {
  const stripped = encodeStripped(parseTransaction(data))
  return {
    data,
    txid: fastSha256d(stripped),
    wtxid: fastSha256d(data),
    fee: 1_000n,
    weight: 3 * stripped.length + data.length,
    sigops: 2,
    depends: [],
  }
}

/** A node's template with these transactions. */
export function templateOf(transactions: readonly NodeTransaction[]): NodeTemplate {
  return {
    prevHash: new Uint8Array(32).fill(0xaa),
    height: 850_000,
    version: 0x2000_0000,
    nbits: 0x1d00ffff,
    target: nbitsToTarget(0x1d00ffff),
    curtime: 1_750_000_000,
    mintime: 1_749_997_000,
    coinbaseValue: 312_500_000n,
    transactions,
    weightLimit: 4_000_000,
    sigopLimit: 80_000,
    segwit: true,
  }
}
