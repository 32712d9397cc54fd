import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { base64 } from '@scure/base'
import { OutScript, Transaction as SignerTransaction } from '@scure/btc-signer'
import { hash160, tagSchnorr } from '@scure/btc-signer/utils.js'
import { witnessProgram } from './address.ts'
import { ByteReader } from './byte-reader.ts'
import { concatBytes, displayHash, equalBytes, unhex } from './bytes.ts'
import { encodeCompactSize } from './compact-size.ts'
import { sha256d } from './sha256d.ts'
import { encodeTransaction, type txid } from './transaction.ts'

/** `unsupported`: an address of this kind cannot be checked here, however right the signature may be. */
export type MessageVerdict = 'signed' | 'not signed' | 'unsupported'

/** Wallets of 2026 may put the name of the format in front of a signature (BIP 322). */
const SIMPLE_PREFIX = 'smp'
const SIGHASH_ALL = 1
/** A signature is a few hundred characters long; nothing longer is decoded. */
const MOST_CHARACTERS = 1_000

/**
 * Whether a message was signed by the key of an output script: BIP 322 in its simple form for P2WPKH, and for P2TR by its key;
 * the legacy form (`signmessage`) for P2PKH.
 * @param signature base64
 */
export function verifyMessage(message: string, script: Uint8Array, signature: string): MessageVerdict {
  const text = new TextEncoder().encode(message)
  const program = witnessProgram(script)
  const isOurs = (check: () => boolean): MessageVerdict => (isTrue(check) ? 'signed' : 'not signed')
  if (program?.version === 0 && program.data.length === 20)
    return isOurs(() => isWitnessSigned(text, { script, hash: program.data }, witnessOf(signature)))
  if (program?.version === 1 && program.data.length === 32)
    return isOurs(() => isTaprootSigned(text, { script, key: program.data }, witnessOf(signature)))
  const hash = publicKeyHash(script)
  if (hash === undefined) return 'unsupported'
  return isOurs(() => isLegacySigned(text, hash, decode(signature)))
}

/** The hash of a message that BIP 322 has signed. */
export function messageHash(message: Uint8Array): Uint8Array {
  return tagSchnorr('BIP0322-signed-message', message)
}

/** Display order, of the first of the two transactions of BIP 322: its output is the script that signs. */
export function toSpendTxid(message: Uint8Array, script: Uint8Array): string {
  const made = encodeTransaction(toSpend(message, script))
  return displayHash(sha256d(made))
}

function toSpend(message: Uint8Array, script: Uint8Array): Parameters<typeof txid>[0] {
  const scriptSig = concatBytes(Uint8Array.of(0x00, 0x20), messageHash(message))
  const prevTxid = new Uint8Array(32)
  return {
    version: 0,
    inputs: [{ prevTxid, prevIndex: 0xffff_ffff, scriptSig, sequence: 0, witness: [] }],
    outputs: [{ value: 0n, script }],
    locktime: 0,
  }
}

/** The second one, which spends it: what is signed. */
export function toSign(message: Uint8Array, script: Uint8Array): SignerTransaction {
  const made = new SignerTransaction({ version: 0, allowUnknownInputs: true, allowUnknownOutputs: true })
  made.addInput({
    txid: unhex(toSpendTxid(message, script)),
    index: 0,
    sequence: 0,
    witnessUtxo: { script, amount: 0n },
  })
  made.addOutput({ script: Uint8Array.of(0x6a), amount: 0n })
  return made
}

function isWitnessSigned(
  message: Uint8Array,
  { script, hash }: { readonly script: Uint8Array; readonly hash: Uint8Array },
  witness: readonly Uint8Array[],
): boolean {
  const [signature, publicKey] = witness
  if (witness.length !== 2 || signature === undefined || publicKey?.length !== 33) return false
  if (signature.at(-1) !== SIGHASH_ALL || !equalBytes(hash160(publicKey), hash)) return false
  const code = OutScript.encode({ type: 'pkh', hash })
  const digest = toSign(message, script).preimageWitnessV0(0, code, SIGHASH_ALL, 0n)
  const how = { prehash: false, format: 'der', lowS: true } as const
  return secp256k1.verify(signature.subarray(0, -1), digest, publicKey, how)
}

function isTaprootSigned(
  message: Uint8Array,
  { script, key }: { readonly script: Uint8Array; readonly key: Uint8Array },
  witness: readonly Uint8Array[],
): boolean {
  const [signature] = witness
  if (witness.length !== 1 || signature === undefined) return false
  // 64 bytes sign by the default, which is ALL as well
  const hashType = signature.length === 64 ? 0 : signature[64]
  if (signature.length > 65 || (hashType !== 0 && hashType !== SIGHASH_ALL)) return false
  if (signature.length === 65 && hashType === 0) return false
  const digest = toSign(message, script).preimageWitnessV1(0, [script], hashType, [0n])
  return schnorr.verify(signature.subarray(0, 64), digest, key)
}

/** Parts of the first byte of a legacy signature: recovery bits, and whether the key is compressed. */
const LEGACY_FIRST = 27
const LEGACY_COMPRESSED = 4

function isLegacySigned(message: Uint8Array, hash: Uint8Array, signature: Uint8Array): boolean {
  const header = (signature[0] ?? 0) - LEGACY_FIRST
  if (signature.length !== 65 || header < 0 || header > 7) return false
  const magic = new TextEncoder().encode('Bitcoin Signed Message:\n')
  const digest = sha256d(
    concatBytes(encodeCompactSize(magic.length), magic, encodeCompactSize(message.length), message),
  )
  const key = secp256k1.Signature.fromBytes(signature.subarray(1), 'compact')
    .addRecoveryBit(header & 3)
    .recoverPublicKey(digest)
  return equalBytes(hash160(key.toBytes((header & LEGACY_COMPRESSED) !== 0)), hash)
}

/** The hash of a P2PKH script; undefined for any other. */
function publicKeyHash(script: Uint8Array): Uint8Array | undefined {
  const hash = script.subarray(3, 23)
  const isOne = script.length === 25 && equalBytes(OutScript.encode({ type: 'pkh', hash }), script)
  return isOne ? hash : undefined
}

/** @throws {Error} when it is not base64 */
function decode(signature: string): Uint8Array {
  if (signature.length > MOST_CHARACTERS)
    throw new RangeError(`a signature of ${signature.length} characters`)
  return base64.decode(signature)
}

/** @throws {Error} when it is not the stack of a witness */
function witnessOf(signature: string): Uint8Array[] {
  const isNamed = signature.startsWith(SIMPLE_PREFIX)
  const reader = new ByteReader(decode(isNamed ? signature.slice(SIMPLE_PREFIX.length) : signature))
  const count = reader.count(1)
  const stack: Uint8Array[] = []
  for (let n = 0; n < count; n++) stack.push(reader.varBytes())
  if (reader.remaining > 0) throw new RangeError('bytes behind the witness')
  return stack
}

/** What is not a signature is merely wrong: libraries throw on what is no point, no DER, or no base64. */
function isTrue(check: () => boolean): boolean {
  try {
    return check()
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}
