import type { Sha256d } from '@sv2/bitcoin'
import type { ExtensionPolicy } from '@sv2/messages'
import type { DueQueue } from '../../ground/due-queue.ts'
import type { Emit, Millis, SessionEffect, SessionId } from '../../ground/role.ts'
import { Timers } from '../../ground/timers.ts'
import type { Channel } from '../channel/channel.ts'
import { Ladder } from '../channel/difficulty.ts'
import { type ExtranonceLayout, ExtranonceLeases } from '../channel/extranonce.ts'
import type { JobBook } from '../channel/job-book.ts'
import type { Jobs } from '../channel/jobs.ts'
import { ShareJudge } from '../channel/judge.ts'
import type { Connection, Group } from './connection.ts'
import { CustomJobs } from './custom-job-list.ts'
import { EarlyShares } from './early-shares.ts'
import type { MinersFact } from './facts.ts'
import { Lanes } from './lanes.ts'
import { Refusals } from './refusal-budget.ts'
import { WaitingRequests } from './waiting-requests.ts'
import type { WorkSource } from './work-source.ts'

/** How a node treats its miners. */
export interface MinersSettings {
  readonly extranonce: ExtranonceLayout
  /** Channels of this node, over all connections. */
  readonly maxChannels: number
  readonly maxChannelsPerConnection: number
  /** Channels of one address, over its connections; no limit when missing. */
  readonly maxChannelsPerAddress?: number | undefined
  /** Accounts that one connection names in its life; no limit when missing. */
  readonly maxAccountsPerConnection?: number | undefined
  readonly sharesPerMinute: number
  readonly shareBatchSize: number
  readonly shareBatchMs: number
  /** Steps of the difficulty ladder per doubling; 1 for powers of two. */
  readonly difficultySteps: number
  /** No channel gets an easier target than this difficulty. */
  readonly minDifficulty: number
  /** For a channel that declares no hash rate. */
  readonly startDifficulty: number
  readonly vardiff: boolean
  /** True: REQUIRES_EXTENDED_CHANNELS. */
  readonly extendedChannelsOnly: boolean
  /** A connection without a channel is closed after this time (POOL-15). */
  readonly openChannelWithinMs: number
  /** Refused shares and requests of one address in a second, without a channel; no limit when missing. */
  readonly maxRefusalsPerSecond?: number | undefined
  /** A connection that only sends refused shares is closed after this time. */
  readonly onlyRefusalsMs: number
  /** Extensions of extension 0x0001's negotiation. */
  readonly extensions: ExtensionPolicy
}

export interface MinersDeps {
  readonly sha256d: Sha256d
}

/** Channels of one connection that are to be closed. */
export interface Closing {
  readonly connection: Connection
  readonly channels: Iterator<Channel>
  /** What their client is told; undefined when it closed them itself, or is gone. */
  readonly reasonCode: string | undefined
}

/** Who is connected: connections, their channels, and in which groups these are told of jobs. */
export interface Connected {
  readonly connections: Map<SessionId, Connection>
  /** Groups by the jobs they get; a book without an entry has no channels. */
  readonly groups: Map<Jobs, Set<Group>>
  /** The same groups by the book that their jobs are written into, and by connection: what is told is told to all of them. */
  readonly listeners: Map<JobBook, Map<Connection, Set<Group>>>
  /** Every open channel, dense, for the round of vardiff. */
  readonly channels: Channel[]
  readonly leases: ExtranonceLeases
  /** Channels by the address of their connections. */
  readonly perAddress: Map<string, number>
  readonly refusals: Refusals
}

/**
 * `levels`: channels that wait for another level get it. `rest`: what one moment was too short for is told on. `round`,
 * `early`, `custom`: deadlines of these parts as they were at the end of the last turn.
 */
export type MinersTimer = 'levels' | 'rest' | 'round' | 'early' | 'custom'

