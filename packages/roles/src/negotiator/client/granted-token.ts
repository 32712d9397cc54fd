import { BitcoinError, parseCountedOutputs, type TxOutput } from '@sv2/bitcoin'
import type { AllocateMiningJobTokenSuccess } from '@sv2/messages'
import type { Millis } from '../../ground/role.ts'
import { type CoinbaseRoom, roomOf } from '../../payouts/coinbase-room.ts'

/** A token, and what comes with it. */
export interface GrantedToken {
  readonly bytes: Uint8Array
  /** Outputs the coinbase must have; the first pays the pool. Undefined where the pool adds its own itself. */
  readonly outputs: readonly TxOutput[] | undefined
  /** What these outputs need in the coinbase (JDC-11). */
  readonly room: CoinbaseRoom
  /** It may be used before the job is accepted. */
  readonly usableAtOnce: boolean
  readonly since: Millis
}

/** Bytes of outputs that still leave a job short enough for any miner. */
const MAX_OUTPUT_BYTES = 16_384
/** Sigops kept for outputs that are not known: one of the old kind. */
const UNKNOWN_SIGOPS = 4

/** In what way a token is read. */
export interface TokenReading {
  readonly fullTemplate: boolean
  /** Payout distributions say who is paid: the token names no outputs. */
  readonly followsDistributions: boolean
  readonly now: Millis
}

/** Reads the answer to a request for a token; a text says what is wrong with it. */
export function readToken(
  message: AllocateMiningJobTokenSuccess,
  { fullTemplate, followsDistributions, now: since }: TokenReading,
): GrantedToken | string {
  const bytes = message.miningJobToken.slice()
  const size = message.coinbaseOutputMaxAdditionalSize
  const needed = Math.max(size ?? 0, message.coinbaseTxOutputs.length)
  if (needed > MAX_OUTPUT_BYTES) return `a token that wants ${needed} bytes of outputs`
  if (size !== undefined) {
    const usableAtOnce = message.asyncMiningAllowed === true
    const room = { outputSize: size, outputSigops: UNKNOWN_SIGOPS }
    return { bytes, outputs: undefined, room, usableAtOnce, since }
  }
  if (followsDistributions) {
    if (needed > 0) return 'a token with outputs beside a payout distribution'
    return { bytes, outputs: [], room: roomOf([]), usableAtOnce: !fullTemplate, since }
  }
  try {
    const outputs = parseCountedOutputs(message.coinbaseTxOutputs.slice())
    if (outputs.length === 0) return 'a token without an output that pays the pool'
    return { bytes, outputs, room: roomOf(outputs), usableAtOnce: !fullTemplate, since }
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error
    return `a token with outputs that are none: ${error.message}`
  }
}
