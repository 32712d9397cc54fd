import type { Logger } from '../logger.ts'

/** Lines of one kind in one window, at most. */
const LINES = 50
const WINDOW_MS = 10_000

/** Limits how many lines peers can cause: what they can send without end must not fill a disk. */
export class LineBudget {
  readonly #spent = new Map<string, number>()
  #since = Number.NEGATIVE_INFINITY

  /** Whether another line with this text may be printed. `now` in ms. */
  take(text: string, now: number): boolean {
    if (now - this.#since >= WINDOW_MS) {
      this.#spent.clear()
      this.#since = now
    }
    const spent = this.#spent.get(text) ?? 0
    this.#spent.set(text, spent + 1)
    return spent < LINES
  }
}

/** Prints a line that a peer can cause as often as it likes. */
export type LimitedLine = (fields: Readonly<Record<string, unknown>>, text: string) => void

/** Lines of two levels that stay within a budget; what is too many is for debugging only. */
export function limitedLines(log: Logger): { readonly warn: LimitedLine; readonly inform: LimitedLine } {
  const budget = new LineBudget()
  const limited =
    (level: 'warn' | 'info'): LimitedLine =>
    (fields, text) =>
      log[budget.take(text, performance.now()) ? level : 'debug'](fields, text)
  return { warn: limited('warn'), inform: limited('info') }
}
