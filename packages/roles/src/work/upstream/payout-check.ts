import {
  AddressError,
  addressToScript,
  BitcoinError,
  concatBytes,
  equalBytes,
  hasWitness,
  hex,
  isCoinbase,
  type Network,
  parseTransaction,
  scriptToAddress,
  type TxOutput,
} from '@sv2/bitcoin'

/** What a coinbase has to pay for an identity. */
export interface WantedPayout {
  readonly network: Network
  readonly address: string
  /** Output script of the address. */
  readonly script: Uint8Array
  /** Of all that the coinbase pays, at least so many per cent. */
  readonly percent: number
}

/** The halves of a coinbase as a job has them, and the bytes of extranonce between them. */
export interface CoinbaseHalves {
  readonly prefix: Uint8Array
  readonly extranonce: Uint8Array
  readonly suffix: Uint8Array
}

/** Bytes in front of the length of a coinbase's scriptSig: version, count of inputs, outpoint. */
const BEFORE_SCRIPT_SIG = 4 + 1 + 36
/** Outputs that a reason names. */
const MAX_NAMED = 3

/**
 * What an identity wants to be paid: `address[.worker]`, `sri/solo/address[/worker]`, or
 * `sri/donate/percentage/address[/worker]`, where the percentage is the pool's. Undefined when it holds no address of
 * the network, or gives everything away.
 */
export function wantedPayout(identity: string, network: Network): WantedPayout | undefined {
  const { address, percent } = split(identity)
  if (address === '' || percent === undefined) return undefined
  try {
    return { network, address, script: addressToScript(address, network), percent }
  } catch (error) {
    if (error instanceof AddressError) return undefined
    throw error
  }
}

/**
 * Why a coinbase does not pay what is wanted; undefined when it does. Outputs of value zero do not count, and what else
 * the scriptSig holds is up to the pool. The extranonce has to stand in the scriptSig: elsewhere it could
 * change what is paid after the check.
 */
export function payoutMismatch(
  wanted: WantedPayout,
  { prefix, extranonce, suffix }: CoinbaseHalves,
): string | undefined {
  const expected = `the coinbase must pay ${wanted.percent} % to ${wanted.address}`
  const coinbase = readCoinbase(concatBytes(prefix, extranonce, suffix))
  if (typeof coinbase === 'string') return `${expected}, but it ${coinbase}`
  const { scriptSig, outputs } = coinbase
  // above 252 bytes the length of the scriptSig takes more than one
  const start = BEFORE_SCRIPT_SIG + (scriptSig.length < 0xfd ? 1 : 3)
  if (prefix.length < start || prefix.length + extranonce.length > start + scriptSig.length)
    return `${expected}, and its extranonce is not in the scriptSig`
  let all = 0n
  let paid = 0n
  for (const { value, script } of outputs) {
    all += value
    if (equalBytes(script, wanted.script)) paid += value
  }
  // a share of an odd sum may be rounded down
  if (paid > 0n && paid >= (all * BigInt(wanted.percent)) / 100n) return undefined
  return `${expected}, and pays ${named(outputs, wanted.network)}`
}

function split(identity: string): { readonly address: string; readonly percent: number | undefined } {
  const [scheme, mode, ...rest] = identity.split('/')
  if (scheme !== 'sri' || mode === undefined)
    return { address: identity.split('.', 1)[0] ?? '', percent: 100 }
  const [first = '', second = ''] = rest
  if (mode === 'solo') return { address: first, percent: 100 }
  if (mode !== 'donate' || !/^\d{1,2}$/.test(first)) return { address: '', percent: undefined }
  return { address: second, percent: 100 - Number(first) }
}

/** Its scriptSig and outputs; a text says what it is instead of a coinbase. */
function readCoinbase(
  bytes: Uint8Array,
): { readonly scriptSig: Uint8Array; readonly outputs: readonly TxOutput[] } | string {
  try {
    const transaction = parseTransaction(bytes)
    const [input] = transaction.inputs
    if (input === undefined || !isCoinbase(transaction)) return 'is not a coinbase transaction'
    // the merkle path starts from the stripped form
    if (hasWitness(transaction)) return 'has a witness'
    return { scriptSig: input.scriptSig, outputs: transaction.outputs.filter(({ value }) => value > 0n) }
  } catch (error) {
    if (error instanceof BitcoinError) return `is not a transaction (${error.code})`
    throw error
  }
}

function named(outputs: readonly TxOutput[], network: Network): string {
  if (outputs.length === 0) return 'nothing'
  const texts = outputs
    .slice(0, MAX_NAMED)
    .map(({ value, script }) => `${value} sat to ${scriptToAddress(script, network) ?? scriptText(script)}`)
  if (outputs.length > MAX_NAMED) texts.push(`${outputs.length - MAX_NAMED} more outputs`)
  return texts.join(', ')
}

function scriptText(script: Uint8Array): string {
  return `script ${hex(script.subarray(0, 40))}`
}
