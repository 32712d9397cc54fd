import {
  appendCode,
  type Code,
  makeInstance,
  signed,
  unsigned,
  type ValueType,
  type WasmFunction,
} from './wasm-module.ts'

// SHA-256 (FIPS 180-4) in WebAssembly, for what Bitcoin hashes twice: messages of a few blocks, and paths of a merkle tree
// above them. Once on words, and once on vectors of four words: four messages of one length at one time, which take 1.6
// times as long as one. A message lies in memory as words in the byte order of the machine, four messages word by word.

/** Constants of the rounds (FIPS 180-4 §4.2.2). */
// biome-ignore format: eight a line
const ROUND_CONSTANTS = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]
/** The initial hash value (FIPS 180-4 §5.3.3). */
// biome-ignore format: eight a line
export const INITIAL_STATE = Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
)
/** Words of the block that ends a message of 64 bytes: the bit that follows it, zeros, its length in bits. */
const END_OF_64_BYTES = [0x8000_0000, ...Array<number>(14).fill(0), 512]
/** The second half of the one block of a message of 32 bytes. */
const END_OF_32_BYTES = [0x8000_0000, ...Array<number>(6).fill(0), 256]

/** Where things are in the memory of the module, bytes. */
export const PLACES = {
  /** State of the message that is hashed, and the digest when it is; of four messages from here on, 128 bytes. */
  state: 0,
  /** The siblings of a path, 32 bytes each, lowest first. */
  path: 128,
  /** A message, padded. */
  message: 8_448,
  /** Another one that stays while others are hashed, and four of its length. */
  kept: 10_752,
  keptFour: 13_056,
  /** States to begin with: the initial one, and that of the beginning of the message that stays. */
  start: 24_576,
  midstate: 24_608,
} as const
const MEMORY_PAGES = 1

/** How words are computed with, one or four at a time. */
interface Arithmetic {
  readonly type: ValueType
  readonly lanes: 1 | 4
  /** What all lanes have in common. */
  constant(value: number): Code
  loadShared(address: Code, offset: number): Code
  load(address: Code, offset: number): Code
  store(address: Code, offset: number, value: Code): Code
  add(...values: readonly Code[]): Code
  and(...values: readonly Code[]): Code
  xor(...values: readonly Code[]): Code
  rotateRight(value: Code, bits: number): Code
  shiftRight(value: Code, bits: number): Code
  /** A word rotated three times, and the exclusive or of these (FIPS 180-4 §4.1.2). @param scratch a local to write to */
  sum(local: number, rotations: readonly [number, number, number], scratch: number): Code
}

const i32 = (value: number): Code => [0x41, signed(value)]
const get = (local: number): Code => [0x20, unsigned(local)]
const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)]
const at = (align: number, offset: number): Code => [align, unsigned(offset)]
const vector = (opcode: number): Code => [0xfd, unsigned(opcode)]
/** An operation over any number of values, from the left. */
const chain =
  (operation: Code) =>
  (...values: readonly Code[]): Code =>
    values.map((value, index) => (index === 0 ? value : [value, operation]))

const words: Arithmetic = {
  type: 'i32',
  lanes: 1,
  constant: i32,
  loadShared: (address, offset) => words.load(address, offset),
  load: (address, offset) => [address, 0x28, at(2, offset)],
  store: (address, offset, value) => [address, value, 0x36, at(2, offset)],
  add: chain(0x6a),
  and: chain(0x71),
  xor: chain(0x73),
  rotateRight: (value, bits) => [value, i32(bits), 0x78],
  shiftRight: (value, bits) => [value, i32(bits), 0x76],
  sum: (local, rotations) => words.xor(...rotations.map((bits) => words.rotateRight(get(local), bits))),
}

const vectors: Arithmetic = {
  type: 'v128',
  lanes: 4,
  constant: (value) => [i32(value), vector(0x11)],
  loadShared: (address, offset) => [address, vector(0x09), at(2, offset)],
  load: (address, offset) => [address, vector(0x00), at(4, offset)],
  store: (address, offset, value) => [address, value, vector(0x0b), at(4, offset)],
  add: chain(vector(0xae)),
  and: chain(vector(0x4e)),
  xor: chain(vector(0x51)),
  rotateRight: (value, bits) => {
    const shiftedLeft = [value, i32(32 - bits), vector(0xab)]
    return [vectors.shiftRight(value, bits), shiftedLeft, vector(0x50)]
  },
  shiftRight: (value, bits) => [value, i32(bits), vector(0xad)],
  // a rotation is three operations and takes registers: one rotates what others have rotated before, 0.29 µs and not 0.38
  sum(local, [first, second, third], scratch) {
    const rotated = (value: Code, bits: number): Code => [
      set(scratch, value),
      vectors.rotateRight(get(scratch), bits),
    ]
    const inner = vectors.rotateRight(get(local), third - second)
    const outer = vectors.xor(get(local), rotated(vectors.xor(get(local), inner), second - first))
    return rotated(outer, first)
  },
}

