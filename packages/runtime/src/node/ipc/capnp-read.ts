/** A message of the node is not what Cap'n Proto allows, or not what Core's schema says. */
export class CapnpError extends Error {
  override readonly name = 'CapnpError'
}

const WORD = 8
/** Bits of an element, by the size code of a list; a list of booleans, of pointers and of structs has cases of its own. */
const ELEMENT_BYTES = [0, 0, 1, 2, 4, 8, 8]
const COMPOSITE = 7
const POINTER_KIND = { struct: 0, list: 1, far: 2, other: 3 }

interface Segment {
  readonly bytes: Uint8Array
  readonly view: DataView
}

/** Where something is in a message. */
interface Place {
  readonly segment: Segment
  /** In the segment, bytes. */
  readonly at: number
}

/**
 * Reads a message that came whole.
 * @param frame with its table of segments
 * @throws {CapnpError}
 */
export function decodeMessage(frame: Uint8Array): StructReader {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const count = view.getUint32(0, true) + 1
  let at = WORD * Math.ceil((4 + 4 * count) / WORD)
  const segments = Array.from({ length: count }, (_, index) => {
    const length = WORD * view.getUint32(4 + 4 * index, true)
    const bytes = frame.subarray(at, at + length)
    if (bytes.length !== length) throw new CapnpError('a segment is cut off')
    at += length
    return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, length) }
  })
  return new Pointers(segments).struct({ segment: segments[0]!, at: 0 })
}

/** Follows pointers, within the segments of one message. */
class Pointers {
  readonly #segments: readonly Segment[]

  constructor(segments: readonly Segment[]) {
    this.#segments = segments
  }

  struct(pointer: Place): StructReader {
    const { low, high, base } = this.#resolve(pointer)
    if (low === 0 && high === 0) return new StructReader(this, EMPTY, { dataBytes: 0, pointers: 0 })
    expectKind(low, POINTER_KIND.struct, 'a struct')
    const dataBytes = WORD * (high & 0xffff)
    const pointers = high >>> 16
    const place = inside(
      { segment: base.segment, at: base.at + WORD * (low >> 2) },
      dataBytes + WORD * pointers,
    )
    return new StructReader(this, place, { dataBytes, pointers })
  }

  /** Bytes of a list of bytes, not copied. */
  bytes(pointer: Place): Uint8Array {
    const list = this.#list(pointer)
    if (list === undefined) return EMPTY.segment.bytes
    if (list.size !== 2) throw new CapnpError('a list of bytes has other elements')
    return list.place.segment.bytes.subarray(list.place.at, list.place.at + list.count)
  }

  /** The place of each element of a list of pointers. */
  pointers(pointer: Place): readonly Place[] {
    const list = this.#list(pointer)
    if (list === undefined) return []
    if (list.size !== 6) throw new CapnpError('a list of pointers has other elements')
    const { segment, at } = list.place
    return Array.from({ length: list.count }, (_, index) => ({ segment, at: at + WORD * index }))
  }

  structs(pointer: Place): readonly StructReader[] {
    const { low, high, base } = this.#resolve(pointer)
    if (low === 0 && high === 0) return []
    expectKind(low, POINTER_KIND.list, 'a list')
    if ((high & 7) !== COMPOSITE) throw new CapnpError('a list of structs has other elements')
    const bytes = WORD * (high >>> 3)
    const { segment, at } = inside({ segment: base.segment, at: base.at + WORD * (low >> 2) }, WORD + bytes)
    const count = segment.view.getUint32(at, true) >>> 2
    const dataBytes = WORD * segment.view.getUint16(at + 4, true)
    const pointers = segment.view.getUint16(at + 6, true)
    const each = dataBytes + WORD * pointers
    // elements without bytes could be any number of them
    if ((each === 0 && count > 0) || count * each > bytes)
      throw new CapnpError('a list is longer than its bytes')
    return Array.from(
      { length: count },
      (_, index) =>
        new StructReader(this, { segment, at: at + WORD + each * index }, { dataBytes, pointers }),
    )
  }

  /** The place in the message's table of capabilities; undefined for none. */
  capability(pointer: Place): number | undefined {
    const { low, high } = this.#resolve(pointer)
    if (low === 0 && high === 0) return undefined
    if (low !== POINTER_KIND.other) throw new CapnpError('expected a capability')
    return high
  }

