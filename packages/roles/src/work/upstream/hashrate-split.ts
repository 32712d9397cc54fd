import { UpstreamUse } from './upstream-use.ts'
import type { WorkSlot } from './workload.ts'

/** A slot and the hash rate that works there, H/s. */
export interface SlotLoad {
  readonly slot: WorkSlot
  readonly hashrate: number
}

/** Hash rate may be off its share by this part of the whole before a client is moved. */
const TOLERANCE = 0.05

/** A share of the hash rate in percent, and the upstreams that it may go to, best first. */
export interface SharedOrder {
  readonly share: number
  readonly upstreams: readonly number[]
}

/** One order for all hash rate, or one for each upstream that is to get a share of it: the upstream itself, then the others. */
export function sharedOrders(shares: readonly (number | undefined)[]): SharedOrder[] {
  const places = [...shares.keys()]
  const split = places.filter((place) => (shares[place] ?? 0) > 0)
  if (split.length === 0) return [{ share: 100, upstreams: places }]
  return split.map((place) => ({
    share: shares[place] ?? 0,
    upstreams: [place, ...places.filter((other) => other !== place)],
  }))
}

/** The slots of a node. */
export function makeSlots(shares: readonly (number | undefined)[]): WorkSlot[] {
  return sharedOrders(shares).map(({ share, upstreams }) => ({
    share,
    preference: upstreams,
    order: [],
    using: new UpstreamUse(),
  }))
}

/** The slot that lacks most of its share, when so much more hash rate comes. */
export function mostLackingSlot(loads: readonly SlotLoad[], added: number): WorkSlot {
  const total = loads.reduce((sum, { hashrate }) => sum + hashrate, 0) + Math.max(added, 1)
  let best = loads[0]
  for (const load of loads) if (best === undefined || lack(load, total) > lack(best, total)) best = load
  if (best === undefined) throw new RangeError('no slots')
  return best.slot
}

/** Which slot has too much and which too little, and how much should move; undefined when all is well. */
export function imbalance(
  loads: readonly SlotLoad[],
): { readonly from: WorkSlot; readonly to: WorkSlot; readonly hashrate: number } | undefined {
  const total = loads.reduce((sum, { hashrate }) => sum + hashrate, 0)
  if (loads.length < 2 || total <= 0) return undefined
  const sorted = [...loads].sort((a, b) => lack(a, total) - lack(b, total))
  const [over, under] = [sorted[0], sorted.at(-1)]
  if (over === undefined || under === undefined) return undefined
  const hashrate = Math.min(-lack(over, total), lack(under, total))
  if (hashrate < TOLERANCE * total) return undefined
  return { from: over.slot, to: under.slot, hashrate }
}

/** Hash rate that a slot lacks to its share of the whole; negative when it has too much. */
function lack({ slot: { share }, hashrate }: SlotLoad, total: number): number {
  return (share / 100) * total - hashrate
}