/** Locals that a compression takes. */
const LOCALS = 26

/**
 * The 64 rounds and the sum at their end, all in line. They rotate the names of the variables instead of their values.
 * @param first number of the first of `LOCALS`: a … h, the 16 words of the schedule, one kept between rounds, one of `sum`
 * @param message the 16 words; undefined: those of `END_OF_64_BYTES`, whose schedule is known beforehand
 */
function compression(
  math: Arithmetic,
  first: number,
  {
    initial,
    message,
    store,
  }: {
    readonly initial: (word: number) => Code
    readonly message: ((word: number) => Code) | undefined
    readonly store: (word: number, value: Code) => Code
  },
): Code {
  const { add, and, xor, constant, rotateRight: rotate, shiftRight: shift } = math
  const variables = Array.from({ length: 8 }, (_, n) => first + n)
  const schedule = Array.from({ length: 16 }, (_, n) => first + 8 + n)
  const [kept, scratch] = [first + 24, first + 25]
  const known = message === undefined ? scheduleOf(END_OF_64_BYTES) : []
  // bytes at once: a tree of the whole is ten times as large, and costs the collector 70 ms
  const bytes: number[] = []
  const emit = (...statements: readonly Code[]): void => appendCode(statements, bytes)
  emit(...variables.map((local, n) => set(local, initial(n))))
  if (message !== undefined) emit(...schedule.map((local, n) => set(local, message(n))))
  // a^b of one round is b^c of the next, which makes the majority of three two operations
  emit(set(kept, xor(get(variables[1]!), get(variables[2]!))))
  for (const [round, roundConstant] of ROUND_CONSTANTS.entries()) {
    const name = (n: number): number => variables[(n - round + 64) % 8]!
    const [a, b, e, f, g] = [0, 1, 4, 5, 6].map((n) => get(name(n))) as [Code, Code, Code, Code, Code]
    const [d, h] = [name(3), name(7)]
    const word = (n: number): number => schedule[(round + n) % 16]!
    if (message !== undefined && round >= 16) {
      const [w1, w14] = [get(word(1)), get(word(14))]
      const sigma0 = xor(rotate(w1, 7), rotate(w1, 18), shift(w1, 3))
      const sigma1 = xor(rotate(w14, 17), rotate(w14, 19), shift(w14, 10))
      emit(set(word(0), add(get(word(0)), get(word(9)), sigma0, sigma1)))
    }
    const input =
      message === undefined
        ? constant((roundConstant + known[round]!) | 0)
        : add(constant(roundConstant), get(word(0)))
    const choice = xor(g, and(e, xor(f, g)))
    emit(set(h, add(get(h), input, choice, math.sum(name(4), [6, 11, 25], scratch))))
    emit(set(d, add(get(d), get(h))))
    const changed = xor(a, b)
    const majority = xor(b, and(changed, get(kept)))
    emit(set(h, add(get(h), majority, math.sum(name(0), [2, 13, 22], scratch))))
    emit(set(kept, changed))
  }
  emit(...variables.map((local, n) => store(n, add(get(local), initial(n)))))
  return bytes
}

function scheduleOf(block: readonly number[]): number[] {
  const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits))
  const schedule = [...block]
  for (let n = 16; n < 64; n++) {
    const [w0, w1, w9, w14] = [0, 1, 9, 14].map((back) => schedule[n - 16 + back]!) as [
      number,
      number,
      number,
      number,
    ]
    const sigma0 = rotate(w1, 7) ^ rotate(w1, 18) ^ (w1 >>> 3)
    const sigma1 = rotate(w14, 17) ^ rotate(w14, 19) ^ (w14 >>> 10)
    schedule.push((w0 + sigma0 + w9 + sigma1) | 0)
  }
  return schedule
}

const call = (index: number): Code => [0x10, unsigned(index)]
/** Does something while a local is not zero, and takes one off each time. */
const countDown = (local: number, body: Code): Code => [
  [0x02, 0x40, 0x03, 0x40],
  [get(local), 0x45, 0x0d, 1],
  body,
  set(local, words.add(get(local), i32(-1))),
  [0x0c, 0, 0x0b, 0x0b],
]

