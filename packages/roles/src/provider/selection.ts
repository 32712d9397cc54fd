import type { NodeTemplate, NodeTransaction } from '../ground/node-template.ts'

/** What a client's coinbase needs (TP-06 … TP-08). */
export interface Reserve {
  /** Bytes of the client's outputs. */
  readonly outputSize: number
  /** Signature operations of the client's outputs, as announced. */
  readonly outputSigops: number
}

/**
 * Weight units kept free for header, transaction count, coinbase and its witness commitment output: 1168 + 4·size on
 * a SegWit block, 944 + 4·size before (docs/wire.md §4.4). Largest output-count integer and a script of 100 bytes
 * are in these numbers (TP-07).
 */
export function reservedWeight(template: NodeTemplate, reserve: Reserve): number {
  return (template.segwit ? 1168 : 944) + 4 * reserve.outputSize
}

/** Whether a block can hold these outputs at all, if it had no transactions. */
export function fitsBlock(template: NodeTemplate, reserve: Reserve): boolean {
  return (
    reservedWeight(template, reserve) <= template.weightLimit &&
    4 * reserve.outputSigops <= template.sigopLimit
  )
}

/**
 * The transactions that fit beside a client's coinbase. A node's template has them in an order in which parents come
 * first, so a transaction is kept when it fits and all it depends on was kept: what is dropped takes its descendants
 * along. The last ones pay least and go first.
 */
export function selectTransactions(template: NodeTemplate, reserve: Reserve): readonly NodeTransaction[] {
  const all = template.transactions
  const weightLimit = template.weightLimit - reservedWeight(template, reserve)
  const sigopLimit = template.sigopLimit - 4 * reserve.outputSigops
  let weight = 0
  let sigops = 0
  for (const tx of all) {
    weight += tx.weight
    sigops += tx.sigops
  }
  if (weight <= weightLimit && sigops <= sigopLimit) return all

  const dropped = new Set<number>()
  for (let place = all.length - 1; place >= 0 && (weight > weightLimit || sigops > sigopLimit); place--) {
    for (const gone of withDescendants(all, place, dropped)) {
      dropped.add(gone)
      weight -= all[gone]!.weight
      sigops -= all[gone]!.sigops
    }
  }
  return all.filter((_, place) => !dropped.has(place))
}

/** A place and those after it that spend from it, directly or not, as far as they are still there. */
function withDescendants(
  all: readonly NodeTransaction[],
  place: number,
  dropped: ReadonlySet<number>,
): number[] {
  if (dropped.has(place)) return []
  const gone = new Set([place])
  for (let later = place + 1; later < all.length; later++) {
    if (dropped.has(later)) continue
    if (all[later]!.depends.some((parent) => gone.has(parent))) gone.add(later)
  }
  return [...gone]
}
