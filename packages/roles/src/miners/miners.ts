import { answerRequestExtensions, type Message, mayGoOn } from '@sv2/messages'
import type { Channel } from '../channel/channel.ts'
import { Ladder } from '../channel/difficulty.ts'
import { ExtranonceLeases, extranoncePrefix, leaseSize } from '../channel/extranonce.ts'
import type { Job, Tip } from '../channel/job.ts'
import type { JobBook } from '../channel/job-book.ts'
import { ShareJudge } from '../channel/judge.ts'
import { DueQueue } from '../due-queue.ts'
import { type Millis, NEVER, type SessionEvent, type SessionId } from '../role.ts'
import { answerSetup } from '../setup.ts'
import {
  Connection,
  type Group,
  REQUIRES_EXTENDED_CHANNELS,
  REQUIRES_FIXED_VERSION,
  REQUIRES_STANDARD_JOBS,
  REQUIRES_VERSION_ROLLING,
  REQUIRES_WORK_SELECTION,
} from './connection.ts'
import { DifficultyRound } from './difficulty-round.ts'
import { join, leave, openChannel, removeChannel, updateChannel } from './opening.ts'
import { acknowledgeDue, flushAck, submitShare } from './shares.ts'
import {
  type MinersDeps,
  type MinersEffect,
  type MinersSettings,
  type MinersState,
  send,
  type WorkSource,
} from './state.ts'
import { sendExtraJob, sendJob, sendTip } from './work.ts'

/** Vardiff looks around this often. */
const STEP_MS = 1_000

/**
 * The server side of the mining protocol: connections, channels, jobs handed down, shares judged. Pool, aggregating
 * proxy and negotiator client differ only in where work comes from (`WorkSource`).
 */
export class Miners {
  readonly #state: MinersState
  readonly #round = new DifficultyRound()
  #nextStep: Millis = 0

