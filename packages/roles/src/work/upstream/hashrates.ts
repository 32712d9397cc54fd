import { MAX_TARGET } from '@sv2/bitcoin'
import type { Channel } from '../../mining/channel/channel.ts'
import type { Line, WorkSeat } from './line.ts'
import type { Lines } from './lines.ts'
import type { SeatLoad } from './seats.ts'

/** A changed hash rate is told when it differs by this part. */
const WORTH_TELLING = 0.1

/** H/s: what is told is a single-precision number, and clients may declare the greatest of them. */
const MOST_HASHRATE = 1e38

/** Counts one more miner on a line until all are added up anew; the sum stays a number that can be told. */
export function addHashrate(line: Line, hashrate: number): void {
  line.hashrate = Math.min(line.hashrate + hashrate, MOST_HASHRATE)
}

/** Adds up how fast those on each line are. */
export function addHashrates(lines: Lines, channels: readonly Channel[]): void {
  for (const line of lines) {
    line.hashrate = 0
    line.channels = 0
  }
  for (const { book, hashrate } of channels) {
    const line = lines.of(book)
    if (line === undefined) continue
    addHashrate(line, hashrate)
    line.channels++
  }
}

/** Tells the upstreams the hash rate of the miners, where it has changed (PRX-03 … PRX-08). */
export function tellHashrates(lines: Lines): void {
  for (const line of lines) {
    const { supply, hashrate, channels, told } = line
    if (supply.feed === undefined || hashrate === told.hashrate) continue
    const much = Math.abs(hashrate - told.hashrate) > WORTH_TELLING * told.hashrate
    if (!much && channels === told.channels) continue
    line.told = { hashrate, channels }
    supply.feed.update(hashrate, MAX_TARGET)
  }
}

/** How much works at each seat. */
export function loadsOf(seats: readonly WorkSeat[], lines: Lines): SeatLoad[] {
  if (seats.length === 1) return seats.map((seat) => ({ seat, hashrate: 0 }))
  const loads = new Map(seats.map((seat) => [seat, 0]))
  for (const { seat, hashrate } of lines) loads.set(seat, (loads.get(seat) ?? 0) + hashrate)
  return [...loads].map(([seat, hashrate]) => ({ seat, hashrate }))
}
