import type { ServerResponse } from 'node:http'
import type { NumberedEvent } from '../stats/live-events.ts'
import type { Statistics } from '../stats/statistics.ts'

/** Readers at one time. */
const MOST_READERS = 200
/** Bytes that may wait for a reader before it is let go. */
const MOST_QUEUED_BYTES = 256 * 1024
const SUMMARY_MS = 1_000

/**
 * Server-sent events: blocks, tips and workers that left, each with an id, and each second a summary of shares without one.
 * A reader that comes back with `Last-Event-ID` is told what it missed, as far as that is kept.
 */
export class EventStream {
  readonly #stats: Statistics
  readonly #now: () => number
  readonly #readers = new Set<ServerResponse>()
  /** Tells the events of this run from those of another. */
  readonly #run: string
  readonly #unsubscribe: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(stats: Statistics, now: () => number) {
    this.#stats = stats
    this.#now = now
    this.#run = Math.floor(stats.startedAt).toString(36)
    this.#unsubscribe = stats.live.subscribe((event) => this.#tell(this.#text(event)))
  }

  /** Whether there is room for another reader. */
  get hasRoom(): boolean {
    return this.#readers.size < MOST_READERS
  }

  /** Takes over a response whose head is not sent yet. @param lastId what the reader heard last */
  add(
    response: ServerResponse,
    { lastId, headers }: { readonly lastId: string | undefined; readonly headers: Record<string, string> },
  ): void {
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    const [run, number] = (lastId ?? '').split('-')
    const missed =
      lastId === undefined ? [] : this.#stats.live.after(run === this.#run ? Number(number) || 0 : 0)
    response.write(`retry: 2000\n\n${missed.map((event) => this.#text(event)).join('')}${this.#summary()}`)
    this.#readers.add(response)
    response.on('close', () => this.#drop(response))
    this.#timer ??= setInterval(() => this.#tell(this.#summary()), SUMMARY_MS)
  }

  /** Lets all readers go. */
  close(): void {
    this.#unsubscribe()
    clearInterval(this.#timer)
    for (const reader of this.#readers) reader.end()
    this.#readers.clear()
  }

  #drop(reader: ServerResponse): void {
    this.#readers.delete(reader)
    if (this.#readers.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tell(text: string): void {
    for (const reader of this.#readers) {
      if (reader.writableLength > MOST_QUEUED_BYTES) reader.destroy()
      else reader.write(text)
    }
  }

  #text({ number, at, event }: NumberedEvent): string {
    return `id: ${this.#run}-${number}\nevent: ${event.kind}\ndata: ${JSON.stringify({ at, ...event })}\n\n`
  }

  #summary(): string {
    this.#stats.settle()
    const { total, clients, channels } = this.#stats
    const now = this.#now()
    const data = {
      at: now,
      accepted: total.accepted,
      refused: total.refused,
      hashrate: total.hashrate(600_000, now),
      miners: clients.size,
      channels: channels.standard + channels.extended,
    }
    return `event: shares\ndata: ${JSON.stringify(data)}\n\n`
  }
}
