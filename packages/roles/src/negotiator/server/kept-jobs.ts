import { equalBytes } from '@sv2/bitcoin'
import type { SessionId } from '../../role.ts'
import type { Proposal } from './proposal.ts'
import type { Tip } from './tip.ts'

/** Bytes of transactions that only kept jobs hold, at most. */
const MAX_BYTES = 256 * 1024 * 1024
/** Of one connection. */
const MAX_OF_CLIENT = 32

/** Accepted jobs, for the solutions that may come. They outlive the connection of their client. */
export class KeptJobs {
  readonly #limit: number
  /** In the order in which they were accepted. */
  #jobs: Proposal[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#jobs.length
  }

  add(proposal: Proposal): void {
    this.#jobs.push(proposal)
    const own = this.#jobs.filter(({ client }) => client === proposal.client)
    if (own.length > MAX_OF_CLIENT) this.#remove(own[0]!)
    let bytes = this.#jobs.reduce((sum, { providedBytes }) => sum + providedBytes, 0)
    while (this.#jobs.length > this.#limit || (bytes > MAX_BYTES && this.#jobs.length > 1)) {
      bytes -= this.#jobs[0]!.providedBytes
      this.#remove(this.#jobs[0]!)
    }
  }

  /** The node is on another block: what builds neither on it nor on the one before is over. */
  newTip(tip: Tip, before: Tip | undefined): void {
    const live = before === undefined ? [tip] : [tip, before]
    this.#jobs = this.#jobs.filter((job) =>
      live.some(({ prevHash }) => equalBytes(prevHash, job.tip.prevHash)),
    )
  }

  /** The newest first, those of a connection before all others (JDS-08, JDS-09). */
  inOrderFor(session: SessionId | undefined): readonly Proposal[] {
    const newest = this.#jobs.toReversed()
    return [
      ...newest.filter(({ client }) => client.session === session),
      ...newest.filter(({ client }) => client.session !== session),
    ]
  }

  #remove(proposal: Proposal): void {
    this.#jobs = this.#jobs.filter((other) => other !== proposal)
  }
}
