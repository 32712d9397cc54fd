import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { p2tr, p2wpkh } from '@scure/btc-signer'
import { hex, scriptToAddress, sha256 } from '@sv2/bitcoin'

/** A key of the wallet and the script it can spend. */
export type WalletKey = {
  readonly kind: 'p2wpkh' | 'p2tr'
  readonly privateKey: Uint8Array
  /** x-only internal key of a taproot output, undefined for P2WPKH. */
  readonly internalKey: Uint8Array | undefined
  readonly script: Uint8Array
  /** The script as hex, to find the key of a coin. */
  readonly scriptHex: string
  /** Its regtest address. */
  readonly address: string
}

/** Keys derived from a text, always the same: half P2WPKH, half P2TR. For play money only. */
export function walletKeys(seed: string, count: number): readonly WalletKey[] {
  return Array.from({ length: count }, (_, i) => {
    const privateKey = sha256(new TextEncoder().encode(`${seed}/${i}`))
    return i % 2 === 0 ? witnessKey(privateKey) : taprootKey(privateKey)
  })
}

function witnessKey(privateKey: Uint8Array): WalletKey {
  const { script } = p2wpkh(secp256k1.getPublicKey(privateKey, true))
  return { kind: 'p2wpkh', privateKey, internalKey: undefined, ...named(script) }
}

function taprootKey(privateKey: Uint8Array): WalletKey {
  const internalKey = schnorr.getPublicKey(privateKey)
  const { script } = p2tr(internalKey)
  return { kind: 'p2tr', privateKey, internalKey, ...named(script) }
}

function named(script: Uint8Array): Pick<WalletKey, 'script' | 'scriptHex' | 'address'> {
  const address = scriptToAddress(script, 'regtest')
  if (address === undefined) throw new Error(`script ${hex(script)} has no address`)
  return { script, scriptHex: hex(script), address }
}
