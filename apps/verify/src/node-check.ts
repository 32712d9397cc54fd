import { encodeStripped, equalBytes, parseBlock, unhex } from '@sv2/bitcoin'
import { type NodeRpc, NodeRpcError } from '@sv2/runtime'
import type { Findings } from './findings.ts'
import type { JournalBlock } from './read-journal.ts'

export const OTHER_COINBASE = 'The block in your node does not pay what the pool has booked.'
/** A node that does not know a block (RPC_INVALID_ADDRESS_OR_KEY). */
const UNKNOWN = -5

/** Compares the coinbases of blocks with those in the verifier's own node. */
export async function compareWithNode(
  node: NodeRpc,
  blocks: readonly JournalBlock[],
  findings: Findings,
): Promise<void> {
  let compared = 0
  for (const { booking, coinbase } of blocks) {
    const raw = await rawBlock(node, booking.hash)
    if (raw === undefined) {
      findings.note(`Your node does not know block ${booking.hash}: it may be orphaned.`)
      continue
    }
    const [first] = parseBlock(unhex(raw)).transactions
    if (first === undefined || !equalBytes(encodeStripped(first), coinbase))
      findings.broken(OTHER_COINBASE, `block ${booking.height} ${booking.hash}`)
    else compared++
  }
  if (compared > 0)
    findings.holds(`In your node, ${compared} blocks have the coinbase that the pool has booked.`)
}

async function rawBlock(node: NodeRpc, hash: string): Promise<string | undefined> {
  try {
    return String(await node.call('getblock', [hash, 0]))
  } catch (error) {
    if (error instanceof NodeRpcError && error.code === UNKNOWN) return undefined
    throw error
  }
}
