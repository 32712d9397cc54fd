import { hrtime } from 'node:process'
import type { Work } from '@sv2/roles/device'

/** What a thread is started with. */
export interface ThreadSettings {
  readonly index: number
  readonly threads: number
  /** H/s of this thread; Infinity for none. */
  readonly cap: number
  /** Shared; each thread counts its hashes at its index, the main thread takes them away. */
  readonly hashes: Int32Array
  /** Shared; shares on their way to the main thread, at the index of their thread. */
  readonly waiting: Int32Array
}

/** What the main thread sends. */
export interface ThreadOrder {
  readonly work: Work | undefined
  /** `work.startedAt` on the clock of {@link monotonicMs}. */
  readonly startedMs: number
}

/** A clock all threads of a process share, ms; `performance.now` starts anew in each. */
export function monotonicMs(): number {
  return Number(hrtime.bigint()) / 1e6
}
