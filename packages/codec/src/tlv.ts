import { CodecError } from './errors.ts'

/** How type and length of a TLV stand on the wire; deployed software writes them little-endian (C-02). */
export type TlvByteOrder = 'little' | 'big'

/** A field that an extension appends to a message: extension id U16, field number U8, length U16, value. */
export interface Tlv {
  readonly extensionType: number
  readonly fieldType: number
  /** A view into the payload when decoded. */
  readonly value: Uint8Array
}

const TLV_HEADER_SIZE = 5

/** The bytes of one field. @throws {CodecError} out-of-range, over-long */
export function encodeTlv(tlv: Tlv, order: TlvByteOrder = 'little'): Uint8Array {
  const { extensionType, fieldType, value } = tlv
  if (!Number.isInteger(extensionType) || extensionType < 0 || extensionType > 0xffff) {
    throw new CodecError('out-of-range', `extension id ${extensionType}`)
  }
  if (!Number.isInteger(fieldType) || fieldType < 0 || fieldType > 0xff) {
    throw new CodecError('out-of-range', `field number ${fieldType}`)
  }
  if (value.length > 0xffff) throw new CodecError('over-long', `TLV value of ${value.length} bytes`)
  const bytes = new Uint8Array(TLV_HEADER_SIZE + value.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, extensionType, order === 'little')
  view.setUint8(2, fieldType)
  view.setUint16(3, value.length, order === 'little')
  bytes.set(value, TLV_HEADER_SIZE)
  return bytes
}

/**
 * The bytes of the fields behind a message: ascending by extension id, those of one extension in the order given, which
 * is that extension's own (docs/wire.md §6.4). @throws {CodecError} out-of-range, over-long
 */
export function encodeTlvs(tlvs: readonly Tlv[], order: TlvByteOrder = 'little'): Uint8Array {
  // toSorted is stable
  const fields = tlvs
    .toSorted((a, b) => a.extensionType - b.extensionType)
    .map((tlv) => encodeTlv(tlv, order))
  const bytes = new Uint8Array(fields.reduce((size, field) => size + field.length, 0))
  let at = 0
  for (const field of fields) {
    bytes.set(field, at)
    at += field.length
  }
  return bytes
}

/** Reads fields up to the end of `bytes`. @throws {CodecError} truncated when they do not end there */
export function decodeTlvs(bytes: Uint8Array, order: TlvByteOrder = 'little'): Tlv[] {
  const { fields, rest } = walk(bytes, order)
  if (rest > 0) throw new CodecError('truncated', `${rest} bytes hold no whole TLV field`)
  return fields
}

/**
 * Finds the fields of known extensions in the bytes after a message's last field. Little-endian unless only
 * a big-endian walk ends exactly at the end with nothing but known ids (docs/wire.md §6.4). Fields of other
 * extensions, and bytes that are no field at all, are passed over.
 * @throws {CodecError} truncated when a field of a known extension runs past the end
 */
export function findTlvs(tail: Uint8Array, isKnown: (extensionType: number) => boolean): Tlv[] {
  const little = walk(tail, 'little')
  const chosen = isClean(little, isKnown) ? little : (bigIfClean(tail, isKnown) ?? little)
  const { broken } = chosen
  if (broken !== undefined && isKnown(broken)) {
    throw new CodecError('truncated', `the TLV field of extension ${broken} runs past the payload`)
  }
  return chosen.fields.filter((field) => isKnown(field.extensionType))
}

interface Walk {
  readonly fields: Tlv[]
  /** Bytes left where the walk had to stop. */
  readonly rest: number
  /** Extension id of a field whose value is cut off. */
  readonly broken: number | undefined
}

function walk(bytes: Uint8Array, order: TlvByteOrder): Walk {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = order === 'little'
  const fields: Tlv[] = []
  let at = 0
  while (bytes.length - at >= TLV_HEADER_SIZE) {
    const extensionType = view.getUint16(at, little)
    const end = at + TLV_HEADER_SIZE + view.getUint16(at + 3, little)
    if (end > bytes.length) return { fields, rest: bytes.length - at, broken: extensionType }
    fields.push({
      extensionType,
      fieldType: view.getUint8(at + 2),
      value: bytes.subarray(at + TLV_HEADER_SIZE, end),
    })
    at = end
  }
  return { fields, rest: bytes.length - at, broken: undefined }
}

function bigIfClean(tail: Uint8Array, isKnown: (extensionType: number) => boolean): Walk | undefined {
  const big = walk(tail, 'big')
  return isClean(big, isKnown) ? big : undefined
}

function isClean({ fields, rest }: Walk, isKnown: (extensionType: number) => boolean): boolean {
  return rest === 0 && fields.every((field) => isKnown(field.extensionType))
}
