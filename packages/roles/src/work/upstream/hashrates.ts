import { MAX_TARGET } from '@sv2/bitcoin'
import type { Channel } from '../../mining/channel/channel.ts'
import type { SlotLoad } from './hashrate-split.ts'
import type { Workload, WorkSlot } from './workload.ts'
import type { Workloads } from './workloads.ts'

/** A changed hash rate is told when it differs by this part. */
const WORTH_TELLING = 0.1

/** H/s: what is told is a single-precision number, and clients may declare the greatest of them. */
const MOST_HASHRATE = 1e38

/** H/s of channels together, as far as it can be told. */
export function hashrateOf(channels: readonly Channel[]): number {
  let sum = 0
  for (const { hashrate } of channels) sum += hashrate
  return Math.min(sum, MOST_HASHRATE)
}

/** Whether a hash rate differs so much from what was told that it is told anew, H/s. */
export function isWorthTelling(hashrate: number, told: number): boolean {
  return Math.abs(hashrate - told) > WORTH_TELLING * told
}

/** Counts one more miner on a workload until all are added up anew; the sum stays a number that can be told. */
export function addHashrate(workload: Workload, hashrate: number): void {
  workload.hashrate = Math.min(workload.hashrate + hashrate, MOST_HASHRATE)
}

/** Adds up how fast those on each workload are. */
export function addHashrates(workloads: Workloads, channels: readonly Channel[]): void {
  for (const workload of workloads) {
    workload.hashrate = 0
    workload.channels = 0
  }
  for (const { book, hashrate } of channels) {
    const workload = workloads.of(book)
    if (workload === undefined) continue
    addHashrate(workload, hashrate)
    workload.channels++
  }
}

/** Tells the upstreams the hash rate of the miners, where it has changed (PRX-03 … PRX-08). */
export function tellHashrates(workloads: Workloads): void {
  for (const workload of workloads) {
    const { work, hashrate, channels, told } = workload
    if (work.channel === undefined || hashrate === told.hashrate) continue
    if (!isWorthTelling(hashrate, told.hashrate) && channels === told.channels) continue
    workload.told = { hashrate, channels }
    work.channel.update(hashrate, MAX_TARGET)
  }
}

/** How much works at each slot. */
export function loadsOf(slots: readonly WorkSlot[], workloads: Workloads): SlotLoad[] {
  if (slots.length === 1) return slots.map((slot) => ({ slot, hashrate: 0 }))
  const loads = new Map(slots.map((slot) => [slot, 0]))
  for (const { slot, hashrate } of workloads) loads.set(slot, (loads.get(slot) ?? 0) + hashrate)
  return [...loads].map(([slot, hashrate]) => ({ slot, hashrate }))
}
