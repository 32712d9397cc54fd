/**
 * Input sequence of a coinbase that obeys BIP 54: anything but the final 0xffffffff, so that the locktime counts.
 */
export const BIP54_COINBASE_SEQUENCE = 0xfffffffe

/** Locktime of a coinbase that obeys BIP 54 (consensus cleanup): the height before its own. @throws {RangeError} below height 1. */
export function bip54CoinbaseLocktime(height: number): number {
  if (!Number.isInteger(height) || height < 1) throw new RangeError(`no height of a mined block: ${height}`)
  return height - 1
}

/** The stripped size in bytes no transaction may have under BIP 54: it could pass for an inner merkle node. */
export const BIP54_FORBIDDEN_STRIPPED_SIZE = 64
