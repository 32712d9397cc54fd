import { nbitsAfter } from '../chain-params.ts'
import { loadSubmittedBlock } from '../loaded-block.ts'
import { hexBytes, integerArgument, parsed, stringArgument } from './arguments.ts'
import { bitsText, difficultyOf, targetText } from './block-json.ts'
import { regtestScript } from './network-methods.ts'
import type { RpcCall, RpcMethods } from './rpc-method.ts'
import { getBlockTemplate } from './template-method.ts'

const UNDECODABLE = 'Block decode failed'

function submitBlock({ node }: RpcCall, args: readonly unknown[]): unknown {
  const bytes = hexBytes(stringArgument(args, 0, 'hexdata'), UNDECODABLE)
  return node.chain.submit(parsed(() => loadSubmittedBlock(bytes), UNDECODABLE))
}

function getMiningInfo({ node }: RpcCall): unknown {
  const { tip, params } = node.chain
  const { nbits } = tip.block.header
  const nextNbits = nbitsAfter(params, tip, node.clock.now())
  return {
    blocks: tip.height,
    bits: bitsText(nbits),
    difficulty: difficultyOf(nbits),
    target: targetText(nbits),
    networkhashps: 0,
    pooledtx: node.mempool.size,
    chain: node.status.chain,
    next: {
      height: tip.height + 1,
      bits: bitsText(nextNbits),
      difficulty: difficultyOf(nextNbits),
      target: targetText(nextNbits),
    },
    warnings: [],
  }
}

function generateToAddress({ node }: RpcCall, args: readonly unknown[]): Promise<string[]> {
  const count = integerArgument(args, 0, 'nblocks')
  const script = regtestScript(stringArgument(args, 1, 'address'), 'Error: Invalid address')
  return node.generate(count, script)
}

/** Methods for miners. */
export const miningMethods: RpcMethods = {
  getblocktemplate: { parameters: ['template_request'], run: getBlockTemplate },
  submitblock: { parameters: ['hexdata', 'dummy'], run: submitBlock },
  getmininginfo: { parameters: [], run: getMiningInfo },
  generatetoaddress: { parameters: ['nblocks', 'address', 'maxtries'], run: generateToAddress },
}
