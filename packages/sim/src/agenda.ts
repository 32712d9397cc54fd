/** Things to happen, in order of their time; of those at one time, the one put in first comes first. A binary heap. */
export class Agenda<T> {
  readonly #heap: { readonly at: number; readonly order: number; readonly item: T }[] = []
  #order = 0

  /** When the next thing happens; Infinity when nothing will. */
  get next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  push(at: number, item: T): void {
    const heap = this.#heap
    const entry = { at, order: this.#order++, item }
    let place = heap.length
    heap.push(entry)
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isBefore(entry, heap[parent]!)) break
      heap[place] = heap[parent]!
      place = parent
    }
    heap[place] = entry
  }

  /** Takes the next thing out. @throws {RangeError} when there is none */
  take(): T {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined) throw new RangeError('the agenda is empty')
    if (heap.length > 0) this.#sink(last)
    return first.item
  }

  #sink(entry: { readonly at: number; readonly order: number; readonly item: T }): void {
    const heap = this.#heap
    let place = 0
    for (;;) {
      const left = 2 * place + 1
      if (left >= heap.length) break
      const child = left + 1 < heap.length && isBefore(heap[left + 1]!, heap[left]!) ? left + 1 : left
      if (!isBefore(heap[child]!, entry)) break
      heap[place] = heap[child]!
      place = child
    }
    heap[place] = entry
  }
}

interface When {
  readonly at: number
  readonly order: number
}

function isBefore(one: When, other: When): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
