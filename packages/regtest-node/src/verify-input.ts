import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { OutScript, p2wpkh, Transaction as SignerTransaction } from '@scure/btc-signer'
import { equalBytes, witnessProgram } from '@sv2/bitcoin'
import type { Coin } from './coins.ts'
import type { LoadedTransaction } from './loaded-transaction.ts'

/** The bare script OP_TRUE, which anybody may spend with nothing. */
const OP_TRUE = 0x51

/** The witness program of a pay-to-anchor output (BIP 433), which anybody may spend with nothing. */
const ANCHOR_PROGRAM = Uint8Array.of(0x4e, 0x73)

/**
 * Checks that each input may spend its coin: P2WPKH and P2TR key-path signatures, and two scripts that need none. Anything else is
 * refused, for this node has no script interpreter.
 *
 * @param coins what the inputs spend, in their order.
 * @returns why not, or undefined when all are good.
 */
export function verifyInputs(loaded: LoadedTransaction, coins: readonly Coin[]): string | undefined {
  const parsed = SignerTransaction.fromRaw(loaded.bytes, {
    allowUnknownInputs: true,
    allowUnknownOutputs: true,
    allowUnknownVersion: true,
    disableScriptCheck: true,
  })
  for (const [index, coin] of coins.entries()) {
    const problem = verifyInput(loaded, parsed, coins, index, coin)
    if (problem !== undefined) return `${problem} (input ${index})`
  }
  return undefined
}

function verifyInput(
  { tx }: LoadedTransaction,
  parsed: SignerTransaction,
  coins: readonly Coin[],
  index: number,
  coin: Coin,
): string | undefined {
  const { scriptSig, witness } = tx.inputs[index]!
  if (scriptSig.length > 0) return 'Witness requires empty scriptSig'
  const program = witnessProgram(coin.script)
  if (program?.version === 0 && program.data.length === 20) return verifyP2wpkh(parsed, index, coin, witness)
  if (program?.version === 1 && program.data.length === 32)
    return verifyTaproot(parsed, index, coins, program.data, witness)
  const free = (coin.script.length === 1 && coin.script[0] === OP_TRUE) || isAnchor(program)
  if (!free) return 'Script kind not supported by the embedded node'
  return witness.length === 0 ? undefined : 'Witness provided for non-witness script'
}

function isAnchor(program: ReturnType<typeof witnessProgram>): boolean {
  return program?.version === 1 && equalBytes(program.data, ANCHOR_PROGRAM)
}

function verifyP2wpkh(
  parsed: SignerTransaction,
  index: number,
  coin: Coin,
  witness: readonly Uint8Array[],
): string | undefined {
  const [signature, publicKey] = witness
  if (witness.length !== 2 || signature === undefined || publicKey === undefined)
    return 'Witness program hash mismatch'
  if (publicKey.length !== 33 || !secp256k1.utils.isValidPublicKey(publicKey, true))
    return 'Public key is neither compressed or uncompressed'
  const payment = p2wpkh(publicKey)
  if (!equalBytes(payment.script, coin.script)) return 'Witness program hash mismatch'
  const hashType = signature.at(-1)
  if (hashType === undefined || !isKnownHashType(hashType, false))
    return 'Signature hash type missing or not understood'
  const scriptCode = OutScript.encode({ type: 'pkh', hash: payment.hash })
  const message = parsed.preimageWitnessV0(index, scriptCode, hashType, coin.value)
  return isTrue(() =>
    secp256k1.verify(signature.subarray(0, -1), message, publicKey, {
      prehash: false,
      format: 'der',
      lowS: false,
    }),
  )
    ? undefined
    : 'Signature must be zero for failed CHECK(MULTI)SIG operation'
}

function verifyTaproot(
  parsed: SignerTransaction,
  index: number,
  coins: readonly Coin[],
  outputKey: Uint8Array,
  witness: readonly Uint8Array[],
): string | undefined {
  const last = witness.at(-1)
  const annex = witness.length >= 2 && last?.[0] === 0x50 ? last : undefined
  const stack = annex === undefined ? witness : witness.slice(0, -1)
  const signature = stack[0]
  if (signature === undefined) return 'Witness program was passed an empty witness'
  if (stack.length > 1) return 'Taproot script path not supported by the embedded node'
  if (signature.length !== 64 && signature.length !== 65) return 'Invalid Schnorr signature size'
  const hashType = signature[64] ?? 0
  if (signature.length === 65 && !isKnownHashType(hashType, true))
    return 'Invalid Schnorr signature hash type'
  const valid = isTrue(() => {
    const scripts = coins.map((coin) => coin.script)
    const amounts = coins.map((coin) => coin.value)
    const message = parsed.preimageWitnessV1(
      index,
      scripts,
      hashType,
      amounts,
      undefined,
      undefined,
      undefined,
      annex,
    )
    return schnorr.verify(signature.subarray(0, 64), message, outputKey)
  })
  return valid ? undefined : 'Invalid Schnorr signature'
}

// ALL, NONE, SINGLE, each with or without ANYONECANPAY. Consensus lets v0 use any other byte too; no known wallet sends
// those.
function isKnownHashType(hashType: number, taproot: boolean): boolean {
  const base = hashType & 0x7f
  return base >= 1 && base <= 3 && (!taproot || hashType !== 0)
}

// The libraries throw on signatures that are no points or no DER; to a verifier those are merely wrong.
function isTrue(check: () => boolean): boolean {
  try {
    return check()
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}
