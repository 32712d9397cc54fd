import type { Worker } from 'node:worker_threads'
import { startThread } from '@sv2/runtime'
import type { JournalPosition } from '@sv2/runtime/journal'
import type { Logger } from '../logger.ts'
import type { AuditAnswers, AuditQuestion } from './audit-files.ts'

/** What the thread is told. */
export type ToAudit =
  /** A segment was closed: it has a root from now on. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'ask'; readonly id: number; readonly question: AuditQuestion }

/** What the thread tells. */
export type FromAudit =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: AuditAnswers[keyof AuditAnswers] }
  | { readonly kind: 'refused'; readonly id: number; readonly reason: string }
  | { readonly kind: 'damaged'; readonly reason: string }

/** Questions that may wait for their answer at one time. */
const MAX_WAITING = 100

/** Shows a journal to auditors. A thread of its own reads it: the loop that judges shares never waits for that. */
export class AuditClient {
  readonly #worker: Worker
  readonly #waiting = new Map<
    number,
    { readonly resolve: (answer: never) => void; readonly reject: (error: Error) => void }
  >()
  #lastId = 0
  #segment: number | undefined

  /** @param folder of the journal */
  constructor(folder: string, log: Pick<Logger, 'error'>) {
    this.#worker = startThread(import.meta.url, './audit-thread', { folder })
    this.#worker.on('message', (message: FromAudit) => {
      if (message.kind === 'damaged')
        return log.error({ reason: message.reason }, 'a segment of the journal is damaged: it has no root')
      const waiting = this.#waiting.get(message.id)
      this.#waiting.delete(message.id)
      if (message.kind === 'answer') waiting?.resolve(message.answer as never)
      else waiting?.reject(new Error(message.reason))
    })
    this.#worker.on('error', (error) => {
      log.error({ err: error }, 'the thread that shows the journal failed')
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
    this.#worker.unref()
  }

  /** The journal is on disk up to here. */
  grown({ segment }: JournalPosition): void {
    if (segment === this.#segment) return
    this.#segment = segment
    this.#post({ kind: 'closed' })
  }

  /** @throws {Error} when too many questions wait already, or the journal is damaged */
  ask<K extends AuditQuestion['kind']>(
    question: Extract<AuditQuestion, { kind: K }>,
  ): Promise<AuditAnswers[K]> {
    if (this.#waiting.size >= MAX_WAITING)
      return Promise.reject(Object.assign(new Error('too many questions'), { statusCode: 503 }))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#post({ kind: 'ask', id, question })
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #post(message: ToAudit): void {
    this.#worker.postMessage(message)
  }
}
