import type { NodeTemplate } from '@sv2/roles/ground'
import { readBlockTemplate } from './block-template.ts'
import type { NodeRpc } from './node-rpc.ts'
import { TemplateTransactions } from './template-transactions.ts'

/** Where a node's templates are asked for and read. */
export interface TemplateSource {
  /**
   * Asks the node for a template.
   * @param rules that we know (BIP 9)
   * @throws {NodeRpcError}
   * @throws {OddAnswer}
   * @throws {UnminableTemplate}
   */
  read(rules: readonly string[]): Promise<NodeTemplate>
  stop(): void
}

/** Templates that are read in this thread: those of a full block hold it up for a tenth of a second. */
export function templatesHere(rpc: NodeRpc): TemplateSource {
  const transactions = new TemplateTransactions()
  return {
    async read(rules) {
      return readBlockTemplate(await rpc.call('getblocktemplate', [{ rules }]), transactions)
    },
    stop: () => undefined,
  }
}
