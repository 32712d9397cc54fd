/**
 * As much of the WebAssembly binary format (core specification §5) as functions on 32-bit and vector values take, so that a
 * module is made when the process starts and nothing has to be compiled before.
 */

/** Bytes of instructions, nested as they come about. */
export type Code = number | readonly Code[]

export type ValueType = 'i32' | 'i64' | 'v128'

/** One function without a result. */
export interface WasmFunction {
  readonly name: string
  /** All of type i32. */
  readonly parameters: number
  /** Behind the parameters. */
  readonly locals: readonly ValueType[]
  readonly body: Code
}

const TYPES: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b }
const SECTION = { type: 1, function: 3, memory: 5, export: 7, code: 10 }
const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const END = 0x0b

/** What there is of the global `WebAssembly` in every Node, which knows it by the types of browsers alone. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object
    readonly Instance: new (module: object) => { readonly exports: object }
  }
}

/** Functions by their names, and one memory as `memory`. */
export function makeInstance(functions: readonly WasmFunction[], memoryPages: number): object {
  return new WebAssembly.Instance(new WebAssembly.Module(encodeModule(functions, memoryPages))).exports
}

function encodeModule(functions: readonly WasmFunction[], memoryPages: number): Uint8Array {
  const types = functions.map(({ parameters }) => [
    0x60,
    vector(Array(parameters).fill(TYPES.i32)),
    vector([]),
  ])
  const exports = functions.map(({ name }, index) => [text(name), 0x00, unsigned(index)])
  const bodies = functions.map(({ locals, body }) => {
    const code = flat([vector(locals.map((type) => [1, TYPES[type]])), body, END])
    return [unsigned(code.length), code]
  })
  return Uint8Array.from(
    flat([
      HEADER,
      section(SECTION.type, vector(types)),
      section(SECTION.function, vector(functions.map((_, index) => unsigned(index)))),
      section(SECTION.memory, vector([[0, unsigned(memoryPages)]])),
      section(SECTION.export, vector([[text('memory'), 0x02, 0], ...exports])),
      section(SECTION.code, vector(bodies)),
    ]),
  )
}

/** Appends the bytes of nested instructions. */
export function appendCode(code: Code, bytes: number[]): void {
  if (typeof code === 'number') return void bytes.push(code)
  for (let n = 0; n < code.length; n++) {
    const part = code[n]!
    if (typeof part === 'number') bytes.push(part)
    else appendCode(part, bytes)
  }
}

/** An unsigned number in LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return [...bytes, rest]
}

/** A signed 32-bit number in LEB128. */
export function signed(value: number): readonly number[] {
  const known = signedNumbers.get(value)
  if (known !== undefined) return known
  const bytes: number[] = []
  let rest = value | 0
  for (; rest < -0x40 || rest >= 0x40; rest >>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest & 0x7f)
  signedNumbers.set(value, bytes)
  return bytes
}

/** Few numbers come many times. */
const signedNumbers = new Map<number, readonly number[]>()

function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), items]
}

function section(id: number, content: Code): Code {
  const bytes = flat(content)
  return [id, unsigned(bytes.length), bytes]
}

function text(value: string): Code {
  return vector([...new TextEncoder().encode(value)])
}

function flat(code: Code): number[] {
  const bytes: number[] = []
  appendCode(code, bytes)
  return bytes
}
