import type { Work } from '@sv2/roles/device'
import { startThread, systemClock } from '@sv2/runtime'
import { monotonicMs, type ThreadOrder, type ThreadSettings } from './hashing-order.ts'
import type { FoundShare } from './work-search.ts'

export interface HasherSettings {
  readonly threads: number
  /** Most H/s of all threads together; undefined: as fast as they can. */
  readonly hashrate?: number | undefined
}

export interface HasherObserver {
  /** A header that meets its work's target. May be of a work that was replaced a moment ago. */
  onShare(share: FoundShare): void
  /** Hashes of all threads since the last call; about once a second. */
  onHashed(hashes: number): void
}

/** Threads that hash. */
export interface Hasher {
  /** Hash this from now on, within some ms; undefined: rest. `work.startedAt` is a time of {@link systemClock}. */
  work(work: Work | undefined): void
  /** Ends the threads. Nothing is observed afterwards. */
  close(): Promise<void>
}

const REPORT_EVERY_MS = 1_000

/** Starts threads that hash on the CPU, each its own part of the nonces. @throws {RangeError} */
export function createHasher(settings: HasherSettings, observer: HasherObserver): Hasher {
  const { threads, hashrate } = settings
  if (!Number.isInteger(threads) || threads < 1) throw new RangeError(`${threads} threads`)
  if (hashrate !== undefined && !(hashrate > 0)) throw new RangeError(`a hash rate of ${hashrate} H/s`)
  const hashes = sharedCounters(threads)
  const waiting = sharedCounters(threads)
  const cap = hashrate === undefined ? Number.POSITIVE_INFINITY : hashrate / threads
  let closed = false
  const workers = Array.from({ length: threads }, (_, index) => {
    const data: ThreadSettings = { index, threads, cap, hashes, waiting }
    const worker = startThread(import.meta.url, './hashing-thread', data)
    worker.on('message', (share: FoundShare) => {
      Atomics.sub(waiting, index, 1)
      if (!closed) observer.onShare(share)
    })
    worker.on('error', (error) => {
      throw error // a thread only fails by our own mistake
    })
    return worker
  })
  const report = setInterval(() => {
    let sum = 0
    for (let i = 0; i < threads; i++) sum += Atomics.exchange(hashes, i, 0)
    observer.onHashed(sum)
  }, REPORT_EVERY_MS)

  return {
    work(work) {
      const startedMs = work === undefined ? 0 : monotonicMs() - (systemClock.now() - work.startedAt)
      const order: ThreadOrder = { work, startedMs }
      for (const worker of workers) worker.postMessage(order)
    },
    async close() {
      closed = true
      clearInterval(report)
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}

function sharedCounters(count: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * count))
}
