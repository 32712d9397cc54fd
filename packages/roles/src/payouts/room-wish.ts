import type { CoinbaseRoom } from './coinbase-room.ts'

/** Bytes of the longest output that an address stands for: value, length, and 42 bytes of script (BIP 141). */
const OUTPUT_BYTES = 51
/** Signature operations of an output of the old kind. */
const OUTPUT_SIGOPS = 4

/**
 * The room to ask a template provider for, when the room asked for before does not suit any more; undefined while it does.
 * More is asked for before it is needed, and a quarter more than is needed: a template with more room is on its way for a
 * while. Less is asked for when less than half of the room is used.
 * @param most bytes of outputs that there can be
 */
export function roomToAsk(asked: CoinbaseRoom, needed: CoinbaseRoom, most: number): CoinbaseRoom | undefined {
  const wished = {
    outputSize: Math.min(Math.ceil(needed.outputSize * 1.25) + 2 * OUTPUT_BYTES, most),
    outputSigops: Math.ceil(needed.outputSigops * 1.25) + 2 * OUTPUT_SIGOPS,
  }
  const isTight =
    asked.outputSize < Math.min(needed.outputSize + OUTPUT_BYTES, most) ||
    asked.outputSigops < needed.outputSigops + OUTPUT_SIGOPS
  if (isTight)
    return {
      outputSize: Math.max(wished.outputSize, needed.outputSize),
      outputSigops: wished.outputSigops,
    }
  return asked.outputSize > 2 * wished.outputSize ? wished : undefined
}

/** Whether a wish is for less, so that it may wait. */
export function isForLess(wish: CoinbaseRoom, asked: CoinbaseRoom): boolean {
  return wish.outputSize < asked.outputSize && wish.outputSigops <= asked.outputSigops
}
