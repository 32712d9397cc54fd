/** Difficulty 1 in hashes. */
const HASHES_PER_DIFFICULTY = 2 ** 32
/** No rate is taken over less time than this, ms. */
const LEAST_SPAN_MS = 60_000

/** Work of the latest time, in slices of equal length: constant memory, whatever the share rate. */
export class WorkRing {
  readonly #sliceMs: number
  readonly #slices: Float64Array
  /** The newest slice; undefined before the first share. */
  #newest: number | undefined
  /** When it began to count. */
  #since = 0

  /** @param slices how many of them, each of `sliceMs` */
  constructor(slices: number, sliceMs: number) {
    this.#slices = new Float64Array(slices)
    this.#sliceMs = sliceMs
  }

  /** Adds the difficulty of a share. `now` in ms, as everywhere here. */
  add(difficulty: number, now: number): void {
    if (this.#newest === undefined) this.#since = now
    const slice = this.#advance(now)
    this.#slices[slice % this.#slices.length]! += difficulty
  }

  /** H/s over the last `overMs`, or since the first share where that is less, but at least over a minute. */
  hashrate(overMs: number, now: number): number {
    if (this.#newest === undefined) return 0
    const newest = this.#advance(now)
    const count = Math.min(Math.max(1, Math.round(overMs / this.#sliceMs)), this.#slices.length)
    let work = 0
    for (let back = 0; back < count; back++) work += this.#at(newest - back)
    const counted = (count - 1) * this.#sliceMs + (now - newest * this.#sliceMs)
    const spanMs = Math.max(Math.min(counted, now - this.#since), LEAST_SPAN_MS)
    return (work * HASHES_PER_DIFFICULTY * 1000) / spanMs
  }

  /** H/s of each slice, the oldest first, with the time at which the slice began, ms. The newest is not full yet and left out. */
  history(now: number): { readonly at: number; readonly hashrate: number }[] {
    if (this.#newest === undefined) return []
    const newest = this.#advance(now)
    const first = Math.max(newest - this.#slices.length + 1, Math.floor(this.#since / this.#sliceMs))
    const points = []
    for (let slice = first; slice < newest; slice++)
      points.push({
        at: slice * this.#sliceMs,
        hashrate: (this.#at(slice) * HASHES_PER_DIFFICULTY * 1000) / this.#sliceMs,
      })
    return points
  }

  #at(slice: number): number {
    return slice < 0 ? 0 : this.#slices[slice % this.#slices.length]!
  }

  #advance(now: number): number {
    const slice = Math.floor(now / this.#sliceMs)
    this.#newest ??= slice
    const steps = Math.min(slice - this.#newest, this.#slices.length)
    for (let step = 0; step < steps; step++) this.#slices[(slice - step) % this.#slices.length] = 0
    this.#newest = Math.max(this.#newest, slice)
    return this.#newest
  }
}
