import { hexText } from './hex-text.ts'
import { type NodeRpc, NodeRpcError } from './node-rpc.ts'

/** A node that says nothing for so long checks nothing, ms. */
const PROPOSAL_TIMEOUT_MS = 20_000
/** The block cannot be decoded, says a node (RPC_DESERIALIZATION_ERROR). */
const UNDECODABLE = -22

/**
 * Asks nodes in turn what they think of a block without proof of work (BIP 23): null when it is good, else a reject
 * reason; undefined when none of them can be asked, or none gives an answer that BIP 22 knows.
 * @param onUndecided an answer that cannot be read
 */
export async function proposeBlock(
  nodes: readonly NodeRpc[],
  block: Uint8Array,
  onUndecided: (node: string, reason: string) => void = () => undefined,
): Promise<string | null | undefined> {
  const data = hexText(block)
  for (const node of nodes) {
    try {
      const verdict = await node.call('getblocktemplate', [{ mode: 'proposal', data }], PROPOSAL_TIMEOUT_MS)
      if (verdict === null || typeof verdict === 'string') return verdict
      onUndecided(node.url, `an answer that is no BIP 22 text: ${JSON.stringify(verdict)?.slice(0, 200)}`)
    } catch (error) {
      if (!(error instanceof NodeRpcError)) throw error
      if (error.code === UNDECODABLE) return 'undecodable'
    }
  }
  return undefined
}
