import { type Network, networkOfChain } from '@sv2/bitcoin'
import { z } from 'zod'
import { refuseSigned } from './block-template.ts'

/** What is used of a getblockchaininfo answer. */
export const chainInfo = z.object({
  chain: z.string(),
  // Other nodes than Core leave it out when there is none.
  initialblockdownload: z.boolean().default(false),
  blocks: z.int(),
  headers: z.int(),
  bestblockhash: z.string().optional(),
  signet_challenge: z.string().optional(),
})

/** A block whose header is there and the rest not yet is on its way; more than one are none. */
const MAX_BLOCKS_BEHIND = 1

/** The node is not as new as the network. */
export class Behind extends Error {
  readonly blocks: number

  constructor(message: string, blocks: number) {
    super(message)
    this.blocks = blocks
  }
}

/**
 * Refuses a node whose templates would not be good work.
 * @param node as messages name it
 * @throws {Behind}
 * @throws {UnminableTemplate} for a signet whose blocks need a signature
 * @throws {Error} for a node of another network
 */
export function judgeChain(
  { chain, initialblockdownload, blocks, headers, signet_challenge: challenge }: z.output<typeof chainInfo>,
  { network, node }: { readonly network: Network; readonly node: string },
): void {
  const itsNetwork = networkOfChain(chain)
  if (itsNetwork !== network) {
    throw new Error(
      `node ${node} runs on ${itsNetwork ?? chain}, and this provider on ${network}: set network, or point it at another node`,
    )
  }
  const behind = Math.max(0, headers - blocks)
  refuseSigned(challenge)
  // Nodes call an old tip a download, also on a network of one's own, which has no other.
  const isOwn = network === 'regtest' || challenge !== undefined
  if (initialblockdownload && !isOwn) {
    throw new Behind(`node ${node} is in initial block download (${blocks} of ${headers} blocks)`, behind)
  }
  if (behind > MAX_BLOCKS_BEHIND) {
    throw new Behind(
      `node ${node} is behind the network (${blocks} of ${headers} blocks): no work is handed out until it has caught up; if it does not, look into its log`,
      behind,
    )
  }
}
