import { reversed, unhex } from '@sv2/bitcoin'
import type { NodeTemplate } from '@sv2/roles/ground'
import { z } from 'zod'
import { readAnswer } from './read-answer.ts'
import { TemplateTransactions } from './template-transactions.ts'

const hash = z.string().regex(/^[0-9a-f]{64}$/i)
const hexData = z.string().regex(/^(?:[0-9a-f]{2})*$/i)

const template = z.object({
  version: z.int(),
  rules: z.array(z.string()).default([]),
  vbrequired: z.int().default(0),
  signet_challenge: hexData.optional(),
  previousblockhash: hash,
  transactions: z.array(z.unknown()),
  coinbasevalue: z.coerce.bigint(),
  target: hash,
  mintime: z.int().optional(),
  curtime: z.int(),
  bits: z.string().regex(/^[0-9a-f]{8}$/i),
  height: z.int().min(1),
  sigoplimit: z.int().optional(),
  weightlimit: z.int().optional(),
  sizelimit: z.int().optional(),
  default_witness_commitment: hexData.optional(),
})

/** Rules that a template may demand of a program that changes it ("!"), and that are kept here (BIP 9). */
const KNOWN_RULES: ReadonlySet<string> = new Set(['csv', 'segwit', 'signet', 'taproot', 'testdummy'])
/** OP_TRUE: the challenge of a signet whose blocks need no signature (BIP 325). */
const OPEN_CHALLENGE = '51'
/** BIP 22 leaves the limits out where they are those of the network. */
const SIZE_LIMIT = 1_000_000
const SIGOP_LIMIT = { segwit: 80_000, before: 20_000 }

/** A template that must not be mined as it is handed out. The message says why, and what to do. */
export class UnminableTemplate extends Error {
  override readonly name = 'UnminableTemplate'
}

/**
 * Reads a getblocktemplate answer (BIP 22, 23, 145). Hashes are turned into header byte order, places in `depends` counted
 * from 0. What BIP 22 calls optional may be left out, but fees and dependences: without them nothing can make room.
 * @param transactions reads those of it, with what it knows of the template before
 * @throws {OddAnswer} for an answer that is not a template
 * @throws {UnminableTemplate}
 */
export function readBlockTemplate(answer: unknown, transactions = new TemplateTransactions()): NodeTemplate {
  const read = readAnswer(template, 'getblocktemplate', answer)
  refuseUnminable(read)
  const commitment = read.default_witness_commitment
  const segwit = commitment !== undefined || read.rules.some((rule) => /^!?segwit$/.test(rule))
  return {
    prevHash: reversed(unhex(read.previousblockhash)),
    height: read.height,
    version: read.version >>> 0,
    nbits: Number.parseInt(read.bits, 16),
    target: reversed(unhex(read.target)),
    curtime: read.curtime,
    // the node's own time is allowed, and work begins at that
    mintime: read.mintime ?? 0,
    coinbaseValue: read.coinbasevalue,
    transactions: transactions.read(read.transactions),
    weightLimit: read.weightlimit ?? 4 * (read.sizelimit ?? SIZE_LIMIT),
    sigopLimit: read.sigoplimit ?? (segwit ? SIGOP_LIMIT.segwit : SIGOP_LIMIT.before),
    segwit,
    ...(commitment === undefined ? {} : { commitmentScript: unhex(commitment) }),
  }
}

/**
 * Refuses a signet whose blocks need a signature.
 * @param challenge of a signet, hex
 * @throws {UnminableTemplate}
 */
export function refuseSigned(challenge: string | undefined): void {
  if (challenge === undefined || challenge === OPEN_CHALLENGE) return
  throw new UnminableTemplate(
    `this signet's blocks need a signature (its challenge is ${challenge.slice(0, 80)}), and this stack does not sign: ` +
      'use regtest, testnet4, or a signet of your own with -signetchallenge=51',
  )
}

function refuseUnminable(read: z.output<typeof template>): void {
  const { signet_challenge: challenge, vbrequired, rules } = read
  refuseSigned(challenge)
  if (vbrequired !== 0)
    throw new UnminableTemplate(
      `the node demands version bits ${vbrequired.toString(16)} (vbrequired), which miners that roll the version would clear: use another node`,
    )
  const unknown = rules.find((rule) => rule.startsWith('!') && !KNOWN_RULES.has(rule.slice(1)))
  if (unknown !== undefined)
    throw new UnminableTemplate(
      `the node's template needs the rule "${unknown}", which this version does not know: use a newer version, or another node`,
    )
}
