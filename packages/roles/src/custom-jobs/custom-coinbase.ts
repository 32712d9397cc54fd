import {
  buildCoinbase,
  coinbaseWithWitness,
  concatBytes,
  equalBytes,
  findWitnessCommitment,
  type SplitCoinbase,
  type TxOutput,
} from '@sv2/bitcoin'

/** The coinbase of a miner's own job, as a proposal or a SetCustomMiningJob describes it. */
export interface CustomCoinbase {
  /** Transaction version. */
  readonly version: number
  /** scriptSig up to the extranonce. */
  readonly scriptPrefix: Uint8Array
  readonly sequence: number
  /** All outputs, in order. */
  readonly outputs: readonly TxOutput[]
  readonly locktime: number
}

/**
 * The outputs of a custom job: where the client leaves value for the pool's outputs, the pool puts them in front and
 * the first one takes that value; else the client has placed all of them.
 * @param poolOutputs scripts of the outputs that the token stands for; the first pays the pool
 */
export function customOutputs(
  clientOutputs: readonly TxOutput[],
  valueRemaining: bigint | undefined,
  poolOutputs: readonly Uint8Array[],
): TxOutput[] {
  if (valueRemaining === undefined) return [...clientOutputs]
  return [
    ...poolOutputs.map((script, place) => ({ value: place === 0 ? valueRemaining : 0n, script })),
    ...clientOutputs,
  ]
}

/**
 * Cuts a custom coinbase around the extranonce, stripped.
 * @param extranonceSize all bytes of it, prefix included
 * @throws {RangeError} when script and extranonce do not fit into the 100 bytes of a coinbase script
 */
export function cutCoinbase(coinbase: CustomCoinbase, extranonceSize: number): SplitCoinbase {
  return buildCoinbase({
    version: coinbase.version,
    scriptSigPrefix: coinbase.scriptPrefix,
    extranonceSize,
    sequence: coinbase.sequence,
    outputs: coinbase.outputs,
    locktime: coinbase.locktime,
  })
}

/** The whole coinbase as a block holds it: with its witness when an output commits to witnesses. */
export function wholeCoinbase(
  { prefix, suffix }: SplitCoinbase,
  extranonce: Uint8Array,
  outputs: readonly TxOutput[],
): Uint8Array {
  if (findWitnessCommitment(outputs) === undefined) return concatBytes(prefix, extranonce, suffix)
  return coinbaseWithWitness(prefix, extranonce, suffix)
}

/** Satoshi that the outputs of a script get. */
export function valueTo(script: Uint8Array, outputs: readonly TxOutput[]): bigint {
  let value = 0n
  for (const output of outputs) if (equalBytes(output.script, script)) value += output.value
  return value
}

/** Which of the wanted scripts no output has. */
export function missingOutputs(
  wanted: readonly Uint8Array[],
  outputs: readonly TxOutput[],
): readonly Uint8Array[] {
  return wanted.filter((script) => !outputs.some((output) => equalBytes(output.script, script)))
}
