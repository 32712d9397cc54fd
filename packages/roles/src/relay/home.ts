import { type Millis, NEVER } from '../role.ts'
import type { UpstreamLink } from '../upstream/link.ts'
import type { Client, ClientGroup } from './client.ts'
import { JobIds } from './job-ids.ts'
import type { OpenRequest, RelayChannel } from './relay-channel.ts'
import type { RelaySeat } from './seat.ts'

/** A channel that is wanted at an upstream: a new one, or one that has to move. */
export interface Wish {
  readonly client: Client
  readonly seat: RelaySeat
  /** Undefined for a new one. */
  readonly channel: RelayChannel | undefined
  readonly request: OpenRequest
  /** Nobody wants it any more. */
  isDead: boolean
}

/** A custom job without an answer. */
export interface PendingCustomJob {
  readonly client: Client
  /** As the client knows it: a channel or a group. */
  readonly channelId: number
  readonly requestId: number
  /** The coinbase that the client asked for, for answers that name it. */
  readonly coinbaseTxPrefix: Uint8Array
  readonly coinbaseTxSuffix: Uint8Array
}

/** One upstream connection that channels live on, from the moment it is set up until it is lost. */
export class Home {
  readonly upstream: number
  readonly link: UpstreamLink
  /** By the upstream's ids. */
  readonly channels = new Map<number, RelayChannel>()
  /** Channels that have moved on, while answers to their last shares may come. */
  readonly leaving = new Map<number, RelayChannel>()
  readonly groups = new Map<number, Map<Client, ClientGroup>>()
  readonly wishes = new Map<number, Wish>()
  readonly customJobs = new Map<number, PendingCustomJob>()
  readonly jobs: JobIds
  /** Channels here, and those leaving, by who uses the upstream. */
  readonly users = new Map<RelaySeat, number>()
  isOpen = true
  /** Since when it has answered none of the requests for channels; `NEVER` when none waits. */
  silentSince: Millis = NEVER
  #requestId = 0

  constructor(upstream: number, how: { readonly link: UpstreamLink; readonly maxJobs: number }) {
    this.upstream = upstream
    this.link = how.link
    this.jobs = new JobIds(how.maxJobs)
  }

  /** The upstream puts extended channels into groups. */
  get groupsExtendedChannels(): boolean {
    return this.link.capabilities.groupsExtendedChannels
  }

  /** A request id for a custom job that no open request has. */
  customRequestId(): number {
    do this.#requestId = (this.#requestId + 1) >>> 0
    while (this.customJobs.has(this.#requestId))
    return this.#requestId
  }

  uses(seat: RelaySeat, change: 1 | -1): void {
    const count = (this.users.get(seat) ?? 0) + change
    if (count === 0) this.users.delete(seat)
    else this.users.set(seat, count)
  }
}
