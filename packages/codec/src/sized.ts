import { CodecError, wrongType } from './errors.ts'
import { u8, u16, u24 } from './primitives.ts'
import { decodeText, encodeText } from './text.ts'
import type { Wire } from './wire.ts'

interface Limits {
  /** The longest value written, in bytes. */
  readonly max: number
  /** The longest value read, where a decoder has to be milder than an encoder. */
  readonly maxRead?: number
}

/** A byte string behind its length. Decoded values are views into the payload. */
function sizedBytes(name: string, prefix: Wire<number>, { max, maxRead = max }: Limits): Wire<Uint8Array> {
  return {
    name,
    minSize: prefix.minSize,
    write(out, value) {
      if (!(value instanceof Uint8Array)) throw wrongType(name, 'a Uint8Array', value)
      if (value.length > max) throw new CodecError('over-long', `${value.length} bytes, ${name} holds ${max}`)
      prefix.write(out, value.length)
      out.put(value)
    },
    read(from) {
      const length = prefix.read(from)
      if (length > maxRead) throw new CodecError('over-long', `length ${length}, ${name} holds ${maxRead}`)
      return from.view(length)
    },
  }
}

/** A string behind its length in bytes; bytes that are no UTF-8 survive as decodeText says. */
function sizedText(name: string, limits: Limits): Wire<string> {
  const wire = sizedBytes(name, u8, limits)
  return {
    name,
    minSize: wire.minSize,
    write(out, value) {
      if (typeof value !== 'string') throw wrongType(name, 'a string', value)
      wire.write(out, encodeText(value))
    },
    read: (from) => decodeText(wire.read(from)),
  }
}

/** STR0_32: written with at most 32 bytes, read with up to 255 (docs/wire.md O-05). */
export const str0_32: Wire<string> = sizedText('STR0_32', { max: 32, maxRead: 255 })

/** STR0_255: up to 255 bytes of text. */
export const str0_255: Wire<string> = sizedText('STR0_255', { max: 255 })

/** B0_31: written with at most 31 bytes, read with up to 32 (docs/wire.md O-06). */
export const b0_31: Wire<Uint8Array> = sizedBytes('B0_31', u8, { max: 31, maxRead: 32 })

/** B0_32: up to 32 bytes. */
export const b0_32: Wire<Uint8Array> = sizedBytes('B0_32', u8, { max: 32 })

/** B0_255: up to 255 bytes. */
export const b0_255: Wire<Uint8Array> = sizedBytes('B0_255', u8, { max: 0xff })

/** B0_64K: up to 65 535 bytes. */
export const b0_64k: Wire<Uint8Array> = sizedBytes('B0_64K', u16, { max: 0xffff })

/** B0_16M: up to 16 777 215 bytes. */
export const b0_16m: Wire<Uint8Array> = sizedBytes('B0_16M', u24, { max: 0xff_ffff })

/** BYTES: everything that is left, no prefix. */
export const bytes: Wire<Uint8Array> = {
  name: 'BYTES',
  minSize: 0,
  write: (out, value) => out.put(value),
  read: (from) => from.view(from.remaining),
}
