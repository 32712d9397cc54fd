import {
  type Capabilities,
  type Message,
  MINING_SETUP_FLAGS,
  type OpenExtendedMiningChannel,
  type OpenStandardMiningChannel,
  type SetupConnection,
} from '@sv2/messages'
import type { UpstreamLink } from '../client/link.ts'
import { type Millis, NEVER, type SessionId } from '../ground/role.ts'
import { Timers } from '../ground/timers.ts'
import type { Slot } from '../work/failover.ts'
import { type FormerIds, JobIds } from './job-ids.ts'

// Clients, their channels, the upstreams these live on and the slots that choose upstreams know each other: they stand
// together.

export type OpenRequest = OpenStandardMiningChannel | OpenExtendedMiningChannel
export type ChannelKind = 'standard' | 'extended'

/** Unknown extensions have sent frames along a channel, up or down (docs/wire.md §6.3). */
export const SEEN_UP = 1
export const SEEN_DOWN = 2

/** One channel: of a client below, of an upstream above. */
export class RelayChannel {
  readonly client: RelayedClient
  readonly kind: ChannelKind
  /** As the client knows it, for ever. */
  readonly channelId: number
  /** What it was opened with, kept up to date, so that it can be opened again elsewhere. */
  request: OpenRequest
  /** The upstream it is at; undefined while there is none. */
  upstreamSession: UpstreamSession | undefined
  /** As that upstream knows it. */
  upstreamId = 0
  group: ClientGroup | undefined
  /** What the client has been told of the extranonce's fixed part: the upstream's prefix, and `padding` zeros. */
  prefix: Uint8Array
  /** Bytes the client rolls; 0 on a standard channel. */
  readonly extranonceSize: number
  /** Bytes that the upstream lets roll beyond those; they stay zero. */
  padding = 0
  /** What the client has been told. */
  target: Uint8Array
  /** It waits to be opened at another upstream. */
  move: PendingOpen | undefined
  /** Where it was a moment ago. */
  draining: DrainingUpstreamChannel | undefined
  /** Whether unknown extensions were seen since the upstream's end was replaced: SEEN_UP, SEEN_DOWN. */
  seen = 0
  isClosed = false

  constructor(
    client: RelayedClient,
    {
      channelId,
      request,
      prefix,
      extranonceSize,
      target,
    }: {
      readonly channelId: number
      readonly request: OpenRequest
      readonly prefix: Uint8Array
      readonly extranonceSize: number
      readonly target: Uint8Array
    },
  ) {
    this.client = client
    this.kind = request.type === 'OpenExtendedMiningChannel' ? 'extended' : 'standard'
    this.channelId = channelId
    this.request = request
    this.prefix = prefix
    this.extranonceSize = extranonceSize
    this.target = target
  }

  /** The client addresses it by its group; else it is told everything by itself. */
  get isGrouped(): boolean {
    return this.kind === 'standard' || this.client.capabilities.groupsExtendedChannels
  }
}

/** Where a channel was before it moved, while late shares may still go there. */
export interface DrainingUpstreamChannel {
  readonly channel: RelayChannel
  readonly upstreamSession: UpstreamSession
  readonly upstreamId: number
  readonly padding: number
}

/** The channels of one client that its upstream addresses together. */
export interface ClientGroup {
  readonly client: RelayedClient
  /** As the client knows it. */
  readonly groupId: number
  readonly upstreamSession: UpstreamSession
  /** As the upstream knows it; undefined where the upstream has no group for the one channel. */
  readonly upstreamId: number | undefined
  readonly channels: Set<RelayChannel>
  /** How many of the channels the client addresses by the group; it is told of the others one by one. */
  members: number
}

/** One downstream connection. */
export class RelayedClient {
  readonly session: SessionId
  readonly capabilities: Capabilities
  readonly channels = new Map<number, RelayChannel>()
  readonly groups = new Map<number, ClientGroup>()
  /** Flags of its SetupConnection; undefined until that is answered. */
  flags: number | undefined
  /** Where its upstream is chosen; undefined until its SetupConnection came. */
  slot: RelaySlot | undefined
  /** Its jobs must not allow version rolling, even where the upstream's do. */
  fixedVersion = false
  /** It may roll versions by what it was told, and the upstream it has now forbids that: only jobs can say so. */
  extendedOnly = false
  /** Jobs of upstreams it has worked for before. */
  former: FormerIds = []
  /** Its first message, while no upstream is there to answer it by. */
  setup: SetupConnection | undefined
  /** What it sent behind that, before it was answered. */
  readonly early: Message[] = []
  /** Its requests for new channels without an answer. */
  pendingOpens: Set<PendingOpen> | undefined
  /** H/s, as declared by its channels. */
  hashrate = 0
  /** Since when it could have had a channel and had none; of no meaning while it has one. */
  idleSince: Millis
  #lastOwnId = 0
  /** Ids of groups that are gone: none is given another meaning (POOL-07). */
  #spentGroups: Set<number> | undefined

  constructor(session: SessionId, opening: { readonly capabilities: Capabilities; readonly now: Millis }) {
    this.session = session
    this.capabilities = opening.capabilities
    this.idleSince = opening.now
  }

  get requiresStandardJobs(): boolean {
    return ((this.flags ?? 0) & MINING_SETUP_FLAGS.REQUIRES_STANDARD_JOBS) !== 0
  }

  /** Jobs for many of its channels are sent once, to their group. */
  get takesGroupJobs(): boolean {
    return this.capabilities.takesGroupJobs && !this.requiresStandardJobs
  }

  get requiresWorkSelection(): boolean {
    return ((this.flags ?? 0) & MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION) !== 0
  }

  /** The id for a channel or group that the upstream calls `id`: the same where nothing else has it (PRX-20). */
  idFor(id: number): number {
    return this.#isFree(id) ? id : this.ownId()
  }

