import { BitcoinError } from './bitcoin-error.ts'
import { concatBytes } from './bytes.ts'
import { encodeCompactSize } from './compact-size.ts'
import { encodeOutput, type TxOutput } from './output.ts'
import { type Sha256d, sha256d } from './sha256d.ts'
import { encodeStripped, parseTransaction } from './transaction.ts'

/** Smallest coinbase scriptSig that consensus allows, in bytes. */
export const MIN_COINBASE_SCRIPT_SIZE = 2

/** Largest coinbase scriptSig that consensus allows, in bytes. */
export const MAX_COINBASE_SCRIPT_SIZE = 100

/** What a coinbase is made of; the extranonce stands between `scriptSigPrefix` and `scriptSigSuffix`. */
export type CoinbaseParts = {
  /** Transaction version, u32. */
  readonly version: number
  /** scriptSig up to the extranonce: height push, template's prefix, own tag. */
  readonly scriptSigPrefix: Uint8Array
  /** Bytes of the whole extranonce, prefix included. */
  readonly extranonceSize: number
  readonly scriptSigSuffix?: Uint8Array
  /** Input sequence, u32. */
  readonly sequence: number
  /** Own outputs, first in the transaction. */
  readonly outputs: readonly TxOutput[]
  /** Outputs already serialized one after another without a count, last in the transaction (`NewTemplate.coinbase_tx_outputs`). */
  readonly rawOutputs?: { readonly count: number; readonly bytes: Uint8Array }
  readonly locktime: number
}

/** A coinbase in its stripped form, cut around the extranonce (docs/wire.md §4.5). */
export type SplitCoinbase = { readonly prefix: Uint8Array; readonly suffix: Uint8Array }

/**
 * Lays out a coinbase without witness, cut around the extranonce, ready for `NewExtendedMiningJob`.
 *
 * @throws {RangeError} when the scriptSig would not have 2 … 100 bytes or a number does not fit.
 */
export function buildCoinbase(parts: CoinbaseParts): SplitCoinbase {
  const scriptSize =
    parts.scriptSigPrefix.length + parts.extranonceSize + (parts.scriptSigSuffix?.length ?? 0)
  if (!(scriptSize >= MIN_COINBASE_SCRIPT_SIZE && scriptSize <= MAX_COINBASE_SCRIPT_SIZE)) {
    throw new RangeError(`coinbase scriptSig of ${scriptSize} bytes, not 2 … 100`)
  }
  const nullOutpoint = new Uint8Array(36).fill(0xff, 32)
  return {
    prefix: concatBytes(
      uint32(parts.version),
      Uint8Array.of(1),
      nullOutpoint,
      Uint8Array.of(scriptSize),
      parts.scriptSigPrefix,
    ),
    suffix: coinbaseSuffix(parts),
  }
}

/** What comes behind the extranonce of a coinbase alone. @throws {RangeError} when a number does not fit. */
export function coinbaseSuffix(
  parts: Omit<CoinbaseParts, 'version' | 'scriptSigPrefix' | 'extranonceSize'>,
): Uint8Array {
  const raw = parts.rawOutputs ?? { count: 0, bytes: new Uint8Array(0) }
  return concatBytes(
    parts.scriptSigSuffix ?? new Uint8Array(0),
    uint32(parts.sequence),
    encodeCompactSize(parts.outputs.length + raw.count),
    ...parts.outputs.map(encodeOutput),
    raw.bytes,
    uint32(parts.locktime),
  )
}

/** The txid (wire order) of the stripped coinbase `prefix ‖ extranonce ‖ suffix`. */
export function coinbaseTxid(
  prefix: Uint8Array,
  extranonce: Uint8Array,
  suffix: Uint8Array,
  hash: Sha256d = sha256d,
): Uint8Array {
  return hash(concatBytes(prefix, extranonce, suffix))
}

/** A witness reserved value, and here the only one in use: 32 zero bytes (BIP 141). Do not write to it. */
export const WITNESS_RESERVED_VALUE: Uint8Array = new Uint8Array(32)

/**
 * Turns a stripped cut into the unstripped one of `DeclareMiningJob`: marker and flag after the version, and the reserved value
 * as the only witness item before the locktime.
 *
 * @throws {RangeError} when prefix or suffix is too short to be one, or the reserved value is not 32 bytes.
 */
export function addCoinbaseWitness(
  prefix: Uint8Array,
  suffix: Uint8Array,
  witnessReserved: Uint8Array = WITNESS_RESERVED_VALUE,
): SplitCoinbase {
  if (prefix.length < 42 || suffix.length < 9)
    throw new RangeError(`no coinbase cut: ${prefix.length} and ${suffix.length} bytes`)
  if (witnessReserved.length !== 32)
    throw new RangeError(`witness reserved value of ${witnessReserved.length} bytes`)
  const end = suffix.length - 4
  return {
    prefix: concatBytes(prefix.subarray(0, 4), Uint8Array.of(0, 1), prefix.subarray(4)),
    suffix: concatBytes(suffix.subarray(0, end), Uint8Array.of(1, 32), witnessReserved, suffix.subarray(end)),
  }
}

/** The full serialization with witness, as blocks and `SubmitSolution` carry it. @throws {RangeError} as addCoinbaseWitness. */
export function coinbaseWithWitness(
  prefix: Uint8Array,
  extranonce: Uint8Array,
  suffix: Uint8Array,
  witnessReserved: Uint8Array = WITNESS_RESERVED_VALUE,
): Uint8Array {
  const full = addCoinbaseWitness(prefix, suffix, witnessReserved)
  return concatBytes(full.prefix, extranonce, full.suffix)
}

/**
 * Takes the witness out of a cut coinbase that a peer sent; a cut without witness comes back as equal bytes.
 * The whole transaction is parsed with an extranonce of zeros, so a cut that does not give a coinbase is refused here.
 *
 * @param extranonceSize bytes of the extranonce that belongs between the parts.
 * @throws {BitcoinError} when the parts around that extranonce are no transaction with one input.
 */
export function stripCoinbaseWitness(
  prefix: Uint8Array,
  suffix: Uint8Array,
  extranonceSize: number,
): SplitCoinbase {
  const full = concatBytes(prefix, new Uint8Array(extranonceSize), suffix)
  const stripped = encodeStripped(parseTransaction(full))
  const cut = stripped.length === full.length ? prefix.length : prefix.length - 2
  // Both cuts must fall inside the scriptSig (42 bytes in), or the extranonce would lie in another field.
  const scriptSize = stripped[41] ?? 0
  if (stripped[4] !== 1 || cut < 42 || cut + extranonceSize > 42 + scriptSize) {
    throw new BitcoinError('malformed', 'the extranonce does not lie in the scriptSig of a coinbase')
  }
  return { prefix: stripped.slice(0, cut), suffix: stripped.slice(cut + extranonceSize) }
}

/** Weight units of a coinbase with SegWit witness, from the size of its stripped form: 36 bytes of marker, flag and witness count once. */
export function coinbaseWeight(strippedSize: number): number {
  return 4 * strippedSize + 36
}

function uint32(value: number): Uint8Array {
  if (value >>> 0 !== value) throw new RangeError(`${value} is no 32-bit number`)
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24)
}
