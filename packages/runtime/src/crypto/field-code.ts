import { appendCode, type Code, makeInstance, signed, unsigned, type WasmFunction } from './wasm-module.ts'

// Powers modulo p = 2^256 − 2^32 − 977 of secp256k1 in WebAssembly. A number is ten limbs of 26 bits, the lowest first, each in
// 64 bits: sums of ten products fit. Limbs are below 2^26 and a little between the steps; the highest has 22 bits. None of it
// branches on a value.

const LIMBS = 10
const LIMB_BITS = 26
const TOP_BITS = 256 - LIMB_BITS * (LIMBS - 1)
/** 2^256 modulo p in limbs, and 2^260, which is sixteen times that. */
const FOLD_256 = [0x3d1, 0x40] as const
const FOLD_260 = [0x3d10, 0x400] as const
/** Bytes of a number. */
const SIZE = 8 * LIMBS

const get = (local: number): Code => [0x20, unsigned(local)]
const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)]
const i32 = (value: number): Code => [0x41, signed(value)]
const i64 = (value: number): Code => [0x42, signed(value)]
const load = (address: Code, limb: number): Code => [address, 0x29, 3, unsigned(8 * limb)]
const store = (address: Code, limb: number, value: Code): Code => [
  address,
  value,
  0x37,
  3,
  unsigned(8 * limb),
]
const add = (a: Code, b: Code): Code => [a, b, 0x7c]
const multiply = (a: Code, b: Code): Code => [a, b, 0x7e]
const times = (a: Code, factor: number): Code => multiply(a, i64(factor))
const sum = (values: readonly Code[]): Code => values.reduce(add)
const low = (a: Code, bits: number): Code => [a, i64(2 ** bits - 1), 0x83]
const high = (a: Code, bits: number): Code => [a, i64(bits), 0x88]

const limbs = (first: number): number[] => Array.from({ length: LIMBS }, (_, n) => first + n)

/**
 * Statements that leave a product, reduced, in ten locals.
 * @param product locals of 20 limbs, the first ten of which are the result
 * @param columns the sums of products, lowest first
 */
function reduced(product: readonly number[], columns: readonly Code[]): Code[] {
  const code: Code[] = []
  const carry = (from: number, to: number): void => {
    for (let n = from; n < to; n++) {
      code.push(set(product[n + 1]!, add(get(product[n + 1]!), high(get(product[n]!), LIMB_BITS))))
      code.push(set(product[n]!, low(get(product[n]!), LIMB_BITS)))
    }
  }
  const fold = (limb: number, into: number, [first, second]: readonly [number, number]): void => {
    code.push(set(product[into]!, add(get(product[into]!), times(get(limb), first))))
    code.push(set(product[into + 1]!, add(get(product[into + 1]!), times(get(limb), second))))
  }
  for (const [n, local] of product.entries()) code.push(set(local, columns[n] ?? i64(0)))
  carry(0, 2 * LIMBS - 1)
  // each upper limb falls on two of the lower ones; what the highest leaves at 2^260 falls once more
  const upper = product.slice(LIMBS)
  const top = upper[0]!
  for (let n = LIMBS - 1; n > 0; n--) {
    if (n < LIMBS - 1) fold(upper[n]!, n, FOLD_260)
    else {
      code.push(set(product[n]!, add(get(product[n]!), times(get(upper[n]!), FOLD_260[0]))))
      code.push(set(upper[n]!, times(get(upper[n]!), FOLD_260[1])))
    }
  }
  fold(top, 0, FOLD_260)
  fold(upper[LIMBS - 1]!, 0, FOLD_260)
  carry(0, LIMBS - 1)
  const last = product[LIMBS - 1]!
  code.push(set(top, high(get(last), TOP_BITS)), set(last, low(get(last), TOP_BITS)))
  fold(top, 0, FOLD_256)
  carry(0, LIMBS - 1)
  return code
}

function functionOf(
  name: string,
  parameters: number,
  locals: number,
  statements: readonly Code[],
): WasmFunction {
  const body: number[] = []
  appendCode(statements, body)
  return { name, parameters, locals: Array(locals).fill('i64'), body }
}

