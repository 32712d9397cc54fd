/** Bytes as the hex that a node is told, by the host: 1 ms for a full block, in TypeScript 6. */
export function hexText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/**
 * The bytes of the hex that a node tells, each text in memory of its own: what is kept of them does not hold the rest.
 * @throws {RangeError} for a text that is not hex
 */
export function hexBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >> 1)
  const written = Buffer.from(bytes.buffer).write(text, 'hex')
  if (2 * written !== text.length) throw new RangeError(`no hex: "${text.slice(0, 80)}"`)
  return bytes
}
