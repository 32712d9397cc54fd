/** Texts that are counted apart in one window; what comes after them counts as one. */
const MOST_TEXTS = 1_000
const OTHERS = 'other lines'

/** Limits how many lines peers can cause: what they can send without end must not fill a disk. */
export class LineBudget {
  readonly #limit: { readonly lines: number; readonly windowMs: number }
  #spent = new Map<string, number>()
  #since = Number.NEGATIVE_INFINITY

  /** @param limit `lines` of one text in each window */
  constructor(limit: { readonly lines: number; readonly windowMs: number }) {
    this.#limit = limit
  }

  /**
   * Whether another line with this text may be printed, and how many of which text were left out in the window before,
   * told once. `now` in ms.
   */
  take(
    text: string,
    now: number,
  ): { readonly mayPrint: boolean; readonly leftOut: readonly (readonly [string, number])[] } {
    const { lines, windowMs } = this.#limit
    let leftOut: (readonly [string, number])[] = []
    if (now - this.#since >= windowMs) {
      leftOut = [...this.#spent].flatMap(([each, spent]) =>
        spent > lines ? [[each, spent - lines] as const] : [],
      )
      this.#spent = new Map()
      this.#since = now
    }
    const counted = this.#spent.has(text) || this.#spent.size < MOST_TEXTS ? text : OTHERS
    const spent = this.#spent.get(counted) ?? 0
    this.#spent.set(counted, spent + 1)
    return { mayPrint: spent < lines, leftOut }
  }
}
