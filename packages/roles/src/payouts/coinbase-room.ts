import { countScriptSigops, type TxOutput } from '@sv2/bitcoin'
import type { Distribution } from './distribution.ts'

/** What outputs need in a coinbase, beyond the template's own outputs (TP-06, TP-08). */
export interface CoinbaseRoom {
  /** Bytes of the outputs. */
  readonly outputSize: number
  /** Signature operations of the outputs, as consensus counts them: one outside of a witness costs four (BIP 141). */
  readonly outputSigops: number
}

/** Where a coinbase's outputs have to fit. */
export interface CoinbaseSpace {
  /** Bytes for the count of all outputs and for ours. */
  readonly bytes: number
  /** Outputs of the template. */
  readonly templateOutputs: number
  /** What the template leaves for ours. */
  readonly room: CoinbaseRoom
}

/**
 * The longest coinbases that firmwares bear, bytes without witness: about 12, 20, 69, 206 and 510 outputs. Each is a
 * payout class, with jobs of its own.
 */
export const PAYOUT_CLASSES: readonly number[] = [500, 730, 2_250, 6_500, 16_000]
/** The class of a listener that names no other, bytes. */
export const DEFAULT_PAYOUT_CLASS = 2_250

/** Bytes of outputs that fit into a job's message, whatever else its coinbase holds. */
export const MOST_OUTPUT_BYTES = 50_000

/** Where nothing but the coinbase's own length limits its outputs. */
const ANY_ROOM: CoinbaseRoom = {
  outputSize: Number.POSITIVE_INFINITY,
  outputSigops: Number.POSITIVE_INFINITY,
}

/** What outputs need in a coinbase. */
export function roomOf(outputs: readonly Pick<TxOutput, 'script'>[]): CoinbaseRoom {
  return outputs.reduce((room, { script }) => roomForBoth(room, roomOfScript(script)), {
    outputSize: 0,
    outputSigops: 0,
  })
}

/** The room for both. */
export function roomForBoth(a: CoinbaseRoom, b: CoinbaseRoom): CoinbaseRoom {
  return { outputSize: a.outputSize + b.outputSize, outputSigops: a.outputSigops + b.outputSigops }
}

/** Whether outputs that need so much fit into a room. */
export function fitsRoom(needed: CoinbaseRoom, room: CoinbaseRoom): boolean {
  return needed.outputSize <= room.outputSize && needed.outputSigops <= room.outputSigops
}

/** What a whole distribution needs, payouts that may turn out as dust among them. */
export function roomOfDistribution({ pool, payouts, additionalOutputs }: Distribution): CoinbaseRoom {
  return roomOf([pool, ...payouts, ...additionalOutputs])
}

/** How many payouts of a distribution, from the first one on, have a place in a coinbase. */
export function payoutsThatFit(
  { pool, payouts, additionalOutputs }: Distribution,
  { bytes, templateOutputs, room = ANY_ROOM }: Omit<CoinbaseSpace, 'room'> & Partial<CoinbaseSpace>,
): number {
  let outputs = templateOutputs + 1 + additionalOutputs.length
  let taken = roomOf([pool, ...additionalOutputs])
  for (const [place, { script }] of payouts.entries()) {
    outputs++
    taken = roomForBoth(taken, roomOfScript(script))
    if (taken.outputSize + countSize(outputs) > bytes || !fitsRoom(taken, room)) return place
  }
  return payouts.length
}

function roomOfScript(script: Uint8Array): CoinbaseRoom {
  return {
    outputSize: 8 + countSize(script.length) + script.length,
    outputSigops: 4 * countScriptSigops(script),
  }
}

/** Bytes of a CompactSize up to 65,535. */
function countSize(count: number): number {
  return count < 0xfd ? 1 : 3
}
