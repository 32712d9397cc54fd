import { hex } from '@sv2/bitcoin'
import { type BlockEntry, medianTimePast } from '../block-entry.ts'
import type { Chain } from '../chain.ts'
import { booleanArgument, hashArgument, integerArgument, verbosityArgument } from './arguments.ts'
import { bitsText, blockJson, btc, difficultyOf, headerHex, headerJson, targetText } from './block-json.ts'
import { RPC, RpcError } from './rpc-error.ts'
import type { RpcCall, RpcMethods } from './rpc-method.ts'

function knownBlock(chain: Chain, args: readonly unknown[]): BlockEntry {
  const entry = chain.entry(hashArgument(args, 0, 'blockhash'))
  if (entry === undefined) throw new RpcError(RPC.invalidAddressOrKey, 'Block not found')
  return entry
}

function getBlockchainInfo({ node }: RpcCall): unknown {
  const { chain, status } = node
  const { tip } = chain
  return {
    chain: status.chain,
    blocks: tip.height,
    headers: tip.height + status.headersAhead,
    bestblockhash: tip.block.id,
    bits: bitsText(tip.block.header.nbits),
    target: targetText(tip.block.header.nbits),
    difficulty: difficultyOf(tip.block.header.nbits),
    time: tip.block.header.ntime,
    mediantime: medianTimePast(tip),
    verificationprogress: 1,
    initialblockdownload: status.initialBlockDownload,
    chainwork: tip.chainWork.toString(16).padStart(64, '0'),
    size_on_disk: 0,
    pruned: false,
    warnings: [],
  }
}

/** Answers at the next tip, or after `timeout` milliseconds (0: never), with the newest block. */
async function waitForNewBlock({ node, signal }: RpcCall, args: readonly unknown[]): Promise<unknown> {
  const timeoutMs = args[0] === undefined ? 0 : integerArgument(args, 0, 'timeout')
  if (timeoutMs < 0) throw new RpcError(RPC.misc, 'Negative timeout')
  await new Promise<void>((resolve) => {
    const timer = timeoutMs === 0 ? undefined : setTimeout(finish, timeoutMs)
    const stopWatching = node.chain.onTipChange(finish)
    signal.addEventListener('abort', finish, { once: true })
    if (signal.aborted) finish()
    function finish(): void {
      clearTimeout(timer)
      stopWatching()
      signal.removeEventListener('abort', finish)
      resolve()
    }
  })
  const { tip } = node.chain
  return { hash: tip.block.id, height: tip.height }
}

function getBlock({ node }: RpcCall, args: readonly unknown[]): unknown {
  const entry = knownBlock(node.chain, args)
  const verbosity = verbosityArgument(args, 1, 'verbosity', 1)
  if (verbosity <= 0) return hex(entry.block.bytes)
  return blockJson(node.chain, entry, verbosity === 1 ? 'ids' : 'transactions')
}

function getBlockHeader({ node }: RpcCall, args: readonly unknown[]): unknown {
  const entry = knownBlock(node.chain, args)
  return booleanArgument(args, 1, 'verbose', true) ? headerJson(node.chain, entry) : headerHex(entry)
}

function getBlockHash({ node }: RpcCall, args: readonly unknown[]): unknown {
  const entry = node.chain.at(integerArgument(args, 0, 'height'))
  if (entry === undefined) throw new RpcError(RPC.invalidParameter, 'Block height out of range')
  return entry.block.id
}

function getTxOut({ node }: RpcCall, args: readonly unknown[]): unknown {
  const key = `${hashArgument(args, 0, 'txid')}:${integerArgument(args, 1, 'n')}`
  const withMempool = booleanArgument(args, 2, 'include_mempool', true)
  if (withMempool && node.mempool.isSpent(key)) return null
  const coin = (withMempool ? node.mempool : node.chain.coins).get(key)
  if (coin === undefined) return null
  return {
    bestblock: node.chain.tip.block.id,
    confirmations: Math.max(node.chain.tip.height - coin.height + 1, 0),
    value: btc(coin.value),
    scriptPubKey: { hex: hex(coin.script) },
    coinbase: coin.coinbase,
  }
}

function getChainTips({ node }: RpcCall): unknown {
  const parents = new Set([...node.chain.entries()].map((entry) => entry.parent))
  return [...node.chain.entries()]
    .filter((entry) => !parents.has(entry))
    .map((entry) => ({
      height: entry.height,
      hash: entry.block.id,
      branchlen: branchLength(node.chain, entry),
      status: tipStatus(node.chain, entry),
    }))
    .sort((a, b) => b.height - a.height)
}

function tipStatus(chain: Chain, entry: BlockEntry): string {
  if (chain.isActive(entry)) return 'active'
  if (entry.status === 'invalid') return 'invalid'
  return entry.status === 'valid' ? 'valid-fork' : 'valid-headers'
}

function branchLength(chain: Chain, tip: BlockEntry): number {
  let at = tip
  while (!chain.isActive(at)) at = at.parent!
  return tip.height - at.height
}

/** Methods about blocks and the chain. */
export const blockchainMethods: RpcMethods = {
  getblockchaininfo: { parameters: [], run: getBlockchainInfo },
  getbestblockhash: { parameters: [], run: ({ node }) => node.chain.tip.block.id },
  waitfornewblock: { parameters: ['timeout'], run: waitForNewBlock },
  getblockcount: { parameters: [], run: ({ node }) => node.chain.tip.height },
  getdifficulty: { parameters: [], run: ({ node }) => difficultyOf(node.chain.tip.block.header.nbits) },
  getblockhash: { parameters: ['height'], run: getBlockHash },
  getblockheader: { parameters: ['blockhash', 'verbose'], run: getBlockHeader },
  getblock: { parameters: ['blockhash', 'verbosity'], run: getBlock },
  gettxout: { parameters: ['txid', 'n', 'include_mempool'], run: getTxOut },
  getchaintips: { parameters: [], run: getChainTips },
  invalidateblock: {
    parameters: ['blockhash'],
    run: ({ node }, args) => {
      node.chain.invalidate(knownBlock(node.chain, args))
      return null
    },
  },
  reconsiderblock: {
    parameters: ['blockhash'],
    run: ({ node }, args) => {
      node.chain.reconsider(knownBlock(node.chain, args))
      return null
    },
  },
}
