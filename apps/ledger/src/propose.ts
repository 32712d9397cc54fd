import { writeFileSync } from 'node:fs'
import { displayHash, type SpentOutput, unsignedPsbt } from '@sv2/bitcoin'
import { type AccountKey, planPayment } from '@sv2/roles/ledger'
import type { NodeRpc } from '@sv2/runtime'
import { type BooksSettings, readBooks } from './read-books.ts'
import { checkOutputs, namedOutput, walletOutputs } from './wallet-outputs.ts'

/** What is to be proposed. */
export interface Proposal {
  /** Satoshi. */
  readonly above: bigint
  /** Satoshi for each virtual byte, as the operator wrote it. */
  readonly feeRate: number
  /** `txid:vout:satoshi` each; none: what the node's wallet has. */
  readonly utxo: readonly string[]
  /** File for the PSBT, as base64. */
  readonly out?: string | undefined
}

/** Less is not relayed by any node, whatever kind of script it pays, satoshi. */
const DUST = 546n

/**
 * Prints a PSBT that pays balances out of outputs of the pool. It holds no key and is signed elsewhere.
 * @param node undefined where none is configured: then named outputs are taken as they are
 * @throws {Error} in words for the operator
 */
export async function propose(
  settings: BooksSettings,
  proposal: Proposal,
  { node, print }: { readonly node: NodeRpc | undefined; readonly print: (text: string) => void },
): Promise<void> {
  const { ledger, nameOf } = readBooks(settings)
  const { poolScript, dustLimit } = ledger.terms
  const outputs = await outputsOf(proposal, { node, poolScript, network: settings.ledger.network }, print)
  const dust = BigInt(dustLimit)
  const plan = planPayment({
    balances: payable(ledger.balances(), ledger.available()),
    outputs,
    spendsAll: proposal.utxo.length > 0,
    least: proposal.above,
    dustLimit: dust > DUST ? dust : DUST,
    feeRate: BigInt(Math.round(proposal.feeRate * 1000)),
    poolScript,
  })
  if (typeof plan === 'string') throw new Error(plan)
  for (const { account, value, reason } of plan.left)
    print(`${sat(value)}  ${nameOf(account)} stays owed: ${reason}`)
  for (const { account, value } of plan.payments) print(`${sat(value)}  to ${nameOf(account)}`)
  print(`${sat(plan.change)}  back to the pool`)
  print(`${sat(plan.fee)}  fee`)
  for (const { txid, vout, value } of plan.inputs) print(`${sat(value)}  from ${displayHash(txid)}:${vout}`)
  const psbt = Buffer.from(unsignedPsbt(plan.inputs, plan.outputs)).toString('base64')
  if (proposal.out === undefined) return print(psbt)
  writeFileSync(proposal.out, `${psbt}\n`, { flag: 'wx' })
  print(`written to ${proposal.out}; sign it with the wallet of the pool, send it, then: sv2-ledger record`)
}

/** A balance for good, less what blocks took that are not confirmed yet. */
function payable(
  balances: readonly (readonly [AccountKey, bigint])[],
  available: ReadonlyMap<AccountKey, bigint>,
): ReadonlyMap<AccountKey, bigint> {
  return new Map(balances.flatMap(([account]) => [[account, available.get(account) ?? 0n] as const]))
}

async function outputsOf(
  { utxo }: Proposal,
  from: {
    readonly node: NodeRpc | undefined
    readonly poolScript: Uint8Array
    readonly network: BooksSettings['ledger']['network']
  },
  print: (text: string) => void,
): Promise<readonly SpentOutput[]> {
  const { node, poolScript, network } = from
  const named = utxo.map((text) => namedOutput(text, poolScript))
  if (node === undefined) {
    if (named.length === 0)
      throw new Error('ledger.nodes names no node: name outputs with --utxo txid:vout:satoshi')
    print('no node is configured (ledger.nodes): the outputs are taken as they were named')
    return named
  }
  const found = named.length > 0 ? named : await walletOutputs(node, poolScript, network)
  const listed = found.map((output) => ({ name: `${displayHash(output.txid)}:${output.vout}`, output }))
  const { spendable, refused } = await checkOutputs(node, listed)
  for (const { name, reason } of refused) print(`${name} ${reason}`)
  if (named.length > 0 && refused.length > 0) throw new Error('not every output that was named can be spent')
  return spendable
}

function sat(value: bigint): string {
  return `${value.toString().padStart(16)} sat`
}
