import { parentPort, workerData } from 'node:worker_threads'
import { monotonicMs, type ThreadOrder, type ThreadSettings } from './hashing-order.ts'
import { Pace } from './pace.ts'
import { type NoncePart, WorkSearch } from './work-search.ts'

/** So many shares may wait for the main thread before this one pauses: an easy target is met by every hash. */
const MOST_WAITING = 64
/** Pause when shares wait, or when a work is used up until the next second, ms. */
const PAUSE_MS = 2

/** The thread: it hashes in stretches of a few ms and takes orders between them. */
class HashingThread {
  readonly #settings: ThreadSettings
  readonly #part: NoncePart
  readonly #pace: Pace
  #search: WorkSearch | undefined
  #startedMs = 0
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined

  constructor(settings: ThreadSettings) {
    this.#settings = settings
    this.#part = { index: settings.index, count: settings.threads }
    this.#pace = new Pace(settings.cap, monotonicMs())
  }

  take(order: ThreadOrder): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    if (this.#search === undefined) this.#pace.restart(monotonicMs())
    this.#search = order.work === undefined ? undefined : new WorkSearch(order.work, this.#part)
    this.#startedMs = order.startedMs
    if (this.#search !== undefined) this.#soon()
  }

  #soon(): void {
    this.#immediate = setImmediate(() => this.#step())
  }

  #after(ms: number): void {
    this.#timer = setTimeout(() => this.#step(), ms)
  }

  #step(): void {
    const { hashes: counted, waiting, index } = this.#settings
    const before = monotonicMs()
    if (Atomics.load(waiting, index) >= MOST_WAITING) return this.#after(PAUSE_MS)
    const most = this.#pace.next(before)
    if (most === 0) return this.#after(this.#pace.restMs)
    const { hashes, share } = this.#search!.search(most, (before - this.#startedMs) / 1000)
    Atomics.add(counted, index, hashes)
    this.#pace.done(hashes, monotonicMs() - before)
    if (share !== undefined) {
      Atomics.add(waiting, index, 1)
      parentPort!.postMessage(share)
    }
    if (hashes === 0) return this.#after(PAUSE_MS)
    this.#soon()
  }
}

const thread = new HashingThread(workerData as ThreadSettings)
parentPort!.on('message', (order: ThreadOrder) => thread.take(order))