/** The functions of one arithmetic. @param index of the first of them in the module */
function hashing(math: Arithmetic, index: number): readonly WasmFunction[] {
  const { lanes } = math
  const zero = i32(0)
  const stateAt = (n: number): number => PLACES.state + 4 * lanes * n
  const state = (n: number): Code => math.load(zero, stateAt(n))
  const store = (n: number, value: Code): Code => math.store(zero, stateAt(n), value)
  const initial = (n: number): Code => math.constant(INITIAL_STATE[n]!)
  const locals = Array<ValueType>(LOCALS).fill(math.type)
  const suffix = lanes === 1 ? '' : lanes
  const [block, pair, end, again, climb, fold] = [0, 1, 2, 3, 4, 5].map((n) => call(index + n)) as [
    ...[Code, Code, Code, Code, Code, Code],
  ]
  return [
    {
      name: `block${suffix}`, // (address of the block): folds it into the state
      parameters: 1,
      locals,
      body: compression(math, 1, { initial: state, message: (n) => math.load(get(0), 4 * lanes * n), store }),
    },
    {
      name: `pair${suffix}`, // (address of 32 bytes): the state of these behind the digest
      parameters: 1,
      locals,
      body: compression(math, 1, {
        initial,
        message: (n) => (n < 8 ? state(n) : math.loadShared(get(0), 4 * (n - 8))),
        store,
      }),
    },
    {
      name: `end${suffix}`, // (): the digest of the 64 bytes whose state there is
      parameters: 0,
      locals,
      body: compression(math, 0, { initial: state, message: undefined, store }),
    },
    {
      name: `again${suffix}`, // (): the digest of the digest
      parameters: 0,
      locals,
      body: compression(math, 0, {
        initial,
        message: (n) => (n < 8 ? state(n) : math.constant(END_OF_32_BYTES[n - 8]!)),
        store,
      }),
    },
    {
      name: `climb${suffix}`, // (levels): from a leaf to the root
      parameters: 1,
      locals: ['i32'],
      body: [
        set(1, i32(PLACES.path)),
        countDown(0, [get(1), pair, end, again, set(1, words.add(get(1), i32(32)))]),
      ],
    },
    {
      name: `fold${suffix}`, // (address of the state to begin with, of the blocks, how many)
      parameters: 3,
      locals: [],
      body: [
        [...INITIAL_STATE.keys()].map((n) => store(n, math.loadShared(get(0), 4 * n))),
        countDown(2, [get(1), block, set(1, words.add(get(1), i32(64 * lanes)))]),
      ],
    },
    {
      name: `root${suffix}`, // (as of `fold`, levels): the root above the message, which is its double hash for no levels
      parameters: 4,
      locals: [],
      body: [get(0), get(1), get(2), fold, again, get(3), climb],
    },
  ]
}

/** (address, words): turns the bytes of each word around. */
const swap: WasmFunction = {
  name: 'swap',
  parameters: 2,
  locals: ['i32'],
  body: countDown(1, [
    set(2, words.load(get(0), 0)),
    // the bytes 0 and 2 by one rotation, 1 and 3 by the other
    words.store(
      get(0),
      0,
      words.add(
        words.and(words.rotateRight(get(2), 24), i32(0x00ff_00ff)),
        words.and(words.rotateRight(get(2), 8), i32(0xff00_ff00)),
      ),
    ),
    set(0, words.add(get(0), i32(4))),
  ]),
}

/** (words): the kept message as each of the four. */
const spread: WasmFunction = {
  name: 'spread',
  parameters: 1,
  locals: ['i32', 'i32'],
  body: countDown(0, [
    vectors.store(get(1), PLACES.keptFour, vectors.loadShared(get(2), PLACES.kept)),
    set(1, words.add(get(1), i32(16))),
    set(2, words.add(get(2), i32(4))),
  ]),
}

/** The functions of the module, by the names in `hashing`. */
export interface Sha256Module {
  readonly memory: { readonly buffer: ArrayBuffer }
  swap(address: number, words: number): void
  spread(words: number): void
  climb(levels: number): void
  fold(state: number, blocks: number, count: number): void
  root(state: number, blocks: number, count: number, levels: number): void
  root4(state: number, blocks: number, count: number, levels: number): void
}

/** A module with a memory of its own. */
export function sha256Module(): Sha256Module {
  const one = hashing(words, 0)
  const four = hashing(vectors, one.length)
  return makeInstance([...one, ...four, swap, spread], MEMORY_PAGES) as Sha256Module
}
