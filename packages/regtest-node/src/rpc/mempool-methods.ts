import { loadTransactionBytes } from '../loaded-transaction.ts'
import type { MempoolEntry } from '../mempool-entry.ts'
import { MIN_RELAY_FEE_RATE } from '../mempool-policy.ts'
import {
  booleanArgument,
  hashArgument,
  hexBytes,
  parsed,
  stringArgument,
  verbosityArgument,
} from './arguments.ts'
import { btc, transactionJson } from './block-json.ts'
import { RPC, RpcError } from './rpc-error.ts'
import type { RpcCall, RpcMethods } from './rpc-method.ts'

const UNDECODABLE = 'TX decode failed. Make sure the tx has at least one input.'

function entryJson({ node }: RpcCall, entry: MempoolEntry): Record<string, unknown> {
  const ancestors = node.mempool.ancestors(entry)
  const ancestorFee = ancestors.reduce((sum, ancestor) => sum + ancestor.fee, 0n)
  return {
    vsize: entry.loaded.vsize,
    weight: entry.loaded.weight,
    time: entry.time,
    height: entry.height,
    ancestorcount: ancestors.length,
    ancestorsize: ancestors.reduce((sum, ancestor) => sum + ancestor.loaded.vsize, 0),
    wtxid: entry.loaded.witnessId,
    fees: { base: btc(entry.fee), modified: btc(entry.fee), ancestor: btc(ancestorFee) },
    depends: [...entry.parents].filter((id) => node.mempool.entry(id) !== undefined),
  }
}

function getRawMempool(call: RpcCall, args: readonly unknown[]): unknown {
  const entries = [...call.node.mempool.entries()]
  if (!booleanArgument(args, 0, 'verbose', false)) return entries.map((entry) => entry.loaded.id)
  return Object.fromEntries(entries.map((entry) => [entry.loaded.id, entryJson(call, entry)]))
}

function getMempoolEntry(call: RpcCall, args: readonly unknown[]): unknown {
  const entry = call.node.mempool.entry(hashArgument(args, 0, 'txid'))
  if (entry === undefined) throw new RpcError(RPC.invalidAddressOrKey, 'Transaction not in mempool')
  return entryJson(call, entry)
}

function getMempoolInfo({ node }: RpcCall): unknown {
  const entries = [...node.mempool.entries()]
  return {
    loaded: true,
    size: entries.length,
    bytes: entries.reduce((sum, entry) => sum + entry.loaded.vsize, 0),
    total_fee: btc(entries.reduce((sum, entry) => sum + entry.fee, 0n)),
    mempoolminfee: MIN_RELAY_FEE_RATE / 1e8,
    minrelaytxfee: MIN_RELAY_FEE_RATE / 1e8,
    unbroadcastcount: 0,
  }
}

// Like a real node without -txindex: the mempool, or a block that the caller names.
function getRawTransaction({ node }: RpcCall, args: readonly unknown[]): unknown {
  const id = hashArgument(args, 0, 'txid')
  const verbosity = verbosityArgument(args, 1, 'verbosity', 0)
  const blockId = args[2] === undefined || args[2] === null ? undefined : hashArgument(args, 2, 'blockhash')
  const entry = blockId === undefined ? undefined : node.chain.entry(blockId)
  if (blockId !== undefined && entry === undefined)
    throw new RpcError(RPC.invalidAddressOrKey, 'Block hash not found')
  const loaded =
    entry === undefined ? node.mempool.entry(id)?.loaded : entry.block.transactions.find((tx) => tx.id === id)
  if (loaded === undefined) {
    const where =
      entry === undefined
        ? 'No such mempool transaction. Use -txindex or provide a block hash to enable blockchain transaction queries'
        : 'No such transaction found in the provided block'
    throw new RpcError(RPC.invalidAddressOrKey, `${where}. Use gettransaction for wallet transactions.`)
  }
  const json = transactionJson(loaded)
  return verbosity === 0
    ? json.hex
    : { ...json, ...(entry === undefined ? {} : { blockhash: entry.block.id }) }
}

function sendRawTransaction({ node }: RpcCall, args: readonly unknown[]): unknown {
  const text = stringArgument(args, 0, 'hexstring')
  const loaded = parsed(() => loadTransactionBytes(hexBytes(text, UNDECODABLE)), UNDECODABLE)
  const verdict = node.mempool.accept(loaded)
  if ('entry' in verdict || verdict.reason === 'txn-already-in-mempool') return loaded.id
  if (verdict.reason === 'txn-already-known') {
    throw new RpcError(RPC.verifyAlreadyInUtxoSet, 'Transaction outputs already in utxo set')
  }
  const missing = verdict.reason === 'bad-txns-inputs-missingorspent'
  throw new RpcError(missing ? RPC.verify : RPC.verifyRejected, verdict.reason)
}

function testMempoolAccept({ node }: RpcCall, args: readonly unknown[]): unknown {
  const texts = args[0]
  if (!Array.isArray(texts)) throw new RpcError(RPC.type, 'rawtxs must be an array')
  // Each one alone: a package whose members depend on each other is not judged as a whole.
  return texts.map((text, index) => {
    const raw = stringArgument(texts, index, 'rawtx')
    const loaded = parsed(
      () => loadTransactionBytes(hexBytes(raw, `TX decode failed: ${text}`)),
      `TX decode failed: ${text}`,
    )
    const verdict = node.mempool.test(loaded)
    const ids = { txid: loaded.id, wtxid: loaded.witnessId }
    if ('entry' in verdict)
      return { ...ids, allowed: true, vsize: loaded.vsize, fees: { base: btc(verdict.entry.fee) } }
    const reason = verdict.reason === 'bad-txns-inputs-missingorspent' ? 'missing-inputs' : verdict.reason
    return { ...ids, allowed: false, 'reject-reason': reason }
  })
}

/** Methods about waiting transactions. */
export const mempoolMethods: RpcMethods = {
  getrawmempool: { parameters: ['verbose'], run: getRawMempool },
  getmempoolentry: { parameters: ['txid'], run: getMempoolEntry },
  getmempoolinfo: { parameters: [], run: getMempoolInfo },
  getrawtransaction: { parameters: ['txid', 'verbosity', 'blockhash'], run: getRawTransaction },
  sendrawtransaction: { parameters: ['hexstring', 'maxfeerate'], run: sendRawTransaction },
  testmempoolaccept: { parameters: ['rawtxs', 'maxfeerate'], run: testMempoolAccept },
}
