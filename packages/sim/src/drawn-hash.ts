import { HEADER_SIZE, type Sha256d } from '@sv2/bitcoin'

/**
 * A double SHA-256 for simulations: what a header hashes to is drawn, not computed. Before a share is given to a role,
 * `draw` says how good its hash is; everything else that is hashed comes out as a mix of its bytes.
 */
export class DrawnHash {
  #difficulty = 1
  #unique = 0
  readonly #out = new Uint8Array(32)

  /** The next header that is hashed meets targets up to this difficulty. */
  draw(difficulty: number): void {
    this.#difficulty = difficulty
  }

  /** The function to inject. Headers come out in one buffer that is used again. */
  readonly sha256d: Sha256d = (data) => {
    if (data.length !== HEADER_SIZE) return mixed(data)
    const out = this.#out.fill(0)
    this.#unique++
    writeLow(out, this.#unique)
    writeTop(out, this.#difficulty)
    return out
  }
}

/** A number of its own in the low bytes: no two shares are alike. */
function writeLow(out: Uint8Array, unique: number): void {
  for (let at = 0, rest = unique; at < 6; at++, rest = Math.floor(rest / 256)) out[at] = rest & 0xff
}

/** 2^224 / difficulty, its 48 leading bits, little-endian. */
function writeTop(out: Uint8Array, difficulty: number): void {
  const exponent = 224 - Math.log2(difficulty)
  const at = Math.max(6, Math.min(26, Math.floor(exponent / 8) - 5))
  let mantissa = Math.min(2 ** 48 - 1, Math.floor(2 ** (exponent - 8 * at)))
  for (let byte = 0; byte < 6; byte++) {
    out[at + byte] = mantissa % 256
    mantissa = Math.floor(mantissa / 256)
  }
}

function mixed(data: Uint8Array): Uint8Array {
  let hash = 0x811c9dc5
  for (const byte of data) hash = Math.imul(hash ^ byte, 0x01000193)
  const out = new Uint8Array(32)
  new DataView(out.buffer).setUint32(0, hash >>> 0)
  return out
}
