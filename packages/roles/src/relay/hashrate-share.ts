import type { RelayedClient, RelaySlot } from './parties.ts'

/** Takes over what a client's channels declare. */
export function declareHashrate(client: RelayedClient, change: number): void {
  const { slot } = client
  if (slot === undefined || change === 0) return
  const before = client.hashrate
  // sums of floats drift: a client that declares nothing any more weighs nothing
  client.hashrate = client.channels.size === 0 ? 0 : Math.max(0, before + change)
  slot.declaring += (client.hashrate > 0 ? 1 : 0) - (before > 0 ? 1 : 0)
  slot.hashrate = slot.declaring === 0 ? 0 : Math.max(0, slot.hashrate + client.hashrate - before)
}

/**
 * The slot that has least of what it should have, by the hash rate that clients declare; one that has declared none
 * yet is taken for an average one.
 */
export function leastLoadedSlot(slots: readonly RelaySlot[]): RelaySlot | undefined {
  const declaring = slots.reduce((sum, slot) => sum + slot.declaring, 0)
  const hashrate = slots.reduce((sum, slot) => sum + slot.hashrate, 0)
  const average = declaring === 0 ? 1 : hashrate / declaring
  let best: { readonly slot: RelaySlot; readonly load: number } | undefined
  for (const slot of slots) {
    const silent = slot.clients.size - slot.declaring
    const load = (slot.hashrate + (silent + 1) * average) / slot.share
    if (best === undefined || load < best.load) best = { slot, load }
  }
  return best?.slot
}
