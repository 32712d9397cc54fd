import { type Millis, NEVER } from './role.ts'

/**
 * Things that become due after one fixed delay, and so in the order in which they were put in: a queue does what
 * would otherwise take a heap, or a timer each. Constant time, no memory per idle thing.
 */
export class DueQueue<T> {
  #queue: { readonly item: T; readonly due: Millis }[] = []
  #head = 0
  readonly #onFirst: (() => void) | undefined

  /** @param onFirst called when another thing than before is the first one */
  constructor(onFirst?: () => void) {
    this.#onFirst = onFirst
  }

  /** When the first thing is due; `NEVER` when there is none. */
  nextDeadline(): Millis {
    return this.#queue[this.#head]?.due ?? NEVER
  }

  /** @param due not before any due time given earlier. */
  push(item: T, due: Millis): void {
    this.#queue.push({ item, due })
    if (this.#queue.length === this.#head + 1) this.#onFirst?.()
  }

  /** Takes the next thing whose time has come. */
  takeDue(now: Millis): T | undefined {
    const first = this.#queue[this.#head]
    if (first === undefined || first.due > now) return undefined
    this.#head++
    if (this.#head === this.#queue.length) {
      this.#queue = []
      this.#head = 0
    } else if (this.#head >= 4096 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    this.#onFirst?.()
    return first.item
  }
}
