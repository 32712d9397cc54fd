import { EditionError } from '../edition-error.ts'

/**
 * The serialized outputs of a block `CompactSize count ‖ outputs`, one by one, as views.
 * @throws {EditionError} unrepresentable when the block is not that
 */
export function splitOutputs(block: Uint8Array): Uint8Array[] {
  const cursor = { block, at: 0 }
  const count = compactSize(cursor)
  const outputs: Uint8Array[] = []
  for (let index = 0; index < count; index++) {
    const start = cursor.at
    skip(cursor, 8)
    skip(cursor, compactSize(cursor))
    outputs.push(block.subarray(start, cursor.at))
  }
  if (cursor.at !== block.length) throw malformed('bytes after the last output')
  return outputs
}

/** The block `CompactSize count ‖ outputs` of serialized outputs. */
export function joinOutputs(outputs: readonly Uint8Array[]): Uint8Array {
  // a SEQ0_64K holds at most 65 535 of them, so three bytes of count are enough
  const count =
    outputs.length < 0xfd ? [outputs.length] : [0xfd, outputs.length & 0xff, (outputs.length >>> 8) & 0xff]
  const block = new Uint8Array(outputs.reduce((size, output) => size + output.length, count.length))
  block.set(count)
  let at = count.length
  for (const output of outputs) {
    block.set(output, at)
    at += output.length
  }
  return block
}

interface Cursor {
  readonly block: Uint8Array
  at: number
}

/** Bitcoin's variable-length integer; 64-bit ones cannot occur in a block of 65 535 bytes. */
function compactSize(cursor: Cursor): number {
  const at = skip(cursor, 1)
  const first = cursor.block[at]!
  if (first < 0xfd) return first
  if (first === 0xff) throw malformed('a size of 2^32 or more')
  const size = first === 0xfd ? 2 : 4
  const start = skip(cursor, size)
  let value = 0
  for (let index = size - 1; index >= 0; index--) value = value * 256 + cursor.block[start + index]!
  return value
}

function skip(cursor: Cursor, size: number): number {
  const start = cursor.at
  if (size > cursor.block.length - start) throw malformed('the block ends inside an output')
  cursor.at = start + size
  return start
}

function malformed(detail: string): EditionError {
  return new EditionError('unrepresentable', `coinbaseTxOutputs: ${detail}`)
}
