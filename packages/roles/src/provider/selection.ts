import type { NodeTemplate, NodeTransaction, Room } from '../ground/node-template.ts'

/** What a client's coinbase needs (TP-06 … TP-08). */
export interface Reserve {
  /** Bytes of the client's outputs. */
  readonly outputSize: number
  /** Signature operations of the client's outputs, as announced. */
  readonly outputSigops: number
}

const RESERVED = { segwit: 1_168, before: 944 }

/**
 * Weight units kept free for header, transaction count, coinbase and its witness commitment output: 1168 + 4·size on
 * a SegWit block, 944 + 4·size before (docs/wire.md §4.4). Largest output-count integer and a script of 100 bytes
 * are in these numbers (TP-07).
 */
export function reservedWeight(template: NodeTemplate, reserve: Reserve): number {
  return (template.segwit ? RESERVED.segwit : RESERVED.before) + 4 * reserve.outputSize
}

/**
 * The most room that is asked of a node which makes templates itself. All clients have the room of the one that needs most, so
 * that it costs the others fees: up to 2.5 % of a block.
 */
const MOST_ROOM: Room = { weight: 100_000, sigops: 8_000 }

/** Room for the outputs of a client, in a SegWit block. */
export function roomFor({ outputSize, outputSigops }: Reserve): Room {
  return { weight: RESERVED.segwit + 4 * outputSize, sigops: 4 * outputSigops }
}

/** Whether a block can hold these outputs at all, if it had no transactions. */
export function fitsBlock(template: NodeTemplate, reserve: Reserve): boolean {
  if (template.made !== undefined) return fitsRoom(MOST_ROOM, roomFor(reserve))
  return (
    reservedWeight(template, reserve) <= template.weightLimit &&
    4 * reserve.outputSigops <= template.sigopLimit
  )
}

/** Whether a room is at least as large as another one. */
export function fitsRoom(room: Room, needed: Room): boolean {
  return needed.weight <= room.weight && needed.sigops <= room.sigops
}

/** The room that is enough for all of these, as far as a node is asked for so much. */
export function commonRoom(reserves: Iterable<Reserve>): Room {
  let { weight, sigops } = roomFor({ outputSize: 0, outputSigops: 0 })
  for (const reserve of reserves) {
    const room = roomFor(reserve)
    if (!fitsRoom(MOST_ROOM, room)) continue
    weight = Math.max(weight, room.weight)
    sigops = Math.max(sigops, room.sigops)
  }
  return { weight, sigops }
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
