import type { SessionId } from '../../ground/role.ts'
import type { Jobs } from '../../mining/channel/jobs.ts'
import type { Workload, WorkloadOrigin } from './workload.ts'

/** All workloads of a node, found by their book, or by the request that one was made for. */
export class Workloads {
  readonly #workloads = new Set<Workload>()
  readonly #byBook = new Map<Jobs, Workload>()
  readonly #byOrigin = new Map<SessionId, Map<number, Workload>>()

  get size(): number {
    return this.#workloads.size
  }

  [Symbol.iterator](): IterableIterator<Workload> {
    return this.#workloads.values()
  }

  has(workload: Workload): boolean {
    return this.#workloads.has(workload)
  }

  of(book: Jobs): Workload | undefined {
    return this.#byBook.get(book)
  }

  madeFor({ session, requestId }: WorkloadOrigin): Workload | undefined {
    return this.#byOrigin.get(session)?.get(requestId)
  }

  add(workload: Workload): void {
    this.#workloads.add(workload)
    this.#byBook.set(workload.book, workload)
    if (workload.origin === undefined) return
    const { session, requestId } = workload.origin
    const requests = this.#byOrigin.get(session)
    if (requests === undefined) this.#byOrigin.set(session, new Map([[requestId, workload]]))
    else requests.set(requestId, workload)
  }

  delete(workload: Workload): void {
    this.#workloads.delete(workload)
    this.#byBook.delete(workload.book)
    this.fetched(workload)
  }

  /** The request it was made for has its channel. */
  fetched(workload: Workload): void {
    if (workload.origin === undefined) return
    const { session, requestId } = workload.origin
    const requests = this.#byOrigin.get(session)
    requests?.delete(requestId)
    if (requests?.size === 0) this.#byOrigin.delete(session)
    workload.origin = undefined
  }

  /** Workloads made for requests of a session that have no channel yet. */
  waitingFor(session: SessionId): Workload[] {
    return [...(this.#byOrigin.get(session)?.values() ?? [])]
  }
}
