import { encodeOutput, type TxOutput, witnessProgram } from '@sv2/bitcoin'
import type { Coin } from './coins.ts'
import type { LoadedTransaction } from './loaded-transaction.ts'

/** Smallest fee rate that is relayed, in satoshi per 1000 virtual bytes. */
export const MIN_RELAY_FEE_RATE = 1000

/** Most waiting transactions in a chain of dependence, itself included. */
export const MAX_ANCESTORS = 25

const DUST_RELAY_RATE = 3n
const MAX_STANDARD_WEIGHT = 400_000
const MAX_DATA_CARRIER_SIZE = 83

/** Why a transaction is refused by policy though consensus would let it pass, in Bitcoin Core's words; undefined when it is not. */
export function checkStandard({ tx, weight, strippedSize }: LoadedTransaction): string | undefined {
  if (tx.version < 1 || tx.version > 3) return 'version'
  if (weight > MAX_STANDARD_WEIGHT) return 'tx-size'
  if (strippedSize < 65) return 'tx-size-small'
  for (const output of tx.outputs) {
    if (!isStandardOutput(output.script)) return 'scriptpubkey'
    if (output.value < dustLimit(output)) return 'dust'
  }
  return undefined
}

/** Whether this node can judge what unlocks the coin: P2WPKH and P2TR. */
export function isSpendableKind(coin: Coin): boolean {
  const program = witnessProgram(coin.script)
  if (program?.version === 0) return program.data.length === 20
  return program?.version === 1 && program.data.length === 32
}

/** The fee of a transaction of this size at the minimum rate, in satoshi. */
export function minimumFee(vsize: number): bigint {
  return BigInt(Math.ceil((vsize * MIN_RELAY_FEE_RATE) / 1000))
}

function isStandardOutput(script: Uint8Array): boolean {
  if (script[0] === 0x6a) return script.length <= MAX_DATA_CARRIER_SIZE
  if (witnessProgram(script) !== undefined) return true
  const isP2pkh =
    script.length === 25 &&
    script[0] === 0x76 &&
    script[1] === 0xa9 &&
    script[2] === 20 &&
    script[24] === 0xac
  const isP2sh = script.length === 23 && script[0] === 0xa9 && script[1] === 20 && script[22] === 0x87
  return isP2pkh || isP2sh
}

// An output is dust when spending it would cost more than it holds, at three satoshi a byte.
function dustLimit(output: TxOutput): bigint {
  if (output.script[0] === 0x6a) return 0n
  const spendingSize = witnessProgram(output.script) === undefined ? 148 : 67
  return DUST_RELAY_RATE * BigInt(encodeOutput(output).length + spendingSize)
}
