import type { SessionId } from '../../ground/role.ts'
import type { Jobs } from '../../mining/channel/jobs.ts'
import type { Line, LineOrigin } from './line.ts'

/** All lines of a node, found by their book, or by the request that one was made for. */
export class Lines {
  readonly #lines = new Set<Line>()
  readonly #byBook = new Map<Jobs, Line>()
  readonly #byOrigin = new Map<SessionId, Map<number, Line>>()

  get size(): number {
    return this.#lines.size
  }

  [Symbol.iterator](): IterableIterator<Line> {
    return this.#lines.values()
  }

  has(line: Line): boolean {
    return this.#lines.has(line)
  }

  of(book: Jobs): Line | undefined {
    return this.#byBook.get(book)
  }

  madeFor({ session, requestId }: LineOrigin): Line | undefined {
    return this.#byOrigin.get(session)?.get(requestId)
  }

  add(line: Line): void {
    this.#lines.add(line)
    this.#byBook.set(line.book, line)
    if (line.origin === undefined) return
    const { session, requestId } = line.origin
    const requests = this.#byOrigin.get(session)
    if (requests === undefined) this.#byOrigin.set(session, new Map([[requestId, line]]))
    else requests.set(requestId, line)
  }

  delete(line: Line): void {
    this.#lines.delete(line)
    this.#byBook.delete(line.book)
    this.fetched(line)
  }

  /** The request it was made for has its channel. */
  fetched(line: Line): void {
    if (line.origin === undefined) return
    const { session, requestId } = line.origin
    const requests = this.#byOrigin.get(session)
    requests?.delete(requestId)
    if (requests?.size === 0) this.#byOrigin.delete(session)
    line.origin = undefined
  }

  /** Lines made for requests of a session that have no channel yet. */
  waitingFor(session: SessionId): Line[] {
    return [...(this.#byOrigin.get(session)?.values() ?? [])]
  }
}