  /** An id that no upstream has given; from the top, where theirs hardly are. */
  ownId(): number {
    do this.#lastOwnId = (this.#lastOwnId - 1) >>> 0
    while (!this.#isFree(this.#lastOwnId))
    return this.#lastOwnId
  }

  /** Forgets a group; its id stays taken where channels had to move, since the next upstream may give it out again. */
  dropGroup(group: ClientGroup): void {
    this.groups.delete(group.groupId)
    if (group.upstreamSession.isOpen && this.former.length === 0) return
    this.#spentGroups ??= new Set()
    this.#spentGroups.add(group.groupId)
    if (this.#spentGroups.size <= MAX_SPENT) return
    const [oldest] = this.#spentGroups
    if (oldest !== undefined) this.#spentGroups.delete(oldest)
  }

  #isFree(id: number): boolean {
    return !this.channels.has(id) && !this.groups.has(id) && this.#spentGroups?.has(id) !== true
  }
}

/** Spent group ids remembered per connection. */
const MAX_SPENT = 256

/** A channel that is wanted at an upstream: a new one, or one that has to move. */
export interface PendingOpen {
  readonly client: RelayedClient
  readonly slot: RelaySlot
  /** Undefined for a new one. */
  readonly channel: RelayChannel | undefined
  readonly request: OpenRequest
  /** No client wants it any more. */
  isDead: boolean
}

/** A custom job without an answer. */
export interface PendingCustomJob {
  readonly client: RelayedClient
  /** As the client knows it: a channel or a group. */
  readonly channelId: number
  readonly requestId: number
  /** The coinbase that the client asked for, for answers that name it. */
  readonly coinbaseTxPrefix: Uint8Array
  readonly coinbaseTxSuffix: Uint8Array
}

/** One upstream connection that channels live on, from the moment it is set up until it is lost. */
export class UpstreamSession {
  /** Place of the connection in the table. */
  readonly upstream: number
  readonly link: UpstreamLink
  /** By the upstream's ids. */
  readonly channels = new Map<number, RelayChannel>()
  /** Channels that have moved on, while answers to their last shares may come. */
  readonly draining = new Map<number, RelayChannel>()
  readonly groups = new Map<number, Map<RelayedClient, ClientGroup>>()
  readonly pendingOpens = new Map<number, PendingOpen>()
  readonly customJobs = new Map<number, PendingCustomJob>()
  readonly jobs: JobIds
  /** Channels here, and channels that leave, by the slot that uses the upstream. */
  readonly users = new Map<RelaySlot, number>()
  isOpen = true
  /** Since when it has answered none of the requests for channels; `NEVER` when none waits. */
  silentSince: Millis = NEVER
  #requestId = 0

  constructor(
    upstream: number,
    { link, maxJobs }: { readonly link: UpstreamLink; readonly maxJobs: number },
  ) {
    this.upstream = upstream
    this.link = link
    this.jobs = new JobIds(maxJobs)
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

  uses(slot: RelaySlot, change: 1 | -1): void {
    const count = (this.users.get(slot) ?? 0) + change
    if (count === 0) this.users.delete(slot)
    else this.users.set(slot, count)
  }
}

/** An upstream that no client works at is let go after this time; pools close idle connections a little later, ms. */
export const LINGER_MS = 30_000
/** What a slot without clients needs. */
export const NO_UPSTREAMS: readonly number[] = []

/** Clients that work at the same upstream, and change it together. */
export class RelaySlot implements Slot {
  /** Its upstreams, best first. */
  readonly upstreams: readonly number[]
  /** The same while it is needed; else nothing. */
  order: readonly number[] = NO_UPSTREAMS
  readonly using = new Set<number>()
  /** Percentage of the hash rate. */
  readonly share: number
  readonly clients = new Set<RelayedClient>()
  /** The upstream to be at; undefined while there is none. */
  upstreamSession: UpstreamSession | undefined
  /**
   * `stop`: there is no upstream to be at, and clients are told to stop. `letGo`: the last client left, and the upstreams
   * are not needed any more.
   */
  readonly timers = new Timers('stop', 'letGo')
  /** Channels that are to be opened, in order; some are dead, and those before the cursor done. */
  #pendingOpens: PendingOpen[] = []
  #cursor = 0
  #dead = 0
  /** H/s that its clients declare, and how many of them declare any. */
  hashrate = 0
  declaring = 0

  constructor(upstreams: readonly number[], share: number) {
    this.upstreams = upstreams
    this.share = share
  }

  enqueue(pendingOpen: PendingOpen): void {
    this.#pendingOpens.push(pendingOpen)
  }

  /** The next waiting request whose client is still there. */
  takePendingOpen(): PendingOpen | undefined {
    for (;;) {
      const pendingOpen = this.#pendingOpens[this.#cursor]
      if (pendingOpen === undefined) {
        this.#pendingOpens = []
        this.#cursor = 0
        this.#dead = 0
        return undefined
      }
      this.#cursor++
      if (this.#cursor >= COMPACT_FROM && this.#cursor * 2 > this.#pendingOpens.length) this.#compact()
      if (!pendingOpen.isDead) return pendingOpen
    }
  }

  /** A pending open may have died here: what is dead does not pile up. */
  buried(): void {
    this.#dead++
    if (this.#dead >= COMPACT_FROM && this.#dead * 2 > this.#pendingOpens.length - this.#cursor)
      this.#compact()
  }

  #compact(): void {
    this.#pendingOpens = this.#pendingOpens.slice(this.#cursor).filter(({ isDead }) => !isDead)
    this.#cursor = 0
    this.#dead = 0
  }
}

/** Lists are not made anew for fewer. */
const COMPACT_FROM = 1_024
