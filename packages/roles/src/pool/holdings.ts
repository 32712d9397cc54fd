import type { SessionId } from '../ground/role.ts'

/** Whose something is: a network address, or a connection where no limit per address holds. */
export type Holder = string | SessionId

/**
 * How much of a limited number of things each owner holds, and which of them goes first. Constant time: a client that
 * fills the house asks the most.
 */
export class Holdings<T> {
  readonly #holderOf = new Map<T, Holder>()
  /** What each holds, what was least recently used first. */
  readonly #of = new Map<Holder, Set<T>>()
  /** Holders by how much they hold. */
  readonly #byCount = new Map<number, Set<Holder>>()
  #most = 0

  /** How much all of them hold. */
  get size(): number {
    return this.#holderOf.size
  }

  /** How much one of them holds. */
  count(holder: Holder): number {
    return this.#of.get(holder)?.size ?? 0
  }

  add(holder: Holder, thing: T): void {
    const held = this.#of.get(holder) ?? new Set()
    this.#of.set(holder, held.add(thing))
    this.#holderOf.set(thing, holder)
    this.#counted(holder, held.size - 1, held.size)
    this.#most = Math.max(this.#most, held.size)
  }

  remove(thing: T): void {
    const holder = this.#holderOf.get(thing)
    const held = holder === undefined ? undefined : this.#of.get(holder)
    if (holder === undefined || held === undefined) return
    this.#holderOf.delete(thing)
    held.delete(thing)
    if (held.size === 0) this.#of.delete(holder)
    this.#counted(holder, held.size + 1, held.size)
    if (!this.#byCount.has(this.#most)) this.#most--
  }

  /** It is used: it goes last of what its holder has. */
  use(thing: T): void {
    const holder = this.#holderOf.get(thing)
    const held = holder === undefined ? undefined : this.#of.get(holder)
    held?.delete(thing)
    held?.add(thing)
  }

  /**
   * The thing that makes room for a newcomer: of the owner that holds most, the one not used for longest. Undefined
   * when no owner would still hold as much as the newcomer then.
   */
  inTheWayOf(newcomer: Holder): T | undefined {
    if (this.#most < this.count(newcomer) + 2) return undefined
    for (const holder of this.#byCount.get(this.#most) ?? [])
      for (const thing of this.#of.get(holder) ?? []) return thing
    return undefined
  }

  #counted(holder: Holder, from: number, to: number): void {
    const left = this.#byCount.get(from)
    left?.delete(holder)
    if (left?.size === 0) this.#byCount.delete(from)
    if (to === 0) return
    const joined = this.#byCount.get(to) ?? new Set()
    this.#byCount.set(to, joined.add(holder))
  }
}
