import type { Line } from './line.ts'

/** Who asked for which channel, by upstream and the id of the request. */
export class Asked {
  readonly #lines = new Map<string, Line>()

  add(upstream: number, requestId: number, line: Line): void {
    this.#lines.set(`${upstream}/${requestId}`, line)
  }

  /** Takes the line whose request was answered; undefined when it wants that channel no more. */
  take(upstream: number, requestId: number): Line | undefined {
    const key = `${upstream}/${requestId}`
    const line = this.#lines.get(key)
    this.#lines.delete(key)
    const isWanted = line?.request?.upstream === upstream && line.request.requestId === requestId
    return isWanted ? line : undefined
  }

  /** An upstream is gone, and answers nothing any more. */
  lost(upstream: number): void {
    for (const key of this.#lines.keys()) if (key.startsWith(`${upstream}/`)) this.#lines.delete(key)
  }
}
