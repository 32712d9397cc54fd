import { hex, MAX_BLOCK_SIGOPS_COST, MAX_BLOCK_WEIGHT } from '@sv2/bitcoin'
import { loadSubmittedBlock } from '../loaded-block.ts'
import type { MempoolEntry } from '../mempool-entry.ts'
import { commitmentOutput } from '../miner.ts'
import { hexBytes, parsed } from './arguments.ts'
import { bitsText, targetText } from './block-json.ts'
import { longPollId, waitForNews } from './long-poll.ts'
import { RPC, RpcError } from './rpc-error.ts'
import type { RpcCall } from './rpc-method.ts'

type TemplateRequest = {
  readonly mode: unknown
  readonly data: unknown
  readonly rules: unknown
  readonly longpollid: unknown
}

/** getblocktemplate (BIP 22, 23, 145): a template, at once or by long poll, or the verdict on a proposed block. */
export async function getBlockTemplate(call: RpcCall, args: readonly unknown[]): Promise<unknown> {
  if (args[0] === undefined || args[0] === null)
    throw new RpcError(RPC.misc, 'getblocktemplate {"mode":"str",...}')
  const request = args[0] as Partial<TemplateRequest>
  const mode = request.mode ?? 'template'
  if (mode !== 'template' && mode !== 'proposal') throw new RpcError(RPC.invalidParameter, 'Invalid mode')
  if (mode === 'proposal') return propose(call, request.data)
  // A real node excuses test networks from this; the embedded one says so whenever it is told to be syncing.
  if (call.node.status.initialBlockDownload) {
    throw new RpcError(RPC.inInitialDownload, 'Bitcoin Core is in initial sync and waiting for blocks...')
  }
  if (typeof request.longpollid === 'string') await waitForNews(call, request.longpollid)
  if (!Array.isArray(request.rules) || !request.rules.includes('segwit')) {
    throw new RpcError(
      RPC.invalidParameter,
      'getblocktemplate must be called with the segwit rule set (call with {"rules": ["segwit"]})',
    )
  }
  return templateJson(call)
}

function propose({ node }: RpcCall, data: unknown): string | null {
  if (typeof data !== 'string') throw new RpcError(RPC.type, 'Missing data String key for proposal')
  const block = parsed(() => loadSubmittedBlock(hexBytes(data, 'Block decode failed')), 'Block decode failed')
  return node.chain.propose(block)
}

function templateJson(call: RpcCall): unknown {
  const template = call.node.template()
  const positions = new Map(template.transactions.map((entry, index) => [entry.loaded.id, index + 1]))
  return {
    capabilities: ['proposal'],
    version: template.version,
    rules: ['csv', '!segwit', 'taproot'],
    vbavailable: {},
    vbrequired: 0,
    previousblockhash: template.parent.block.id,
    transactions: template.transactions.map((entry) => transactionEntry(entry, positions)),
    coinbaseaux: {},
    coinbasevalue: Number(template.coinbaseValue),
    longpollid: longPollId(call),
    target: targetText(template.nbits),
    mintime: template.minTime,
    mutable: ['time', 'transactions', 'prevblock'],
    noncerange: '00000000ffffffff',
    sigoplimit: MAX_BLOCK_SIGOPS_COST,
    sizelimit: 4_000_000,
    weightlimit: MAX_BLOCK_WEIGHT,
    curtime: template.time,
    bits: bitsText(template.nbits),
    height: template.height,
    default_witness_commitment: hex(
      commitmentOutput(template.transactions.map((entry) => entry.loaded)).script,
    ),
  }
}

function transactionEntry(entry: MempoolEntry, positions: ReadonlyMap<string, number>): unknown {
  return {
    data: hex(entry.loaded.bytes),
    txid: entry.loaded.id,
    hash: entry.loaded.witnessId,
    depends: [...entry.parents].flatMap((id) => positions.get(id) ?? []),
    fee: Number(entry.fee),
    sigops: entry.sigopsCost,
    weight: entry.loaded.weight,
  }
}
