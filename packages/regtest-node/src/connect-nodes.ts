import type { BlockEntry } from './block-entry.ts'
import type { NodeCore } from './node-core.ts'
import type { RegtestNode } from './regtest-node.ts'

/**
 * Makes two nodes of the same rules peers: each gets what the other has, and from then on every new tip and every transaction.
 * Delivery is immediate.
 *
 * @param how `blocksOnly`: no transaction goes from one to the other, as with `-blocksonly`
 * @returns how to disconnect them.
 * @throws {RangeError} when their rules differ, so that one would refuse the other's blocks.
 */
export function connectNodes(
  a: RegtestNode,
  b: RegtestNode,
  how: { readonly blocksOnly?: boolean } = {},
): () => void {
  if (JSON.stringify(a.core.chain.params) !== JSON.stringify(b.core.chain.params)) {
    throw new RangeError('only nodes of the same nbits, maturity and initial blocks can be peers')
  }
  const undo = [...relayBlocks(a.core, b.core), ...relayBlocks(b.core, a.core)]
  if (how.blocksOnly !== true)
    undo.push(...relayTransactions(a.core, b.core), ...relayTransactions(b.core, a.core))
  a.core.status.peers++
  b.core.status.peers++
  let connected = true
  return () => {
    if (!connected) return
    connected = false
    for (const stop of undo) stop()
    a.core.status.peers--
    b.core.status.peers--
  }
}

function relayBlocks(from: NodeCore, to: NodeCore): (() => void)[] {
  sendChain(from, to)
  return [from.chain.onTipChange(() => sendChain(from, to))]
}

function relayTransactions(from: NodeCore, to: NodeCore): (() => void)[] {
  for (const { loaded } of from.mempool.entries()) to.mempool.accept(loaded)
  return [from.mempool.onTransaction(({ loaded }) => to.mempool.accept(loaded))]
}

// All blocks of the active chain that the other has not seen, lowest first. What the other refuses is its own business.
function sendChain(from: NodeCore, to: NodeCore): void {
  const missing: BlockEntry[] = []
  for (let at: BlockEntry | undefined = from.chain.tip; at !== undefined; at = at.parent) {
    if (to.chain.entry(at.block.id) !== undefined) break
    missing.push(at)
  }
  for (const { block } of missing.reverse()) to.chain.submit(block)
}
