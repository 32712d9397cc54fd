import { type Capabilities, type Message, MINING_SETUP_FLAGS, type SetupConnection } from '@sv2/messages'
import type { Millis, SessionId } from '../role.ts'
import type { Home, Wish } from './home.ts'
import type { FormerIds } from './job-ids.ts'
import type { RelayChannel } from './relay-channel.ts'
import type { RelaySeat } from './seat.ts'

/** The channels of one client that its upstream addresses together. */
export interface ClientGroup {
  readonly client: Client
  /** As the client knows it. */
  readonly groupId: number
  readonly home: Home
  /** As the upstream knows it; undefined where the upstream has no group for the one channel. */
  readonly upstreamId: number | undefined
  readonly channels: Set<RelayChannel>
  /** How many of the channels the client addresses by the group; it is told of the others one by one. */
  members: number
}

/** One downstream connection. */
export class Client {
  readonly session: SessionId
  readonly capabilities: Capabilities
  readonly channels = new Map<number, RelayChannel>()
  readonly groups = new Map<number, ClientGroup>()
  /** Flags of its SetupConnection; undefined until that is answered. */
  flags: number | undefined
  /** Where its upstream is chosen; undefined until its SetupConnection came. */
  seat: RelaySeat | undefined
  /** Its jobs must not allow version rolling, whatever the upstream's do. */
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
  wishes: Set<Wish> | undefined
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
    if (group.home.isOpen && this.former.length === 0) return
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