/** What is due: what was put off to a moment, to the next tip, or until the source of work can answer. */
export interface Due {
  readonly timers: Timers<MinersTimer>
  readonly acks: DueQueue<Channel>
  /** Connections that have to have a channel by then; again each time their last one closes. */
  readonly idle: DueQueue<Connection>
  readonly early: EarlyShares
  readonly custom: CustomJobs
  readonly waiting: WaitingRequests
  /** Channels that wait for another level, those first that have waited longest. */
  readonly wanting: Set<Channel>
  /** Channels whose level changed while a job waited for its tip, or changes with the next tip. */
  readonly retargeted: Set<Channel>
  /** Standard channels whose devices are too fast for the space of one job. */
  readonly starving: Set<Channel>
  /** Channels that are still to be closed. */
  readonly closing: Closing[]
}

/** What is out: which jobs, levels and prefixes miners were given, and which of them they are not told yet. */
export interface Out {
  /** What is still to be told of jobs. */
  readonly lanes: Lanes
  /** The one order of jobs, levels and prefixes (see JobBook). */
  order: number
  /** When the present tip came, in that order: clients' own jobs may be as old. */
  tipOrder: number
  /** Order of the oldest job that may still earn credit. */
  oldestLive: number
  /** Difficulty of the network. */
  networkDifficulty: number
}

/** What the parts of `Miners` share. */
export interface MinersState {
  readonly settings: MinersSettings
  readonly deps: MinersDeps
  readonly source: WorkSource
  readonly ladder: Ladder
  readonly judge: ShareJudge
  readonly connected: Connected
  readonly due: Due
  readonly out: Out
  /** Time of the last event. */
  now: Millis
  readonly emit: Emit<MinersEffect>
}

/** The state of a node without miners. */
export function minersState(
  settings: MinersSettings,
  deps: MinersDeps & { readonly source: WorkSource; readonly emit: Emit<MinersEffect> },
): MinersState {
  return {
    settings,
    deps,
    source: deps.source,
    ladder: new Ladder(settings.difficultySteps),
    judge: new ShareJudge(deps.sha256d),
    connected: {
      connections: new Map(),
      groups: new Map(),
      listeners: new Map(),
      channels: [],
      leases: new ExtranonceLeases(256 ** settings.extranonce.leaseBytes),
      perAddress: new Map(),
      refusals: new Refusals(),
    },
    due: nothingDue(),
    out: {
      lanes: new Lanes(),
      order: 0,
      tipOrder: 0,
      oldestLive: 0,
      networkDifficulty: Number.POSITIVE_INFINITY,
    },
    now: 0,
    emit: deps.emit,
  }
}

function nothingDue(): Due {
  const timers = new Timers<MinersTimer>('levels', 'rest', 'round', 'early', 'custom')
  return {
    timers,
    acks: timers.queue(),
    idle: timers.queue(),
    early: new EarlyShares(),
    custom: new CustomJobs(),
    waiting: new WaitingRequests(),
    wanting: new Set(),
    retargeted: new Set(),
    starving: new Set(),
    closing: [],
  }
}

export type MinersEffect = SessionEffect | MinersFact

/** The next place in the order of jobs, levels and prefixes. */
export function nextOrder(state: MinersState): number {
  state.out.order++
  return state.out.order
}

/** Open channels of a connection's address; none where no limit per address holds. */
export function channelsOf({ connected: { perAddress } }: MinersState, { address }: Connection): number {
  return address === undefined ? 0 : (perAddress.get(address) ?? 0)
}

/** Counts a channel of a connection's address in, or out. */
export function countChannel(state: MinersState, connection: Connection, by: 1 | -1): void {
  const { address } = connection
  if (address === undefined) return
  const channels = channelsOf(state, connection) + by
  if (channels > 0) state.connected.perAddress.set(address, channels)
  else state.connected.perAddress.delete(address)
}

export function send(state: MinersState, to: SessionId | readonly SessionId[], message: SendMessage): void {
  state.emit({ kind: 'send', to, message })
}

/** A peer broke the protocol: its connection ends, with a reason. */
export function misbehaved(state: MinersState, session: SessionId, reason: string): void {
  state.emit({ kind: 'peerMisbehaved', session, reason })
  state.emit({ kind: 'close', session, reason })
}

type SendMessage = Extract<SessionEffect, { kind: 'send' }>['message']