/** (out, a, b) */
function multiplication(): WasmFunction {
  const [a, b] = [limbs(3), limbs(3 + LIMBS)]
  const product = [...limbs(3 + 2 * LIMBS), ...limbs(3 + 3 * LIMBS)]
  const columns = Array.from({ length: 2 * LIMBS - 1 }, (_, n) =>
    sum(a.flatMap((limb, i) => (b[n - i] === undefined ? [] : [multiply(get(limb), get(b[n - i]!))]))),
  )
  return functionOf('multiply', 3, 4 * LIMBS, [
    ...a.map((limb, n) => set(limb, load(get(1), n))),
    ...b.map((limb, n) => set(limb, load(get(2), n))),
    ...reduced(product, columns),
    ...a.map((_, n) => store(get(0), n, get(product[n]!))),
  ])
}

/** (out, a, how often): squares, at least once */
function squaring(): WasmFunction {
  const a = limbs(3)
  const product = [...limbs(3 + LIMBS), ...limbs(3 + 2 * LIMBS)]
  const columns = Array.from({ length: 2 * LIMBS - 1 }, (_, n) => {
    const pairs = a.flatMap((limb, i) =>
      i < n - i && n - i < LIMBS ? [multiply(get(limb), get(a[n - i]!))] : [],
    )
    const doubled = pairs.length === 0 ? [] : [times(sum(pairs), 2)]
    return sum(n % 2 === 0 ? [...doubled, multiply(get(a[n / 2]!), get(a[n / 2]!))] : doubled)
  })
  const countDown: Code = [get(2), i32(-1), 0x6a, 0x22, 2]
  return functionOf('square', 3, 3 * LIMBS, [
    ...a.map((limb, n) => set(limb, load(get(1), n))),
    [0x03, 0x40],
    ...reduced(product, columns),
    ...a.map((limb, n) => set(limb, get(product[n]!))),
    [countDown, 0x0d, 0, 0x0b],
    ...a.map((limb, n) => store(get(0), n, get(limb))),
  ])
}

/**
 * (): z^((p−3)/4), from the first place of the memory to the second. The exponent has 223 ones, a zero, 22 ones and 00001011: an
 * addition chain over runs of ones.
 */
function powers(): WasmFunction {
  const place = (n: number): Code => i32(SIZE * n)
  const [z, out, x2, x3, x22, x44] = [0, 1, 2, 3, 4, 5]
  const code: Code[] = []
  /** out = a^(2^often) · b */
  const step = (to: number, a: number, often: number, b: number): void => {
    code.push([place(to), place(a), i32(often), 0x10, 1], [place(to), place(to), place(b), 0x10, 0])
  }
  step(x2, z, 1, z)
  step(x3, x2, 1, z)
  step(out, x3, 3, x3)
  step(out, out, 3, x3)
  step(out, out, 2, x2)
  step(x22, out, 11, out)
  step(x44, x22, 22, x22)
  step(out, x44, 44, x44)
  step(6, out, 88, out)
  step(out, 6, 44, x44)
  step(out, out, 3, x3)
  step(out, out, 23, x22)
  step(out, out, 5, z)
  step(out, out, 3, x2)
  return functionOf('power', 0, 0, code)
}

interface Field {
  readonly power: () => void
  readonly input: BigUint64Array
  readonly output: BigUint64Array
}

/** Made when it is needed: many a process makes no handshake. */
let made: Field | undefined

function makeField(): Field {
  const { memory, power } = makeInstance([multiplication(), squaring(), powers()], 1) as {
    readonly memory: { readonly buffer: ArrayBuffer }
    readonly power: () => void
  }
  const { buffer } = memory
  return {
    power,
    input: new BigUint64Array(buffer, 0, LIMBS),
    output: new BigUint64Array(buffer, SIZE, LIMBS),
  }
}

/** z^((p−3)/4) modulo p, not always below p itself; z is below 2^256. 11 µs, and 90 µs with numbers of JavaScript. */
export function powerForRoots(z: bigint): bigint {
  made ??= makeField()
  const { input, output, power } = made
  let rest = z
  for (let n = 0; n < LIMBS; n++) {
    input[n] = BigInt.asUintN(LIMB_BITS, rest)
    rest >>= BigInt(LIMB_BITS)
  }
  power()
  let result = 0n
  for (let n = LIMBS - 1; n >= 0; n--) result = (result << BigInt(LIMB_BITS)) + output[n]!
  return result
}
