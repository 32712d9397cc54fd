import type { Workload } from './workload.ts'

/** Who asked for which channel, by upstream and the id of the request. */
export class PendingOpens {
  readonly #workloads = new Map<string, Workload>()

  add(upstream: number, requestId: number, workload: Workload): void {
    this.#workloads.set(`${upstream}/${requestId}`, workload)
  }

  /** Takes the workload whose request was answered; undefined when it wants that channel no more. */
  take(upstream: number, requestId: number): Workload | undefined {
    const key = `${upstream}/${requestId}`
    const workload = this.#workloads.get(key)
    this.#workloads.delete(key)
    const isWanted = workload?.request?.upstream === upstream && workload.request.requestId === requestId
    return isWanted ? workload : undefined
  }

  /** An upstream is gone, and answers nothing any more. */
  lost(upstream: number): void {
    for (const key of this.#workloads.keys()) if (key.startsWith(`${upstream}/`)) this.#workloads.delete(key)
  }
}
