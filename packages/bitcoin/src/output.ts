import { BitcoinError } from './bitcoin-error.ts'
import { ByteReader } from './byte-reader.ts'
import { concatBytes } from './bytes.ts'
import { encodeCompactSize } from './compact-size.ts'

/** A transaction output: `value` in satoshi (u64), `script` the locking script. */
export type TxOutput = { readonly value: bigint; readonly script: Uint8Array }

/** Bytes of the smallest output: value and an empty script. */
export const MIN_OUTPUT_SIZE = 9

/** value u64 · CompactSize script length · script. @throws {RangeError} when the value does not fit a u64. */
export function encodeOutput(output: TxOutput): Uint8Array {
  if (output.value < 0n || output.value > 0xffff_ffff_ffff_ffffn)
    throw new RangeError(`output value ${output.value} does not fit a u64`)
  const value = new Uint8Array(8)
  new DataView(value.buffer).setBigUint64(0, output.value, true)
  return concatBytes(value, encodeCompactSize(output.script.length), output.script)
}

/** Reads one output at the reader; the script is a view. @throws {BitcoinError} truncated, non-canonical. */
export function readOutput(reader: ByteReader): TxOutput {
  return { value: reader.uint64(), script: reader.varBytes() }
}

/**
 * Reads outputs one after another without a count in front, as `NewTemplate.coinbase_tx_outputs` carries them.
 *
 * @param count how many there must be; omitted: as many as the bytes hold.
 * @throws {BitcoinError} truncated, non-canonical, trailing-bytes, or malformed when `count` differs.
 */
export function parseOutputs(bytes: Uint8Array, count?: number): TxOutput[] {
  const reader = new ByteReader(bytes)
  const outputs: TxOutput[] = []
  while (reader.remaining > 0) {
    if (outputs.length === count)
      throw new BitcoinError('trailing-bytes', `${reader.remaining} after ${count} outputs`)
    outputs.push(readOutput(reader))
  }
  if (count !== undefined && outputs.length !== count) {
    throw new BitcoinError('malformed', `${outputs.length} outputs where ${count} were announced`)
  }
  return outputs
}

/** Reads a CompactSize count and that many outputs, as job declaration and custom jobs carry them. @throws {BitcoinError} */
export function parseCountedOutputs(bytes: Uint8Array): TxOutput[] {
  const reader = new ByteReader(bytes)
  const count = reader.count(MIN_OUTPUT_SIZE)
  return parseOutputs(bytes.subarray(reader.offset), count)
}
