import { type Capabilities, MINING_SETUP_FLAGS } from '@sv2/messages'
import type { Millis, SessionId } from '../../ground/role.ts'
import type { Channel } from '../channel/channel.ts'
import type { Jobs } from '../channel/jobs.ts'

/** The channels of one connection that share a job book, and the group id under which they are addressed. */
export interface Group {
  readonly connection: Connection
  readonly book: Jobs
  readonly groupId: number
  readonly channels: Set<Channel>
  /** How many of the channels are addressed by the group id; the others are told one by one. */
  members: number
  /** What was begun to be told when its first channel joined. */
  joined: number
}

/** One miner's connection. */
export class Connection {
  readonly session: SessionId
  readonly capabilities: Capabilities
  /** Whose limits it counts against; undefined where none hold. */
  readonly address: string | undefined
  /** The longest coinbase that its devices bear, bytes; undefined where no limit holds. */
  readonly maxCoinbaseBytes: number | undefined
  /** Blocks of its devices pay their finder. */
  readonly isSolo: boolean
  /** Since when it could have had a channel and had none; of no meaning while it has one. */
  idleSince: Millis
  /** Flags of its SetupConnection; undefined until then. */
  flags: number | undefined
  readonly channels = new Map<number, Channel>()
  /** By group id: one per job book in use, more after a SetGroupChannel. */
  readonly groups = new Map<number, Group>()
  /** The group that new channels of a book join. */
  readonly joinable = new Map<Jobs, Group>()
  /** It was told REQUIRES_FIXED_VERSION. */
  toldFixedVersion = false
  /** Its version rolling is suspended, as its jobs say. */
  rollingSuspended = false
  /** An extranonce lease it was promised before it has a channel. */
  reserved: number | undefined
  /** Only refusals since then; undefined after an accepted share. */
  refusedSince: Millis | undefined
  refusals = 0
  /** It was told of that much of what it sends is refused. */
  isWarned = false
  /** Nothing of it is read until then. */
  pausedUntil: Millis = 0
  /** It is being closed for that. */
  isCut = false
  /** Extensions agreed on; undefined until then. */
  extensions: readonly number[] | undefined
  #lastId = 0
  /** Accounts that it named: nearly always one alone. */
  #accounts: string | Set<string> | undefined

  constructor(
    session: SessionId,
    opening: {
      readonly capabilities: Capabilities
      readonly address?: string | undefined
      readonly maxCoinbaseBytes?: number | undefined
      readonly isSolo?: boolean | undefined
      readonly now: Millis
    },
  ) {
    this.session = session
    this.capabilities = opening.capabilities
    this.address = opening.address
    this.maxCoinbaseBytes = opening.maxCoinbaseBytes
    this.isSolo = opening.isSolo === true
    this.idleSince = opening.now
  }

  /** It opens a channel of an account; false when that is one more than the most, and nothing is remembered. Channels that it closed count on. */
  names(account: string, most: number): boolean {
    const known = this.#accounts
    if (known === undefined) this.#accounts = account
    else if (known === account) return true
    else {
      const accounts = typeof known === 'string' ? new Set([known]) : known
      if (accounts.has(account)) return true
      if (accounts.size >= most) return false
      this.#accounts = accounts.add(account)
    }
    return true
  }

  /** An open channel; undefined as well for one that is being closed. */
  channel(channelId: number): Channel | undefined {
    const channel = this.channels.get(channelId)
    return channel?.closed === true ? undefined : channel
  }

  /** Ids of channels and groups come from one counter and are never used twice (POOL-05 … POOL-07). */
  nextId(): number {
    this.#lastId++
    return this.#lastId
  }

  /** It understands neither groups nor extended jobs. */
  get requiresStandardJobs(): boolean {
    return ((this.flags ?? 0) & MINING_SETUP_FLAGS.REQUIRES_STANDARD_JOBS) !== 0
  }

  /** Jobs for many of its channels are sent once, to their group. */
  get takesGroupJobs(): boolean {
    return this.capabilities.takesGroupJobs && !this.requiresStandardJobs
  }

  /** None of its jobs allows version rolling. */
  get fixedVersion(): boolean {
    return this.toldFixedVersion || this.rollingSuspended
  }

  /** A job has no way to tell it whether versions may be rolled. */
  get rollsUnasked(): boolean {
    return !this.takesGroupJobs || ((this.flags ?? 0) & MINING_SETUP_FLAGS.REQUIRES_VERSION_ROLLING) !== 0
  }

  /** It brings its own jobs and is sent none. */
  get requiresWorkSelection(): boolean {
    return ((this.flags ?? 0) & MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION) !== 0
  }
}
