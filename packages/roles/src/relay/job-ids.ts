/** The last ids of jobs, each once; the oldest go first. */
export class RecentIds {
  readonly #limit: number
  readonly #ids = new Set<number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#ids.size
  }

  has(id: number): boolean {
    return this.#ids.has(id)
  }

  add(id: number): void {
    if (this.#ids.has(id)) return
    this.#ids.add(id)
    if (this.#ids.size <= this.#limit) return
    const [oldest] = this.#ids
    if (oldest !== undefined) this.#ids.delete(oldest)
  }
}

/** Ids of jobs that devices got from upstreams they worked for before, newest upstream first. */
export type FormerIds = readonly RecentIds[]

/** Former upstreams whose jobs are remembered per connection. */
const MAX_FORMER = 4

/** The former ids after one more change of upstream. */
export function withFormer(former: FormerIds, left: RecentIds): FormerIds {
  return [left, ...former.filter((each) => each !== left)].slice(0, MAX_FORMER)
}

/**
 * The ids of one upstream connection's jobs as devices know them. They are the upstream's own, but where a device
 * has had a job of that id from a former upstream: there an alias stands for it, so that a late share of the old job
 * is never taken for one of the new.
 */
export class JobIds {
  /** Ids that devices were given. */
  readonly recent: RecentIds
  readonly #limit: number
  readonly #aliases = new Map<number, number>()
  readonly #upstreams = new Map<number, number>()
  #lastAlias = 0

  constructor(limit: number) {
    this.#limit = limit
    this.recent = new RecentIds(limit)
  }

  /** The id of an upstream's job for a device with these former jobs. */
  below(jobId: number, former: FormerIds): number {
    this.recent.add(jobId)
    return this.#isOf(former, jobId) ? this.#alias(jobId, former) : jobId
  }

  /** The upstream's id of a job that a device names; undefined when it is one of a former upstream. */
  above(jobId: number, former: FormerIds): number | undefined {
    if (former.length === 0) return jobId
    return this.#upstreams.get(jobId) ?? (this.#isOf(former, jobId) ? undefined : jobId)
  }

  #alias(jobId: number, former: FormerIds): number {
    const known = this.#aliases.get(jobId)
    if (known !== undefined && !this.#isOf(former, known)) return known
    do this.#lastAlias = (this.#lastAlias - 1) >>> 0
    while (this.recent.has(this.#lastAlias) || this.#isOf(former, this.#lastAlias))
    this.#aliases.set(jobId, this.#lastAlias)
    this.#upstreams.set(this.#lastAlias, jobId)
    this.recent.add(this.#lastAlias)
    this.#forgetOldest()
    return this.#lastAlias
  }

  #forgetOldest(): void {
    if (this.#upstreams.size <= this.#limit) return
    const [oldest] = this.#upstreams
    if (oldest === undefined) return
    const [alias, jobId] = oldest
    this.#upstreams.delete(alias)
    if (this.#aliases.get(jobId) === alias) this.#aliases.delete(jobId)
  }

  /** Devices that have only begun to move away have its own jobs among the former. */
  #isOf(former: FormerIds, jobId: number): boolean {
    return former.some((ids) => ids !== this.recent && ids.has(jobId))
  }
}
