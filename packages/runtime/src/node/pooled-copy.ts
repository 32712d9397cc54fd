/**
 * Copies bytes out of a big buffer, which can then be forgotten. Copies of less than 4 kB share slabs of 8 kB: an allocation for
 * each of the thousands of transactions of a template would take milliseconds.
 */
export function pooledCopy(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.from(bytes)
  return new Uint8Array(buffer, byteOffset, length)
}
