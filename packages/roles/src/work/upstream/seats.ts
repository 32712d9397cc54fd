import type { WorkSeat } from './line.ts'
import { UpstreamUse } from './upstream-use.ts'

/** A seat and the hash rate that works there, H/s. */
export interface SeatLoad {
  readonly seat: WorkSeat
  readonly hashrate: number
}

/** Hash rate may be off its share by this part of the whole before a client is moved. */
const TOLERANCE = 0.05

/** The seats of a node: one for all, or one per upstream that is to get a share of the hash rate. */
export function makeSeats(shares: readonly (number | undefined)[]): WorkSeat[] {
  const places = [...shares.keys()]
  const split = places.filter((place) => (shares[place] ?? 0) > 0)
  if (split.length === 0) return [seat(100, places)]
  return split.map((place) => seat(shares[place] ?? 0, [place, ...places.filter((other) => other !== place)]))
}

function seat(share: number, preference: readonly number[]): WorkSeat {
  return { share, preference, order: [], using: new UpstreamUse() }
}

/** The seat that lacks most of its share, when so much more hash rate comes. */
export function seatFor(loads: readonly SeatLoad[], added: number): WorkSeat {
  const total = loads.reduce((sum, { hashrate }) => sum + hashrate, 0) + Math.max(added, 1)
  let best = loads[0]
  for (const load of loads) if (best === undefined || lack(load, total) > lack(best, total)) best = load
  if (best === undefined) throw new RangeError('no seats')
  return best.seat
}

/** Which seat has too much and which too little, and how much should move; undefined when all is well. */
export function imbalance(
  loads: readonly SeatLoad[],
): { readonly from: WorkSeat; readonly to: WorkSeat; readonly hashrate: number } | undefined {
  const total = loads.reduce((sum, { hashrate }) => sum + hashrate, 0)
  if (loads.length < 2 || total <= 0) return undefined
  const sorted = [...loads].sort((a, b) => lack(a, total) - lack(b, total))
  const [over, under] = [sorted[0], sorted.at(-1)]
  if (over === undefined || under === undefined) return undefined
  const hashrate = Math.min(-lack(over, total), lack(under, total))
  if (hashrate < TOLERANCE * total) return undefined
  return { from: over.seat, to: under.seat, hashrate }
}

/** Hash rate that a seat lacks to its share of the whole; negative when it has too much. */
function lack({ seat: { share }, hashrate }: SeatLoad, total: number): number {
  return (share / 100) * total - hashrate
}
