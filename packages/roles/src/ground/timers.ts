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
 * deadline can be forgotten there. Neither setting a timer nor asking for the next deadline allocates.
 */
export class Timers<Name extends string = never> implements Timed {
  readonly #names: readonly Name[]
  readonly #due: Float64Array
  readonly #queues: DueQueue<unknown>[] = []
  readonly #parts: Timed[] = []

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
    const queue = new DueQueue<T>()
    this.#queues.push(queue as DueQueue<unknown>)
    return queue
  }

  /** Sets a timer, whether it was set before or not. */
  set(name: Name, at: Millis): void {
    this.#due[this.#names.indexOf(name)] = at
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
    // asked after every event: loops without iterators, and queues apart, where the call is always the same one
    const due = this.#due
    const queues = this.#queues
    const parts = this.#parts
    let next = NEVER
    for (let index = 0; index < due.length; index++) if (due[index]! < next) next = due[index]!
    for (let index = 0; index < queues.length; index++) {
      const at = queues[index]!.nextDeadline()
      if (at < next) next = at
    }
    for (let index = 0; index < parts.length; index++) {
      const at = parts[index]!.nextDeadline()
      if (at < next) next = at
    }
    return next
  }

  #at(name: Name): Millis {
    return this.#due[this.#names.indexOf(name)]!
  }
}
