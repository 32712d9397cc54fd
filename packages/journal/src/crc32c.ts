/** The polynomial of CRC-32C (Castagnoli, RFC 3720 §12.1), bits reversed. */
const POLYNOMIAL = 0x82f6_3b78
/** Bytes taken at one step: 16 tables make a share's record take a fifth of the time of one table. */
const SLICES = 16

const tables = makeTables()

/** CRC-32C of bytes `from` … `to` as an unsigned number; every record of a journal carries one. */
export function crc32c(bytes: Uint8Array, from = 0, to: number = bytes.length): number {
  return crc32cOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), from, to)
}

/** The same for a writer that has a view of its bytes. */
export function crc32cOf(view: DataView, from: number, to: number): number {
  let crc = -1
  let at = from
  for (; at + SLICES <= to; at += SLICES) {
    const a = crc ^ view.getInt32(at, true)
    const b = view.getInt32(at + 4, true)
    const c = view.getInt32(at + 8, true)
    const d = view.getInt32(at + 12, true)
    crc = behind(a, 3840) ^ behind(b, 2816) ^ behind(c, 1792) ^ behind(d, 768)
  }
  for (; at < to; at++) crc = tables[(crc ^ view.getUint8(at)) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

/** What four bytes become. @param table of the first of them; the others' stand before it */
function behind(word: number, table: number): number {
  return (
    tables[table + (word & 0xff)]! ^
    tables[table - 256 + ((word >>> 8) & 0xff)]! ^
    tables[table - 512 + ((word >>> 16) & 0xff)]! ^
    tables[table - 768 + (word >>> 24)]!
  )
}

/** Table k says what a byte becomes with k zero bytes behind it. */
function makeTables(): Int32Array {
  const made = new Int32Array(256 * SLICES)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (POLYNOMIAL & -(crc & 1))
    made[byte] = crc
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256]!
    made[at] = made[before & 0xff]! ^ (before >>> 8)
  }
  return made
}
