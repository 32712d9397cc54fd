import type { LedgerView } from '../api/ledger-view.ts'
import { freeBytes } from '../free-bytes.ts'
import type { Logger } from '../logger.ts'
import type { Statistics } from '../stats/statistics.ts'
import type { Condition, Notice } from './notice.ts'
import { Notifier } from './notifier.ts'
import type { Target } from './targets.ts'
import { Watch, type WatchSettings } from './watch.ts'

const CHECK_MS = 15_000
/** Notices that wait for one target; further ones are dropped, the oldest first. */
const MOST_WAITING = 100
/** A notice that could not be sent is tried again so often, after this time, ms. */
const ATTEMPTS = 4
const AGAIN_MS = 30_000
/** Blocks of the ledger that are looked at for orphans. */
const LATEST_BLOCKS = 20

/** What notices are made from. */
export interface NoticesDeps {
  readonly from: string
  readonly stats: Statistics
  readonly ok: () => boolean
  readonly ledger?: LedgerView | undefined
  /** Their disks are watched. */
  readonly folders: readonly string[]
  /** More that may hold, asked for each 15 s. */
  readonly conditions?: (() => readonly Condition[]) | undefined
  readonly log: Logger
  readonly now: () => number
}

/** Notices of a process, sent until they are closed. */
export interface RunningNotices {
  /** Tells every target that it works. Answers what each of them said: undefined when it took the notice. */
  test(): Promise<{ readonly target: string; readonly error: string | undefined }[]>
  /** Looks at once, as it is done each 15 s. */
  check(): Promise<void>
  close(): void
}

/** Looks at the node each 15 s, and tells people what they want to hear of. */
export function startNotices(
  { targets, ...settings }: WatchSettings & { readonly targets: readonly Target[] },
  deps: NoticesDeps,
): RunningNotices {
  const { log, stats, ledger, now, from } = deps
  const queues = targets.map((target) => new Queue(target, log))
  const notifier = new Notifier(from, (notice) => {
    for (const queue of queues) queue.add(notice)
  })
  const watch = new Watch(settings, { ...deps, freeBytes: () => leastFree(deps.folders) })
  const unsubscribe = stats.live.subscribe(({ event, at }) => {
    if (event.kind === 'block') notifier.happened('blockFound', `block ${event.hash} found`, at)
  })
  const orphans = new Set<string>()
  const check = async (): Promise<void> => {
    notifier.see([...watch.conditions(now()), ...(deps.conditions?.() ?? [])], now())
    const { items = [] } = (await ledger?.blocks({ limit: LATEST_BLOCKS })) ?? {}
    for (const { hash, state } of items) {
      if (state !== 'orphaned') orphans.delete(hash)
      else if (!orphans.has(hash)) {
        orphans.add(hash)
        notifier.happened('blockOrphaned', `block ${hash} is not part of the chain`, now())
      }
    }
  }
  const timer = setInterval(() => {
    check().catch((err: unknown) => log.warn({ err }, 'notices could not be made'))
  }, CHECK_MS)
  return {
    test: () =>
      Promise.all(
        targets.map(async (target) => {
          const notice = {
            kind: 'test',
            state: 'happened',
            text: 'notices arrive here',
            at: now(),
            from,
          } as const
          const error = await target.send(notice).then(
            () => undefined,
            (failure: Error) => failure.message,
          )
          return { target: target.name, error }
        }),
      ),
    check,
    close() {
      unsubscribe()
      clearInterval(timer)
      for (const queue of queues) queue.close()
    },
  }
}

/** Sends the notices of one target, one at a time and in order. */
class Queue {
  readonly #target: Target
  readonly #log: Logger
  readonly #waiting: Notice[] = []
  readonly #closed = new AbortController()
  #isSending = false

  constructor(target: Target, log: Logger) {
    this.#target = target
    this.#log = log
  }

  add(notice: Notice): void {
    this.#waiting.push(notice)
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift()
    if (!this.#isSending) void this.#run()
  }

  close(): void {
    this.#closed.abort()
  }

  async #run(): Promise<void> {
    this.#isSending = true
    for (let notice = this.#waiting.shift(); notice !== undefined; notice = this.#waiting.shift())
      await this.#send(notice)
    this.#isSending = false
  }

  async #send(notice: Notice): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS && !this.#closed.signal.aborted; attempt++) {
      try {
        return await this.#target.send(notice)
      } catch (error) {
        const line = { target: this.#target.name, kind: notice.kind, reason: (error as Error).message }
        this.#log.warn(line, 'a notice could not be sent')
        if (attempt < ATTEMPTS) await pause(AGAIN_MS, this.#closed.signal)
      }
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function leastFree(folders: readonly string[]): number | undefined {
  const free = folders.flatMap((folder) => freeBytes(folder) ?? [])
  return free.length === 0 ? undefined : Math.min(...free)
}
