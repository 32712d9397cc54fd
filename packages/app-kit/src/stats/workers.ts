import { AccountStats, WorkerStats } from './parties.ts'

/**
 * Accounts and their workers. Workers that have left are kept until there is no room: then the one that left first
 * goes first. With no room at all, further workers are not told apart.
 */
export class Workers {
  readonly accounts = new Map<string, AccountStats>()
  readonly #most: number
  /** Without a channel, in the order of leaving. */
  readonly #left = new Set<WorkerStats>()
  #count = 0
  #number = 0

  /** @param most that are kept at one time */
  constructor(most: number) {
    this.#most = most
  }

  /** How many are kept, those that have left among them. */
  get size(): number {
    return this.#count
  }

  find(account: string, worker: string): WorkerStats | undefined {
    return this.accounts.get(account)?.workers.get(worker)
  }

  /** Finds a worker, or makes room for it; undefined when there is none. */
  take(account: string, worker: string, now: number): WorkerStats | undefined {
    const known = this.find(account, worker)
    if (known !== undefined) return known
    if (this.#count >= this.#most && !this.#forgetOne()) return undefined
    const whose = this.accounts.get(account) ?? new AccountStats(account)
    this.accounts.set(account, whose)
    this.#number++
    const made = new WorkerStats(this.#number, { account: whose, name: worker }, now)
    whose.workers.set(worker, made)
    this.#count++
    this.#left.add(made)
    return made
  }

  /** A worker has another channel. */
  opened(worker: WorkerStats, now: number): void {
    if (worker.channels === 0) worker.connectedAt = now
    worker.channels++
    worker.leftAt = undefined
    this.#left.delete(worker)
  }

  /** A worker has one channel less. Answers whether it was the last. */
  closed(worker: WorkerStats, now: number): boolean {
    worker.channels--
    if (worker.channels > 0) return false
    worker.leftAt = now
    this.#left.add(worker)
    return true
  }

  /** A worker without a channel of its own, named by a share: it is kept longer. */
  seen(worker: WorkerStats): void {
    if (!this.#left.delete(worker)) return
    this.#left.add(worker)
  }

  #forgetOne(): boolean {
    for (const worker of this.#left) {
      this.#left.delete(worker)
      const { account } = worker
      account.workers.delete(worker.name)
      if (account.workers.size === 0) this.accounts.delete(account.name)
      this.#count--
      return true
    }
    return false
  }
}
