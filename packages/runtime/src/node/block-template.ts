import { reversed, unhex } from '@sv2/bitcoin'
import type { NodeTemplate } from '@sv2/roles/provider'
import { z } from 'zod'
import { hexBytes } from './hex-text.ts'

const transaction = z.object({
  data: z.string(),
  txid: z.string(),
  hash: z.string(),
  depends: z.array(z.number()),
  fee: z.coerce.bigint(),
  sigops: z.number(),
  weight: z.number(),
})

const template = z.object({
  version: z.number(),
  rules: z.array(z.string()).default([]),
  previousblockhash: z.string(),
  transactions: z.array(transaction),
  coinbasevalue: z.coerce.bigint(),
  target: z.string(),
  mintime: z.number(),
  curtime: z.number(),
  bits: z.string(),
  height: z.number(),
  sigoplimit: z.number(),
  weightlimit: z.number().optional(),
  sizelimit: z.number().optional(),
  default_witness_commitment: z.string().optional(),
  longpollid: z.string(),
})

/** A node's answer to getblocktemplate, read (BIP 22, 23, 145). */
export interface ReadTemplate {
  readonly template: NodeTemplate
  readonly longPollId: string
}

/**
 * Reads a getblocktemplate answer. Hashes are turned into header byte order, places in `depends` counted from 0.
 * @throws {z.ZodError | RangeError} for an answer that is no template
 */
export function readBlockTemplate(answer: unknown): ReadTemplate {
  const read = template.parse(answer)
  const segwit =
    read.default_witness_commitment !== undefined || read.rules.some((rule) => /^!?segwit$/.test(rule))
  return {
    longPollId: read.longpollid,
    template: {
      prevHash: reversed(unhex(read.previousblockhash)),
      height: read.height,
      version: read.version >>> 0,
      nbits: Number.parseInt(read.bits, 16),
      target: reversed(unhex(read.target)),
      curtime: read.curtime,
      mintime: read.mintime,
      coinbaseValue: read.coinbasevalue,
      transactions: read.transactions.map((tx) => ({
        data: hexBytes(tx.data),
        txid: reversed(unhex(tx.txid)),
        wtxid: reversed(unhex(tx.hash)),
        fee: tx.fee,
        weight: tx.weight,
        sigops: tx.sigops,
        depends: tx.depends.map((place) => place - 1),
      })),
      weightLimit: read.weightlimit ?? 4 * (read.sizelimit ?? 1_000_000),
      sigopLimit: read.sigoplimit,
      segwit,
      ...(read.default_witness_commitment === undefined
        ? {}
        : { commitmentScript: unhex(read.default_witness_commitment) }),
    },
  }
}
