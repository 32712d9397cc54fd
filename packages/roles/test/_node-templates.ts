import {
  encodeTransaction,
  nbitsToTarget,
  type Transaction,
  transactionWeight,
  txid,
  wtxid,
} from '@sv2/bitcoin'
import type { NodeTemplate, NodeTransaction } from '@sv2/roles/ground'
import { filled, NBITS_EASY, NTIME } from './_fixtures.ts'

let made = 0

/** A SegWit transaction that pays its way; `padding` bytes make it heavier. */
export function aTransaction(
  overrides: Partial<NodeTransaction> & { readonly padding?: number } = {},
): NodeTransaction {
  made++
  const { padding = 0, ...rest } = overrides
  const tx: Transaction = {
    version: 2,
    inputs: [
      {
        prevTxid: filled(made & 0xff),
        prevIndex: made,
        scriptSig: new Uint8Array(0),
        sequence: 0xffff_fffd,
        witness: [filled(0x30, 71), filled(2, 33)],
      },
    ],
    outputs: [{ value: 1_000n, script: filled(0x6a, 22 + padding) }],
    locktime: 0,
  }
  return {
    data: encodeTransaction(tx),
    txid: txid(tx),
    wtxid: wtxid(tx),
    fee: 1_000n,
    weight: transactionWeight(tx),
    sigops: 1,
    depends: [],
    ...rest,
  }
}

/** What a node hands out: two transactions, every other hash a block. */
export function aNodeTemplate(overrides: Partial<NodeTemplate> = {}): NodeTemplate {
  const transactions = overrides.transactions ?? TWO
  return {
    prevHash: filled(0xaa),
    height: 200_000,
    version: 0x2000_0000,
    nbits: NBITS_EASY,
    target: nbitsToTarget(NBITS_EASY),
    curtime: NTIME,
    mintime: NTIME - 3_000,
    coinbaseValue: 312_500_000n + transactions.reduce((sum, { fee }) => sum + fee, 0n),
    transactions,
    weightLimit: 4_000_000,
    sigopLimit: 80_000,
    segwit: true,
    ...overrides,
  }
}

const TWO = [aTransaction(), aTransaction()]
