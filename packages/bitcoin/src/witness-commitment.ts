import { concatBytes } from './bytes.ts'
import { WITNESS_RESERVED_VALUE } from './coinbase.ts'
import { merkleRoot } from './merkle.ts'
import type { TxOutput } from './output.ts'
import { type Sha256d, sha256d } from './sha256d.ts'

/** What a commitment output's script begins with: OP_RETURN, a push of 36 bytes, `aa21a9ed` (BIP 141). */
const COMMITMENT_HEADER = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed)

/** The witness merkle root (wire order) over the wtxids of all transactions but the coinbase, which counts as zero (BIP 141). */
export function witnessMerkleRoot(wtxids: readonly Uint8Array[], hash: Sha256d = sha256d): Uint8Array {
  return merkleRoot([new Uint8Array(32), ...wtxids], hash)
}

/** The commitment hash: SHA-256d of witness merkle root and reserved value, 32 bytes each. */
export function witnessCommitment(
  witnessRoot: Uint8Array,
  witnessReserved: Uint8Array = WITNESS_RESERVED_VALUE,
  hash: Sha256d = sha256d,
): Uint8Array {
  return hash(concatBytes(witnessRoot, witnessReserved))
}

/** The 38-byte script of the output that commits to a block's witnesses. */
export function witnessCommitmentScript(
  witnessRoot: Uint8Array,
  witnessReserved: Uint8Array = WITNESS_RESERVED_VALUE,
  hash: Sha256d = sha256d,
): Uint8Array {
  return concatBytes(COMMITMENT_HEADER, witnessCommitment(witnessRoot, witnessReserved, hash))
}

/** The committed hash (32 bytes, a view) in a coinbase's outputs: of several commitments the last one counts (BIP 141). */
export function findWitnessCommitment(outputs: readonly TxOutput[]): Uint8Array | undefined {
  for (let i = outputs.length - 1; i >= 0; i--) {
    const { script } = outputs[i]!
    if (script.length >= 38 && COMMITMENT_HEADER.every((byte, at) => script[at] === byte))
      return script.subarray(6, 38)
  }
  return undefined
}
