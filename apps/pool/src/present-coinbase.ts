import { concatBytes, hex, type Network, parseTransaction, scriptToAddress } from '@sv2/bitcoin'
import type { Pool } from '@sv2/roles/pool'

/** Where the coinbase script of a stripped coinbase begins: behind version, count, outpoint and its own length. */
const SCRIPT_AT = 42

/** An output of a coinbase, as the API tells it. */
interface ShownOutput {
  readonly script: string
  readonly address: string | null
  readonly value_sat: number
  readonly is_own: boolean
}

/** The coinbase that the first channel of an account mines now; undefined without a channel or a job. */
export function presentCoinbase(
  { channels }: Pick<Pool, 'channels'>,
  account: string,
  network: Network,
): { readonly outputs: ShownOutput[]; readonly tag: string } | undefined {
  const channel = channels.find(({ user }) => user === account)
  const job = channel?.book.active
  if (job === undefined) return undefined
  const { coinbaseTxPrefix: prefix, coinbaseTxSuffix: suffix } = job
  const scriptLength = prefix[SCRIPT_AT - 1] ?? 0
  const extranonce = new Uint8Array(Math.max(0, SCRIPT_AT + scriptLength - prefix.length))
  const { inputs, outputs } = parseTransaction(concatBytes(prefix, extranonce, suffix))
  return {
    outputs: outputs.map(({ value, script }) => {
      const address = scriptToAddress(script, network) ?? null
      return { script: hex(script), address, value_sat: Number(value), is_own: address === account }
    }),
    tag: printable(inputs[0]?.scriptSig ?? new Uint8Array(0)),
  }
}

/** The longest run of printable ASCII. */
function printable(script: Uint8Array): string {
  const runs = new TextDecoder('latin1').decode(script).match(/[\x20-\x7e]{3,}/g) ?? []
  return runs.reduce((longest, run) => (run.length > longest.length ? run : longest), '')
}
