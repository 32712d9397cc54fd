import { DueQueue } from './due-queue.ts'
import { type Millis, NEVER } from './role.ts'

/** A part that has something to do at some moment, even when nothing happens until then. */
export interface Timed {
  /** When it needs a tick; `NEVER` while it waits for nothing. */
  nextDeadline(): Millis
}

/**
 * All deadlines of a role, or of one part of it: timers, each with a name, and parts with deadlines of their own. A
 * queue or a part that was made through this table counts in `nextDeadline` for as long as the role lives, so that no
 * deadline can be forgotten there. Neither setting a timer nor asking for the next deadline allocates. A role is asked after
 * every event: the earliest timer or queue is remembered until one of them changes, and only parts are asked again.
 */
export class Timers<Name extends string = never> implements Timed {
  readonly #names: readonly Name[]
  readonly #due: Float64Array
  readonly #queues: DueQueue<unknown>[] = []
  readonly #parts: Timed[] = []
  /** The earliest of timers and queues, unless one has changed since. */
  #earliest: Millis = NEVER
  #hasChanged = false

  constructor(...names: readonly Name[]) {
    this.#names = names
    this.#due = new Float64Array(names.length).fill(NEVER)
  }

  /** Counts the deadlines of a part in from now on. Answers the part. */
  add<Part extends Timed>(part: Part): Part {
    this.#parts.push(part)
    return part
  }

  /** A queue whose first due time counts in. */
  queue<T>(): DueQueue<T> {
    const queue = new DueQueue<T>(this.#changed)
    this.#queues.push(queue as DueQueue<unknown>)
    return queue
  }

  /** Sets a timer, whether it was set before or not. */
  set(name: Name, at: Millis): void {
    const index = this.#names.indexOf(name)
    if (this.#due[index] === at) return
    this.#due[index] = at
    this.#hasChanged = true
  }

  stop(name: Name): void {
    this.set(name, NEVER)
  }

  /** A timer is set, and was not stopped since. */
  isSet(name: Name): boolean {
    return this.#at(name) !== NEVER
  }

  /** The time of a timer has come. It stays due until it is set anew or stopped. */
  isDue(name: Name, now: Millis): boolean {
    return now >= this.#at(name)
  }

  nextDeadline(): Millis {
    if (this.#hasChanged) this.#look()
    const parts = this.#parts
    let next = this.#earliest
    for (let index = 0; index < parts.length; index++) {
      const at = parts[index]!.nextDeadline()
      if (at < next) next = at
    }
    return next
  }

  readonly #changed = (): void => {
    this.#hasChanged = true
  }

  #look(): void {
    let next = NEVER
    for (const at of this.#due) if (at < next) next = at
    for (const queue of this.#queues) next = Math.min(next, queue.nextDeadline())
    this.#earliest = next
    this.#hasChanged = false
  }

  #at(name: Name): Millis {
    return this.#due[this.#names.indexOf(name)]!
  }
}
