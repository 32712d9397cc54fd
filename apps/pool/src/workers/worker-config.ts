import { availableParallelism } from 'node:os'
import type { NumberSpace } from '@sv2/app-kit'
import type { PoolConfig } from '../config.ts'

/** How many worker processes a pool has; 1: it is one process, with its miners. */
export function workersOf({ workers }: Pick<PoolConfig, 'workers'>): number {
  return workers === 'auto' ? Math.min(64, availableParallelism()) : workers
}

/** What one of several worker processes is configured with: its part of every limit that holds for the node. */
export function workerConfig(config: PoolConfig, workers: number): PoolConfig {
  const part = (limit: number) => Math.ceil(limit / workers)
  const { extranonce, journal, payout, custom_work } = config
  return {
    ...config,
    max_held_mib: part(config.max_held_mib),
    payout: { ...payout, max_payouts: part(payout.max_payouts) },
    extranonce: { ...extranonce, max_channels: part(extranonce.max_channels) },
    custom_work: {
      ...custom_work,
      unchecked_trust_difficulty: custom_work.unchecked_trust_difficulty / workers,
    },
    journal: { ...journal, max_waiting_shares: part(journal.max_waiting_shares) },
    listen: config.listen.map((door) => ({ ...door, max_connections: part(door.max_connections) })),
  }
}

/** The numbers in the journal that are a worker's own; place 0 is the main process, which numbers too. */
export function numbersOf(place: number, workers: number): NumberSpace {
  return { first: place, step: workers + 1 }
}

/** Records wait half of the time that a share may wait for its flush in the worker, and half of it in the main process. */
export function recordsWaitMs({ flush_ms }: Pick<PoolConfig['journal'], 'flush_ms'>): number {
  return Math.ceil(flush_ms / 2)
}
