import {
  BitcoinError,
  concatBytes,
  encodeHeightPush,
  equalBytes,
  isCoinbase,
  MAX_COINBASE_SCRIPT_SIZE,
  MIN_COINBASE_SCRIPT_SIZE,
  parseTransaction,
  stripCoinbaseWitness,
  type TxOutput,
  WITNESS_RESERVED_VALUE,
} from '@sv2/bitcoin'
import { type CustomCoinbase, missingOutputs, valueTo } from '../../custom-jobs/custom-coinbase.ts'
import type { Problem } from './problem.ts'
import type { ProposedJob } from './proposal.ts'

/** The longest extranonce, prefix included (PushSolution.extranonce is a B0_32). */
export const MAX_EXTRANONCE_SIZE = 32

/** Where the script of a stripped coinbase begins: behind version, count, outpoint and script length. */
const SCRIPT_AT = 42

/** A coinbase that was sent in two parts. */
export interface CutCoinbase {
  readonly coinbase: CustomCoinbase
  readonly extranonceSize: number
}

/** Reads a coinbase from what stands before and behind its extranonce, which ends the script. */
export function readCutCoinbase(prefix: Uint8Array, suffix: Uint8Array): CutCoinbase | Problem {
  const scriptAt = prefix[4] === 0 ? SCRIPT_AT + 2 : SCRIPT_AT
  const scriptSize = prefix[scriptAt - 1]
  if (scriptSize === undefined) return coinbaseProblem('invalid-coinbase-tx', 'the prefix is too short')
  if (scriptSize < MIN_COINBASE_SCRIPT_SIZE || scriptSize > MAX_COINBASE_SCRIPT_SIZE)
    return coinbaseProblem('invalid-coinbase-tx-input', `a script of ${scriptSize} bytes`)
  const extranonceSize = scriptSize - (prefix.length - scriptAt)
  if (extranonceSize < 0 || extranonceSize > MAX_EXTRANONCE_SIZE)
    return coinbaseProblem('invalid-coinbase-tx-input', `${extranonceSize} bytes left for the extranonce`)
  try {
    const tx = parseTransaction(concatBytes(prefix, new Uint8Array(extranonceSize), suffix))
    if (!isCoinbase(tx)) return coinbaseProblem('invalid-coinbase-tx', 'it spends an output')
    const [input] = tx.inputs
    if (!isReservedValue(input!.witness))
      return coinbaseProblem('invalid-coinbase-tx-input', 'a witness other than 32 zero bytes')
    const cut = stripCoinbaseWitness(prefix, suffix, extranonceSize)
    return {
      extranonceSize,
      coinbase: {
        version: tx.version,
        scriptPrefix: cut.prefix.slice(SCRIPT_AT),
        sequence: input!.sequence,
        outputs: tx.outputs.map(({ value, script }) => ({ value, script: script.slice() })),
        locktime: tx.locktime,
      },
    }
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error
    return coinbaseProblem('invalid-coinbase-tx', error.message)
  }
}

function isReservedValue(witness: readonly Uint8Array[]): boolean {
  return witness.length === 0 || (witness.length === 1 && equalBytes(witness[0]!, WITNESS_RESERVED_VALUE))
}

function coinbaseProblem(code: Problem['code'], detail: string): Problem {
  const field = code === 'invalid-coinbase-tx-input' ? 'coinbase_prefix' : 'coinbase_tx_outputs'
  return { code, field, detail }
}

/** Whether the coinbase pays what its token asks for (JDS-04); one that follows a distribution is checked by that. */
export function checkOutputs({
  token,
  coinbase,
}: Pick<ProposedJob, 'token' | 'coinbase'>): Problem | undefined {
  if (token.distributionId !== undefined) return undefined
  const [payout] = token.outputs
  if (payout === undefined || valueTo(payout, coinbase.outputs) === 0n) {
    return {
      code: 'invalid-coinbase-tx',
      field: 'coinbase_tx_value_remaining',
      detail: 'no value in the payout output',
    }
  }
  const missing = missingOutputs(token.outputs, coinbase.outputs).length
  return missing === 0
    ? undefined
    : coinbaseProblem('invalid-coinbase-tx', `${missing} outputs of the token are missing`)
}

/** How the height in a coinbase script relates to the one that is wanted (BIP 34). */
export function heightOf(scriptPrefix: Uint8Array, wanted: number): 'present' | 'next' | 'other' {
  if (startsWith(scriptPrefix, encodeHeightPush(wanted))) return 'present'
  return startsWith(scriptPrefix, encodeHeightPush(wanted + 1)) ? 'next' : 'other'
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && equalBytes(bytes.subarray(0, start.length), start)
}

/** Satoshi of all outputs. */
export function sumOf(outputs: readonly TxOutput[]): bigint {
  return outputs.reduce((sum, { value }) => sum + value, 0n)
}
