import type { Client, RelaySeat } from './parties.ts'

/** Takes over what a client's channels declare. */
export function declareHashrate(client: Client, change: number): void {
  const { seat } = client
  if (seat === undefined || change === 0) return
  const before = client.hashrate
  // sums of floats drift: a client that declares nothing any more weighs nothing
  client.hashrate = client.channels.size === 0 ? 0 : Math.max(0, before + change)
  seat.declaring += (client.hashrate > 0 ? 1 : 0) - (before > 0 ? 1 : 0)
  seat.hashrate = seat.declaring === 0 ? 0 : Math.max(0, seat.hashrate + client.hashrate - before)
}

/**
 * The seat that has least of what it should have, by the hash rate that clients declare; one that has declared none
 * yet is taken for an average one.
 */
export function seatFor(seats: readonly RelaySeat[]): RelaySeat | undefined {
  const declaring = seats.reduce((sum, seat) => sum + seat.declaring, 0)
  const hashrate = seats.reduce((sum, seat) => sum + seat.hashrate, 0)
  const average = declaring === 0 ? 1 : hashrate / declaring
  let best: { readonly seat: RelaySeat; readonly load: number } | undefined
  for (const seat of seats) {
    const silent = seat.clients.size - seat.declaring
    const load = (seat.hashrate + (silent + 1) * average) / seat.share
    if (best === undefined || load < best.load) best = { seat, load }
  }
  return best?.seat
}
