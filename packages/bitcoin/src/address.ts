import { bech32m } from '@scure/base'
import { Address, OutScript } from '@scure/btc-signer'
import { concatBytes, hex } from './bytes.ts'
import { NETWORKS, type Network, type NetworkParams } from './network.ts'

/** Why an address was refused: it is not an address, or it belongs to another network. */
export type AddressErrorCode = 'invalid' | 'wrong-network'

/** An operator or miner named an address that this pool cannot pay. The message is made to be shown to that person. */
export class AddressError extends Error {
  override readonly name = 'AddressError'
  readonly code: AddressErrorCode
  /** The networks the address does belong to; empty when it is invalid. */
  readonly networks: readonly Network[]

  constructor(message: string, networks: readonly Network[] = []) {
    super(message)
    this.code = networks.length === 0 ? 'invalid' : 'wrong-network'
    this.networks = networks
  }
}

/**
 * The locking script an address stands for: P2PKH, P2SH, P2WPKH, P2WSH, P2TR, or a witness program of a later version.
 * Bech32 addresses may be written all in capitals, as QR codes do.
 *
 * @throws {AddressError} invalid, or wrong-network with the networks it belongs to.
 */
export function addressToScript(address: string, network: Network): Uint8Array {
  const script = decode(address, NETWORKS[network])
  if (script !== undefined) return script
  const others = Object.values(NETWORKS).filter((params) => decode(address, params) !== undefined)
  if (others.length === 0) throw new AddressError(`"${address}" is not a Bitcoin address`)
  const names = others.map((params) => params.network)
  throw new AddressError(
    `address ${address} belongs to ${names.join(', ')}, this pool runs on ${network}`,
    names,
  )
}

/** The address of a locking script, or undefined when the script has no address form. */
export function scriptToAddress(script: Uint8Array, network: Network): string | undefined {
  const program = witnessProgram(script)
  if (program !== undefined && program.version > 0) {
    return bech32m.encode(NETWORKS[network].bech32, [program.version, ...bech32m.toWords(program.data)])
  }
  const form = SCRIPT_FORMS.find(({ pattern }) => pattern.test(hex(script)))
  if (form === undefined) return undefined
  const hash = new Uint8Array(script.subarray(form.start, form.start + form.size))
  return Address(coderNetwork(NETWORKS[network])).encode({ type: form.type, hash })
}

const SCRIPT_FORMS = [
  { type: 'pkh', pattern: /^76a914[0-9a-f]{40}88ac$/, start: 3, size: 20 },
  { type: 'sh', pattern: /^a914[0-9a-f]{40}87$/, start: 2, size: 20 },
  { type: 'wpkh', pattern: /^0014[0-9a-f]{40}$/, start: 2, size: 20 },
  { type: 'wsh', pattern: /^0020[0-9a-f]{64}$/, start: 2, size: 32 },
] as const

/** The version and program of a SegWit output script (BIP 141): OP_n and one push of 2 … 40 bytes. Undefined for other scripts. */
export function witnessProgram(script: Uint8Array): { version: number; data: Uint8Array } | undefined {
  const opcode = script[0]
  if (opcode === undefined || script.length < 4 || script.length > 42 || script[1] !== script.length - 2)
    return undefined
  if (opcode !== 0 && (opcode < 0x51 || opcode > 0x60)) return undefined
  return { version: opcode === 0 ? 0 : opcode - 0x50, data: script.subarray(2) }
}

function decode(address: string, params: NetworkParams): Uint8Array | undefined {
  const text =
    address === address.toUpperCase() && /^(BC|TB|BCRT)1/.test(address) ? address.toLowerCase() : address
  return typedScript(text, params) ?? futureWitnessScript(text, params)
}

// The coder reports every failure as a plain Error; here a failure only means "not an address of this network".
function typedScript(text: string, params: NetworkParams): Uint8Array | undefined {
  try {
    return OutScript.encode(Address(coderNetwork(params)).decode(text))
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

// The coder knows no witness versions above 1, which are valid addresses too (BIP 350).
function futureWitnessScript(text: string, params: NetworkParams): Uint8Array | undefined {
  const decoded = bech32m.decodeUnsafe(text)
  const version = decoded?.words[0]
  if (decoded?.prefix !== params.bech32 || version === undefined || version < 1 || version > 16)
    return undefined
  const data = bech32m.fromWordsUnsafe(decoded.words.slice(1))
  if (!data || data.length < 2 || data.length > 40) return undefined
  // A version 1 program of 32 bytes that is refused above is not a point of the curve: coins sent there are lost.
  if (version === 1 && data.length === 32) return undefined
  return concatBytes(Uint8Array.of(0x50 + version, data.length), data)
}

function coderNetwork({ bech32, pubKeyHash, scriptHash }: NetworkParams) {
  // The coder asks for a key prefix too, which addresses never use.
  return { bech32, pubKeyHash, scriptHash, wif: 0 }
}
