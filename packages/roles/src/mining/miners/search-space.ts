import type { Channel } from '../channel/channel.ts'
import type { MinersState } from './state.ts'
import { freshJob, sendOwnJob } from './work.ts'

/** Headers of one job, one second and one version. */
const NONCES = 2 ** 32

/** Headers of one job and one second: every nonce with every version that may be rolled. */
export function spacePerSecond({ versionMask }: Pick<Channel, 'versionMask'>): number {
  let bits = 0
  for (let rest = versionMask >>> 0; rest !== 0; rest >>>= 1) bits += rest & 1
  return NONCES * 2 ** bits
}

/**
 * Notes whether a device is too fast for its space: a standard channel has no extranonce to roll, so it has to be given
 * other jobs as often as there are any (POOL-04). Slower ones find new headers in every second.
 */
export function noteSpeed({ due: { starving } }: MinersState, channel: Channel): void {
  // asked for every share: versions are counted only where nonces alone do not suffice
  if (channel.hashrate <= NONCES && starving.size === 0) return
  if (channel.kind === 'standard' && channel.hashrate > spacePerSecond(channel)) starving.add(channel)
  else starving.delete(channel)
}

/** Gives jobs that they have not had to devices that are too fast for one. */
export function feedStarving(state: MinersState): void {
  for (const channel of state.due.starving) {
    const job = freshJob(state, channel)
    if (job !== undefined) sendOwnJob(state, channel, job)
  }
}
