/** What the readers of a live feed are told. */
export type LiveEvent =
  | { readonly kind: 'block'; readonly hash: string; readonly account: string; readonly worker: string }
  | { readonly kind: 'tip'; readonly prevHash: string; readonly networkDifficulty: number }
  | { readonly kind: 'workerGone'; readonly account: string; readonly worker: string }

/** An event with its place in the feed. */
export interface NumberedEvent {
  readonly number: number
  /** Unix ms. */
  readonly at: number
  readonly event: LiveEvent
}

/** Events that are kept for readers that come back. */
const MOST_KEPT = 512

/** The live feed of a process: the last events, and its readers. */
export class LiveEvents {
  readonly #kept: NumberedEvent[] = []
  readonly #readers = new Set<(event: NumberedEvent) => void>()
  #number = 0

  tell(event: LiveEvent, at: number): void {
    this.#number++
    const numbered = { number: this.#number, at, event }
    this.#kept.push(numbered)
    if (this.#kept.length > MOST_KEPT) this.#kept.shift()
    for (const reader of this.#readers) reader(numbered)
  }

  /** Events that came after a number and are still kept. */
  after(number: number): readonly NumberedEvent[] {
    return this.#kept.filter((kept) => kept.number > number)
  }

  /** Tells a reader of all that happens from now on. Answers how it stops. */
  subscribe(reader: (event: NumberedEvent) => void): () => void {
    this.#readers.add(reader)
    return () => this.#readers.delete(reader)
  }
}