  #list(pointer: Place) {
    const { low, high, base } = this.#resolve(pointer)
    if (low === 0 && high === 0) return undefined
    expectKind(low, POINTER_KIND.list, 'a list')
    const size = high & 7
    const count = high >>> 3
    const each = ELEMENT_BYTES[size]
    if (each === undefined || each === 0) throw new CapnpError('a list has elements that are not expected')
    const place = inside({ segment: base.segment, at: base.at + WORD * (low >> 2) }, each * count)
    return { place, size, count }
  }

  /** The pointer behind far pointers, and what its offset counts from. */
  #resolve(pointer: Place): { readonly low: number; readonly high: number; readonly base: Place } {
    const { low, high } = wordAt(pointer)
    if ((low & 3) !== POINTER_KIND.far) return { low, high, base: after(pointer) }
    const landing = inside(
      { segment: this.#segment(high), at: WORD * (low >>> 3) },
      (low & 4) === 0 ? WORD : 2 * WORD,
    )
    const first = wordAt(landing)
    if ((low & 4) === 0) {
      if ((first.low & 3) === POINTER_KIND.far) throw new CapnpError('a far pointer leads to a far pointer')
      return { ...first, base: after(landing) }
    }
    // two words: where the content is, and what it is, with an offset of zero
    if ((first.low & 7) !== POINTER_KIND.far) throw new CapnpError('a far pointer does not lead to content')
    const { low: tag, high: shape } = wordAt(after(landing))
    if ((tag & 3) !== POINTER_KIND.other && tag >>> 2 !== 0)
      throw new CapnpError('a far pointer does not lead to content')
    return {
      low: tag,
      high: shape,
      base: { segment: this.#segment(first.high), at: WORD * (first.low >>> 3) },
    }
  }

  #segment(id: number): Segment {
    const segment = this.#segments[id]
    if (segment === undefined) throw new CapnpError(`there is no segment ${id}`)
    return segment
  }
}

const EMPTY: Place = {
  segment: { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)) },
  at: 0,
}

/** One struct of a message. What it is too short for has its default, as in an older or newer schema. */
export class StructReader {
  readonly #pointers: Pointers
  readonly #place: Place
  readonly #shape: { readonly dataBytes: number; readonly pointers: number }

  constructor(
    pointers: Pointers,
    place: Place,
    shape: { readonly dataBytes: number; readonly pointers: number },
  ) {
    this.#pointers = pointers
    this.#place = place
    this.#shape = shape
  }

  /** @param at in the data, bits */
  bit(at: number): boolean {
    return (
      ((this.#has(at >> 3, 1) ? this.#view.getUint8(this.#place.at + (at >> 3)) : 0) & (1 << (at & 7))) !== 0
    )
  }

  /** @param at in the data, bytes; so for the others */
  uint16(at: number): number {
    return this.#has(at, 2) ? this.#view.getUint16(this.#place.at + at, true) : 0
  }

  uint32(at: number): number {
    return this.#has(at, 4) ? this.#view.getUint32(this.#place.at + at, true) : 0
  }

  int32(at: number): number {
    return this.#has(at, 4) ? this.#view.getInt32(this.#place.at + at, true) : 0
  }

  int64(at: number): bigint {
    return this.#has(at, 8) ? this.#view.getBigInt64(this.#place.at + at, true) : 0n
  }

  /** @param index of the pointer; so for the others */
  struct(index: number): StructReader {
    return this.#pointers.struct(this.#pointer(index))
  }

  structs(index: number): readonly StructReader[] {
    return this.#pointers.structs(this.#pointer(index))
  }

  /** Not copied; empty for a null pointer. */
  bytes(index: number): Uint8Array {
    return this.#pointers.bytes(this.#pointer(index))
  }

  text(index: number): string {
    const bytes = this.bytes(index)
    return Buffer.from(bytes.buffer, bytes.byteOffset, Math.max(0, bytes.length - 1)).toString()
  }

  /** A list of byte strings, not copied. */
  manyBytes(index: number): readonly Uint8Array[] {
    return this.#pointers.pointers(this.#pointer(index)).map((place) => this.#pointers.bytes(place))
  }

  /** The place in the message's table of capabilities; undefined for none. */
  capability(index: number): number | undefined {
    return this.#pointers.capability(this.#pointer(index))
  }

  get #view(): DataView {
    return this.#place.segment.view
  }

  #has(at: number, length: number): boolean {
    return at + length <= this.#shape.dataBytes
  }

  #pointer(index: number): Place {
    const { dataBytes, pointers } = this.#shape
    if (index >= pointers) return NULL
    return { segment: this.#place.segment, at: this.#place.at + dataBytes + WORD * index }
  }
}

const NULL: Place = {
  segment: { bytes: new Uint8Array(WORD), view: new DataView(new ArrayBuffer(WORD)) },
  at: 0,
}

function wordAt({ segment, at }: Place): { readonly low: number; readonly high: number } {
  inside({ segment, at }, WORD)
  return { low: segment.view.getInt32(at, true), high: segment.view.getUint32(at + 4, true) }
}

function after({ segment, at }: Place): Place {
  return { segment, at: at + WORD }
}

function inside(place: Place, length: number): Place {
  if (place.at < 0 || place.at + length > place.segment.bytes.length)
    throw new CapnpError('a pointer leads out of its segment')
  return place
}

function expectKind(low: number, kind: number, name: string): void {
  if ((low & 3) !== kind) throw new CapnpError(`expected ${name}`)
}
