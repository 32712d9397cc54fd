/**
 * Work that is done in slices: it yields what it has spent since it last did. One unit is about what reading one small
 * transaction costs, with the three hashes by which it is known: 17 µs.
 */
export type SlicedWork<T = void> = Generator<number, T, void>

/** Units of one slice: a millisecond, so that a stall of the collector for the objects it makes fits into ten. */
const SLICE = 48

/** What a hash of two hashes costs: a step of a merkle tree. */
export const PAIR_UNITS = 0.12
/** What looking up a transaction by its hash costs. */
export const LOOK_UNITS = 0.05
/** What putting a transaction into the cache costs, and into the maps by which it is found. */
export const KEEP_UNITS = 0.5
/** What putting a transaction into a block costs. */
export const JOIN_UNITS = 0.02
/** Bytes of a transaction that cost as much to read as a whole small one. */
const UNIT_BYTES = 4_096

/** What reading a transaction of this size costs. */
export function unitsOf(bytes: number): number {
  return 1 + bytes / UNIT_BYTES
}

/**
 * Does long work a slice at a time, so that other events are not held up by it. What is learned of the node comes
 * first, then jobs, each slice another one.
 */
export class Slices {
  readonly #first: SlicedWork[] = []
  #jobs: SlicedWork[] = []

  get isEmpty(): boolean {
    return this.#first.length === 0 && this.#jobs.length === 0
  }

  /** Work that all jobs build on: done before them, in this order. */
  before(work: SlicedWork): void {
    this.#first.push(work)
  }

  /** Work that may take turns with others. */
  add(work: SlicedWork): void {
    this.#jobs.push(work)
  }

  /** It is not wanted any more. */
  drop(work: SlicedWork): void {
    this.#jobs = this.#jobs.filter((each) => each !== work)
  }

  /** Does one slice. */
  run(): void {
    let left = SLICE
    while (left > 0) {
      const [first] = this.#first
      const work = first ?? this.#jobs.shift()
      if (work === undefined) return
      let done: boolean | undefined = false
      while (left > 0 && !done) {
        const step = work.next()
        done = step.done
        if (!step.done) left -= step.value
      }
      if (done && first !== undefined) this.#first.shift()
      if (!done && first === undefined) this.#jobs.push(work)
    }
  }
}