  constructor(settings: MinersSettings, deps: MinersDeps & { readonly source: WorkSource }) {
    const space = Math.min(settings.maxChannels, 256 ** settings.extranonce.leaseBytes)
    this.#state = {
      settings,
      deps,
      source: deps.source,
      connections: new Map(),
      groups: new Map(),
      channels: [],
      leases: new ExtranonceLeases(space),
      ladder: new Ladder(settings.difficultySteps),
      judge: new ShareJudge(deps.sha256d),
      acks: new DueQueue(),
      idle: new DueQueue(),
      order: 0,
      oldestLive: 0,
      networkDifficulty: Number.POSITIVE_INFINITY,
      out: [],
    }
  }

  /** Hands over what is to be done, in order. */
  take(): MinersEffect[] {
    const { out } = this.#state
    this.#state.out = []
    return out
  }

  /** The next place in the order of jobs, levels and prefixes. */
  nextOrder(): number {
    this.#state.order++
    return this.#state.order
  }

  get connectionCount(): number {
    return this.#state.connections.size
  }

  get channelCount(): number {
    return this.#state.channels.length
  }

  /** True while channels work on the book. */
  isUsed(book: JobBook): boolean {
    return this.#state.groups.has(book)
  }

  nextDeadline(): Millis {
    const { acks, idle, channels } = this.#state
    return Math.min(acks.nextDue(), idle.nextDue(), channels.length > 0 ? this.#nextStep : NEVER)
  }

  handle(event: SessionEvent<string>, now: Millis): void {
    switch (event.kind) {
      case 'opened':
        return this.#opened(new Connection(event.session, { capabilities: event.capabilities, now }))
      case 'message':
        return this.#message(event.session, event.message, now)
      case 'closed':
        return this.#closed(event.session)
      case 'tick':
        return this.#tick(now)
    }
  }

  /** Sends a job to all channels of its book. Answers how many groups got it. */
  sendJob(book: JobBook, job: Job): number {
    return sendJob(this.#state, book, job)
  }

  /** Tells all channels of a book about a new tip. */
  sendTip(book: JobBook, jobId: number, tip: Tip): number {
    return sendTip(this.#state, book, jobId, tip)
  }

  /** Jobs older than this earn no credit any more; share targets stay below the network's difficulty. */
  newTip(tip: { readonly oldestLive: number; readonly networkDifficulty: number }): void {
    this.#state.oldestLive = tip.oldestLive
    this.#state.networkDifficulty = tip.networkDifficulty
  }

  /** Gives a channel a new part of the search space, for jobs sent from now on (POOL-25). */
  renewPrefix(
    session: SessionId,
    channelId: number,
  ): 'renewed' | 'invalid-channel-id' | 'channel-capacity-exhausted' {
    const state = this.#state
    const channel = state.connections.get(session)?.channels.get(channelId)
    if (channel === undefined) return 'invalid-channel-id'
    const lease = state.leases.take(state.oldestLive)
    if (lease === undefined) return 'channel-capacity-exhausted'
    const layout = state.settings.extranonce
    state.order++
    const prefix = extranoncePrefix(layout, lease, channel.prefix.length - leaseSize(layout))
    channel.setPrefix(prefix, lease, state.order)
    send(state, session, { type: 'SetExtranoncePrefix', channelId, extranoncePrefix: prefix })
    sendExtraJob(state, channel)
    return 'renewed'
  }

  /**
   * Puts channels of one connection into a new group of their own (SetGroupChannel). Channels that cannot be grouped,
   * or work on other jobs than the first, stay where they are. Answers the group id.
   */
  regroup(session: SessionId, channelIds: readonly number[]): number | undefined {
    const state = this.#state
    const connection = state.connections.get(session)
    if (connection === undefined || connection.requiresStandardJobs) return undefined
    const channels = channelIds
      .map((channelId) => connection.channels.get(channelId))
      .filter((channel) => channel !== undefined && channel.groupId !== 0)
    const book = channels[0]?.book
    if (book === undefined) return undefined
    const group: Group = { connection, book, groupId: connection.nextId(), channels: new Set(), members: 0 }
    connection.groups.unshift(group)
    const moved = channels.filter((channel) => channel?.book === book) as Channel[]
    for (const channel of moved) {
      const from = connection.groups.find((each) => each.channels.has(channel))
      if (from !== undefined) leave(state, from, channel)
      channel.groupId = group.groupId
      join(state, group, channel)
    }
    const ids = moved.map((channel) => channel.id)
    send(state, session, { type: 'SetGroupChannel', groupChannelId: group.groupId, channelIds: ids })
    return group.groupId
  }

  /** Asks every miner to go elsewhere (or to come back), and closes the connections (POOL-63). */
  drain(where: { readonly host: string; readonly port: number }): void {
    const state = this.#state
    for (const connection of state.connections.values()) {
      for (const channel of connection.channels.values()) flushAck(state, channel)
      if (connection.flags !== undefined) {
        send(state, connection.session, { type: 'Reconnect', newHost: where.host, newPort: where.port })
      }
      state.out.push({ kind: 'close', session: connection.session, reason: 'draining' })
    }
  }

  #opened(connection: Connection): void {
    this.#state.connections.set(connection.session, connection)
    this.#state.idle.push(connection, connection.openedAt + this.#state.settings.openChannelWithinMs)
  }

  #closed(session: SessionId): void {
    const state = this.#state
    const connection = state.connections.get(session)
    if (connection === undefined) return
    const channels = connection.channels.size
    for (const channel of connection.channels.values()) removeChannel(state, connection, channel)
    state.connections.delete(session)
    state.out.push({ kind: 'minerDisconnected', session, channels })
  }

  #tick(now: Millis): void {
    const state = this.#state
    acknowledgeDue(state, now)
    for (let idle = state.idle.takeDue(now); idle !== undefined; idle = state.idle.takeDue(now)) {
      if (state.connections.get(idle.session) !== idle || idle.channels.size > 0) continue
      const reason = idle.flags === undefined ? 'no SetupConnection in time' : 'no channel opened in time'
      state.out.push({ kind: 'close', session: idle.session, reason })
    }
    if (now < this.#nextStep) return
    this.#round.step(state, now)
    this.#nextStep = now + STEP_MS
  }

  #message(session: SessionId, message: Message, now: Millis): void {
    const state = this.#state
    const connection = state.connections.get(session)
    if (connection === undefined) return
    if (connection.flags === undefined) return this.#setup(connection, message)
    if (message.type !== 'RequestExtensions' && this.#owesExtensions(connection)) {
      return this.#misbehaved(session, 'required extensions were not requested')
    }
    switch (message.type) {
      case 'SubmitSharesStandard':
      case 'SubmitSharesExtended':
        return submitShare(state, connection, message, now)
      case 'OpenStandardMiningChannel':
      case 'OpenExtendedMiningChannel':
        return openChannel(state, connection, message, now)
      case 'UpdateChannel':
        return updateChannel(state, connection, message, now)
      case 'CloseChannel':
        return this.#closeChannel(connection, message.channelId)
      case 'SetCustomMiningJob':
        return send(state, session, {
          type: 'SetCustomMiningJob.Error',
          channelId: message.channelId,
          requestId: message.requestId,
          errorCode: 'jd-not-supported',
        })
      case 'RequestExtensions':
        return this.#extensions(connection, message)
      case 'ChannelEndpointChanged':
      case 'Opaque':
        return
      default:
        return this.#misbehaved(session, `unexpected ${message.type}`)
    }
  }

  #setup(connection: Connection, message: Message): void {
    const state = this.#state
    const { session } = connection
    if (message.type !== 'SetupConnection')
      return this.#misbehaved(session, `${message.type} before SetupConnection`)
    const { settings } = state
    const answer = answerSetup(message, {
      protocols: [0],
      supportedFlags:
        REQUIRES_STANDARD_JOBS |
        REQUIRES_WORK_SELECTION |
        (settings.versionRolling ? REQUIRES_VERSION_ROLLING : 0),
      successFlags: () =>
        (settings.versionRolling ? 0 : REQUIRES_FIXED_VERSION) |
        (settings.extendedChannelsOnly ? REQUIRES_EXTENDED_CHANNELS : 0),
    })
    send(state, session, answer)
    if (answer.type === 'SetupConnection.Success') {
      connection.flags = message.flags
      state.out.push({ kind: 'minerConnected', session, vendor: message.vendor, firmware: message.firmware })
      return
    }
    state.out.push({ kind: 'setupRefused', session, code: answer.errorCode, flags: answer.flags })
    state.out.push({ kind: 'close', session, reason: answer.errorCode })
  }

  #extensions(connection: Connection, message: Extract<Message, { type: 'RequestExtensions' }>): void {
    const answer = answerRequestExtensions(message, this.#state.settings.extensions)
    if (answer.type === 'RequestExtensions.Success') connection.extensions = answer.supportedExtensions
    send(this.#state, connection.session, answer)
  }

  /** A client without the extensions we insist on is not served (EXT-19). */
  #owesExtensions(connection: Connection): boolean {
    const policy = this.#state.settings.extensions
    return (
      connection.capabilities.extensions &&
      policy.required.size > 0 &&
      !mayGoOn(policy, connection.extensions)
    )
  }

  #closeChannel(connection: Connection, channelId: number): void {
    const state = this.#state
    const channel = connection.channels.get(channelId)
    if (channel !== undefined) return removeChannel(state, connection, channel)
    const group = connection.groups.find((each) => each.groupId === channelId)
    if (group === undefined) return
    for (const member of [...group.channels])
      if (member.groupId !== 0) removeChannel(state, connection, member)
  }

  #misbehaved(session: SessionId, reason: string): void {
    this.#state.out.push({ kind: 'peerMisbehaved', session, reason }, { kind: 'close', session, reason })
  }
}
