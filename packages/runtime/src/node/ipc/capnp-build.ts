/** What a pointer of a message points to. */
export type Value =
  /** A null pointer: the member has its default. */
  | undefined
  /** Data words, little-endian, a multiple of 8 bytes; then what the pointers of the struct point to. */
  | { readonly kind: 'struct'; readonly data: Uint8Array; readonly pointers: readonly Value[] }
  /** Structs of the same shape, one behind the other. */
  | { readonly kind: 'structs'; readonly elements: readonly Extract<Value, { kind: 'struct' }>[] }
  /** Data, as it is. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** Text: UTF-8 with a zero at the end. */
  | { readonly kind: 'text'; readonly text: string }
  /** A capability, by its place in the message's table of them. */
  | { readonly kind: 'capability'; readonly index: number }

/** A struct as a value. @param data a multiple of 8 bytes */
export function struct(data: Uint8Array, ...pointers: readonly Value[]): Extract<Value, { kind: 'struct' }> {
  return { kind: 'struct', data, pointers }
}

/** Bytes of a struct's data section, filled in by `write`. @param words of 8 bytes */
export function words(count: number, write: (view: DataView) => void = () => undefined): Uint8Array {
  const data = new Uint8Array(8 * count)
  write(new DataView(data.buffer))
  return data
}

const WORD = 8
const LIST = { bytes: 2, composite: 7 }

/**
 * Writes a message with one segment, as it goes over a stream: number of segments and their lengths in front
 * (capnproto.org/encoding.html).
 */
export function encodeMessage(root: Extract<Value, { kind: 'struct' }>): Uint8Array {
  const wordCount = 1 + sizeOf(root)
  const frame = new Uint8Array(WORD * (1 + wordCount))
  const view = new DataView(frame.buffer)
  view.setUint32(4, wordCount, true)
  const segment = frame.subarray(WORD)
  new Writer(segment).write(root)
  return frame
}

/** Words that a value takes, without the pointer to it. */
function sizeOf(value: Value): number {
  switch (value?.kind) {
    case undefined:
    case 'capability':
      return 0
    case 'struct':
      return structWords(value)
    case 'structs':
      return 1 + value.elements.reduce((sum, element) => sum + structWords(element), 0)
    case 'bytes':
      return Math.ceil(value.bytes.length / WORD)
    case 'text':
      return Math.ceil((Buffer.byteLength(value.text) + 1) / WORD)
  }
}

function structWords({ data, pointers }: Extract<Value, { kind: 'struct' }>): number {
  return pointers.reduce<number>((sum, pointer) => sum + 1 + sizeOf(pointer), data.length / WORD)
}

/** Lays values out in a segment, each behind those before it. */
class Writer {
  readonly #segment: Uint8Array
  readonly #view: DataView
  /** The next free word. */
  #free = 1

  constructor(segment: Uint8Array) {
    this.#segment = segment
    this.#view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength)
  }

  write(root: Value): void {
    this.#point(0, root)
  }

  /** Writes a value, and the pointer to it at a place. */
  #point(at: number, value: Value): void {
    if (value === undefined) return
    if (value.kind === 'capability') return this.#pointer(at, 3, value.index)
    const target = this.#free
    const offset = (target - at - 1) << 2
    switch (value.kind) {
      case 'struct':
        this.#pointer(at, offset, (value.data.length / WORD) | (value.pointers.length << 16))
        this.#free += value.data.length / WORD + value.pointers.length
        return this.#struct(target, value)
      case 'structs':
        return this.#structs(at, value.elements)
      case 'bytes':
        return this.#bytes(at, value.bytes, value.bytes.length)
      case 'text': {
        const bytes = Buffer.from(value.text)
        return this.#bytes(at, bytes, bytes.length + 1)
      }
    }
  }

  #bytes(at: number, bytes: Uint8Array, length: number): void {
    const target = this.#free
    this.#pointer(at, ((target - at - 1) << 2) | 1, (length << 3) | LIST.bytes)
    this.#segment.set(bytes, WORD * target)
    this.#free += Math.ceil(length / WORD)
  }

  #structs(at: number, elements: readonly Extract<Value, { kind: 'struct' }>[]): void {
    const target = this.#free
    const [first] = elements
    const data = (first?.data.length ?? 0) / WORD
    const pointers = first?.pointers.length ?? 0
    const each = data + pointers
    this.#pointer(at, ((target - at - 1) << 2) | 1, ((each * elements.length) << 3) | LIST.composite)
    this.#pointer(target, elements.length << 2, data | (pointers << 16))
    this.#free += 1 + each * elements.length
    for (const [place, element] of elements.entries()) this.#struct(target + 1 + place * each, element)
  }

  #struct(target: number, { data, pointers }: Extract<Value, { kind: 'struct' }>): void {
    this.#segment.set(data, WORD * target)
    for (const [place, pointer] of pointers.entries())
      this.#point(target + data.length / WORD + place, pointer)
  }

  #pointer(at: number, low: number, high: number): void {
    this.#view.setInt32(WORD * at, low, true)
    this.#view.setUint32(WORD * at + 4, high, true)
  }
}
