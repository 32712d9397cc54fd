/**
 * The push of the block height that BIP 34 wants at the start of a coinbase scriptSig, exactly as Bitcoin Core compares it:
 * `CScript() << height`, that is OP_0 for 0, OP_1 … OP_16 for 1 … 16, above that a push of the minimal little-endian number.
 *
 * @throws {RangeError} unless the height is an integer of 0 … 2^31-1.
 */
export function encodeHeightPush(height: number): Uint8Array {
  if (!Number.isInteger(height) || height < 0 || height > 0x7fffffff)
    throw new RangeError(`no block height: ${height}`)
  if (height === 0) return Uint8Array.of(0x00)
  if (height <= 16) return Uint8Array.of(0x50 + height)
  const number: number[] = []
  for (let rest = height; rest > 0; rest >>>= 8) number.push(rest & 0xff)
  // Script numbers keep their sign in the top bit, so a set top bit needs one more byte.
  if ((number.at(-1)! & 0x80) !== 0) number.push(0)
  return Uint8Array.of(number.length, ...number)
}

/** The height that a coinbase scriptSig begins with (BIP 34); undefined when it does not begin with one. */
export function readHeightPush(script: Uint8Array): number | undefined {
  const [first = -1] = script
  if (first === 0) return 0
  if (first >= 0x51 && first <= 0x60) return first - 0x50
  if (first < 1 || first > 5 || script.length <= first) return undefined
  let height = 0
  for (let at = first; at > 0; at--) height = height * 256 + script[at]!
  const push = height <= 0x7fff_ffff ? encodeHeightPush(height) : undefined
  return push?.length === first + 1 ? height : undefined
}
