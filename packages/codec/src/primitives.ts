import type { Reader, Writer } from './cursor.ts'
import { CodecError, wrongType } from './errors.ts'
import type { Wire } from './wire.ts'

/** Refuses what an unsigned integer type cannot hold; nothing is ever wrapped. */
function checkUint(value: number, max: number): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= max) || !Number.isInteger(value)) {
    throw new CodecError('out-of-range', `${String(value)} is not an integer between 0 and ${max}`)
  }
  return value
}

/** BOOL: one byte of which only bit 0 is read; written as 0x00 or 0x01. docs/wire.md §2. */
export const bool: Wire<boolean> = {
  name: 'BOOL',
  minSize: 1,
  write(out, value) {
    const at = out.take(1)
    out.bytes[at] = value ? 1 : 0
  },
  read(from) {
    const at = from.take(1)
    return (from.bytes[at]! & 1) === 1
  },
}

/** U8: 0 to 255. */
export const u8: Wire<number> = {
  name: 'U8',
  minSize: 1,
  write(out, value) {
    checkUint(value, 0xff)
    const at = out.take(1)
    out.bytes[at] = value
  },
  read(from) {
    return from.bytes[from.take(1)]!
  },
}

/** U16, little-endian: 0 to 65 535. */
export const u16: Wire<number> = {
  name: 'U16',
  minSize: 2,
  write(out, value) {
    checkUint(value, 0xffff)
    const at = out.take(2)
    out.bytes[at] = value
    out.bytes[at + 1] = value >>> 8
  },
  read(from) {
    const at = from.take(2)
    const { bytes } = from
    return bytes[at]! | (bytes[at + 1]! << 8)
  },
}

/** U24, little-endian: 0 to 16 777 215. */
export const u24: Wire<number> = {
  name: 'U24',
  minSize: 3,
  write(out, value) {
    checkUint(value, 0xff_ffff)
    const at = out.take(3)
    out.bytes[at] = value
    out.bytes[at + 1] = value >>> 8
    out.bytes[at + 2] = value >>> 16
  },
  read(from) {
    const at = from.take(3)
    const { bytes } = from
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
  },
}

/** U32, little-endian: 0 to 4 294 967 295. */
export const u32: Wire<number> = {
  name: 'U32',
  minSize: 4,
  write(out, value) {
    checkUint(value, 0xffff_ffff)
    const at = out.take(4)
    putUint32(out.bytes, at, value)
  },
  read(from) {
    return getUint32(from.bytes, from.take(4))
  },
}

/** U64, little-endian, as a bigint. */
export const u64: Wire<bigint> = {
  name: 'U64',
  minSize: 8,
  write(out, value) {
    if (typeof value !== 'bigint' || value < 0n || value > 0xffff_ffff_ffff_ffffn) {
      throw new CodecError('out-of-range', `${String(value)} is not a bigint between 0 and 2^64 - 1`)
    }
    const at = out.take(8)
    putUint32(out.bytes, at, Number(value & 0xffff_ffffn))
    putUint32(out.bytes, at + 4, Number(value >> 32n))
  },
  read(from) {
    const at = from.take(8)
    return BigInt(getUint32(from.bytes, at)) | (BigInt(getUint32(from.bytes, at + 4)) << 32n)
  },
}

/**
 * F32: IEEE-754 single precision, little-endian. The decoder returns what is there, NaN and infinities
 * included; the encoder rounds to single precision and refuses a finite number that would become infinite.
 */
export const f32: Wire<number> = {
  name: 'F32',
  minSize: 4,
  write(out, value) {
    if (typeof value !== 'number' || (Number.isFinite(value) && !Number.isFinite(Math.fround(value)))) {
      throw new CodecError('out-of-range', `${String(value)} is not a single-precision number`)
    }
    const at = out.take(4)
    viewOf(out.bytes).setFloat32(at, value, true)
  },
  read(from) {
    const at = from.take(4)
    return viewOf(from.bytes).getFloat32(at, true)
  },
}

/** Exactly `size` bytes, no prefix. Decoded values are views into the payload. */
export function fixed(size: number, name = `BYTES[${size}]`): Wire<Uint8Array> {
  return {
    name,
    minSize: size,
    write(out: Writer, value: Uint8Array) {
      if (!(value instanceof Uint8Array)) throw wrongType(name, 'a Uint8Array', value)
      if (value.length !== size) {
        throw new CodecError('wrong-size', `${value.length} bytes where ${name} has ${size}`)
      }
      out.put(value)
    },
    read(from: Reader) {
      return from.view(size)
    },
  }
}

/** U256: 32 bytes, least significant first; hashes as SHA-256d leaves them (block header order). */
export const u256: Wire<Uint8Array> = fixed(32, 'U256')

/** B32: 32 bytes without prefix (draft; docs/wire.md O-03). */
export const b32: Wire<Uint8Array> = fixed(32, 'B32')

/** B8: 8 bytes without prefix (draft; docs/wire.md O-04). */
export const b8: Wire<Uint8Array> = fixed(8, 'B8')

/** The U32 at `at`, unchecked. */
export function getUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

/** Puts a U32 at `at`, unchecked. */
export function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
