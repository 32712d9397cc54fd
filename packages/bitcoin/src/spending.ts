import { Transaction } from '@scure/btc-signer'
import { displayHash, unhex } from './bytes.ts'
import type { TxOutput } from './output.ts'

/** An output of an earlier transaction that a new one spends. */
export interface SpentOutput extends TxOutput {
  /** Header byte order. */
  readonly txid: Uint8Array
  readonly vout: number
  /** Whole transaction that it is of: a signer wants it where the script is not a witness program. */
  readonly previous?: Uint8Array | undefined
}

/** An unsigned transaction with what a signer has to know of its inputs: a PSBT of version 0 (BIP 174). */
export function unsignedPsbt(inputs: readonly SpentOutput[], outputs: readonly TxOutput[]): Uint8Array {
  const made = new Transaction({ allowUnknownInputs: true, allowUnknownOutputs: true })
  for (const { txid, vout, value, script, previous } of inputs)
    made.addInput({
      txid: unhex(displayHash(txid)),
      index: vout,
      ...(previous === undefined ? { witnessUtxo: { script, amount: value } } : { nonWitnessUtxo: previous }),
    })
  for (const { value, script } of outputs) made.addOutput({ script, amount: value })
  return made.toPSBT(0)
}

/**
 * Weight of an input with its signatures, in weight units, by the first bytes of the script that is spent: P2WPKH, P2TR by its
 * key, P2PKH. A script behind a hash is taken for 2 of 3 keys, its length is not known.
 */
const INPUT_WEIGHTS = [
  { starts: [0x00, 0x14], weight: 272 },
  { starts: [0x51, 0x20], weight: 230 },
  { starts: [0x76, 0xa9], weight: 592 },
  { starts: [0x00, 0x20], weight: 418 },
] as const
const UNKNOWN_INPUT_WEIGHT = 1_192
/** Version, locktime, counts of up to 252 inputs and 65,535 outputs, marker and flag. */
const FIXED_WEIGHT = 4 * (4 + 4 + 1 + 3) + 2

/** Virtual bytes of a transaction when it is signed, about and not less: what its fee is counted by. */
export function signedVsize(inputs: readonly TxOutput[], outputs: readonly TxOutput[]): number {
  const spent = inputs.reduce((sum, { script }) => sum + inputWeight(script), 0)
  const paid = outputs.reduce(
    (sum, { script }) => sum + 4 * (8 + (script.length < 0xfd ? 1 : 3) + script.length),
    0,
  )
  return Math.ceil((FIXED_WEIGHT + spent + paid) / 4)
}

function inputWeight(script: Uint8Array): number {
  const known = INPUT_WEIGHTS.find(({ starts }) => starts.every((byte, at) => script[at] === byte))
  return known?.weight ?? UNKNOWN_INPUT_WEIGHT
}
