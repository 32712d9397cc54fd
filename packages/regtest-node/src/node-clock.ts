/** The node's idea of the time, in Unix seconds: that of its source, or a fixed one while set. */
export class NodeClock {
  readonly #source: () => number
  #fixed: number | undefined

  constructor(source: () => number) {
    this.#source = source
  }

  readonly now = (): number => this.#fixed ?? Math.floor(this.#source())

  /** Stops the clock at this Unix time; undefined lets it run again. */
  set(unixSeconds: number | undefined): void {
    this.#fixed = unixSeconds
  }
}

/** The time of this machine in Unix seconds. */
export function systemTime(): number {
  return Math.floor(Date.now() / 1000)
}
