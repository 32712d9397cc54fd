import {
  equalBytes,
  type Network,
  parseDisplayHash,
  type SpentOutput,
  scriptToAddress,
  unhex,
  witnessProgram,
} from '@sv2/bitcoin'
import { type NodeRpc, NodeRpcError } from '@sv2/runtime'

/** Blocks that stand on a coinbase before it can be spent, itself included (consensus). */
const MATURE = 100
const SAT_OF_A_COIN = 100_000_000

/** An output that the operator names, `txid:vout:satoshi`. @throws {Error} in words for the operator */
export function namedOutput(text: string, script: Uint8Array): SpentOutput {
  const [, txid, vout, value] = /^([0-9a-f]{64}):(\d{1,9}):(\d{1,16})$/i.exec(text) ?? []
  if (txid === undefined) throw new Error(`--utxo ${text}: has to be txid:vout:satoshi`)
  return { txid: parseDisplayHash(txid.toLowerCase()), vout: Number(vout), value: BigInt(value!), script }
}

/** What a wallet of the node has on the pool's script. @throws {Error} in words for the operator */
export async function walletOutputs(
  node: NodeRpc,
  script: Uint8Array,
  network: Network,
): Promise<SpentOutput[]> {
  const address = scriptToAddress(script, network)
  const listed = (await node.call('listunspent', [
    1,
    9_999_999,
    address === undefined ? [] : [address],
  ])) as readonly {
    readonly txid: string
    readonly vout: number
    readonly amount: number
    readonly scriptPubKey: string
  }[]
  return listed
    .filter(({ scriptPubKey }) => equalBytes(unhex(scriptPubKey), script))
    .map(({ txid, vout, amount }) => ({
      txid: parseDisplayHash(txid),
      vout,
      value: BigInt(Math.round(amount * SAT_OF_A_COIN)),
      script,
    }))
}

/** Outputs that can be spent, and why others cannot. */
export interface CheckedOutputs {
  readonly spendable: readonly SpentOutput[]
  readonly refused: readonly { readonly name: string; readonly reason: string }[]
}

/** Asks the node of each output whether it is unspent, pays the pool as much as was said, and is mature. */
export async function checkOutputs(
  node: NodeRpc,
  outputs: readonly { readonly name: string; readonly output: SpentOutput }[],
): Promise<CheckedOutputs> {
  const spendable: SpentOutput[] = []
  const refused: { name: string; reason: string }[] = []
  for (const { name, output } of outputs) {
    const [txid = ''] = name.split(':')
    const told = (await node.call('gettxout', [txid, output.vout])) as UnspentOutput | null
    const reason = told === null ? 'is spent, or not known to the node' : problemOf(told, output)
    if (reason !== undefined) refused.push({ name, reason })
    else spendable.push(witnessProgram(output.script) ? output : await withPrevious(node, txid, output))
  }
  return { spendable, refused }
}

interface UnspentOutput {
  readonly value: number
  readonly coinbase: boolean
  readonly confirmations: number
  readonly scriptPubKey: { readonly hex: string }
}

function problemOf(
  { value, coinbase, confirmations, scriptPubKey }: UnspentOutput,
  output: SpentOutput,
): string | undefined {
  const sat = BigInt(Math.round(value * SAT_OF_A_COIN))
  if (!equalBytes(unhex(scriptPubKey.hex), output.script)) return 'does not pay the script of the pool'
  if (sat !== output.value) return `has ${sat} sat, not ${output.value}`
  if (coinbase && confirmations < MATURE)
    return `is of a coinbase with ${confirmations} of ${MATURE} confirmations`
  return confirmations < 1 ? 'is not confirmed' : undefined
}

/** A signer of scripts of the old kind wants the whole transaction: a wallet has it, or a node with an index. */
async function withPrevious(node: NodeRpc, txid: string, output: SpentOutput): Promise<SpentOutput> {
  try {
    const { hex } = (await node.call('gettransaction', [txid])) as { readonly hex: string }
    return { ...output, previous: unhex(hex) }
  } catch (error) {
    if (!(error instanceof NodeRpcError)) throw error
    return { ...output, previous: unhex(String(await node.call('getrawtransaction', [txid]))) }
  }
}
