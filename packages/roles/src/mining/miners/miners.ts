import type { Message, SubmitSharesExtended } from '@sv2/messages'
import type { Port } from '../../ground/port.ts'
import { type Emit, type Millis, NEVER, type SessionEvent, type SessionId } from '../../ground/role.ts'
import type { Channel } from '../channel/channel.ts'
import type { Job, Tip } from '../channel/job.ts'
import type { JobBook } from '../channel/job-book.ts'
import type { Jobs } from '../channel/jobs.ts'
import type { Share, ShareErrorCode } from '../channel/judge.ts'
import { closeAll, closeChannel, closeMore } from './closing.ts'
import { Connection } from './connection.ts'
import { retryCustomJobs, setCustomJob, tickCustomJobs, tipChanged } from './custom-jobs.ts'
import { DifficultyRound } from './difficulty-round.ts'
import { negotiateExtensions, owesExtensions, setUp } from './handshake.ts'
import { giveWanted, levelsOfTip } from './new-levels.ts'
import { openChannel, updateChannel } from './opening.ts'
import { limitVersionRolling, moveChannel, regroup, renewPrefix, reserve } from './rearrange.ts'
import { chargeRefusal } from './refusals.ts'
import { feedStarving } from './search-space.ts'
import {
  acknowledgeDue,
  type DecidedShare,
  flushAck,
  judgeEarly,
  settleNext,
  settleShare,
  submitShare,
} from './shares.ts'
import {
  type MinersDeps,
  type MinersEffect,
  type MinersSettings,
  type MinersState,
  minersState,
  misbehaved,
  nextOrder,
  send,
} from './state.ts'
import { freshJob, sendJob, sendOwnJob, sendTip } from './work.ts'
import type { WorkSource } from './work-source.ts'

/**
 * The server side of the mining protocol: connections, channels, jobs handed down, shares judged. Pool, aggregating
 * proxy, translators and negotiator client differ only in where work comes from (`WorkSource`).
 */
export class Miners {
  readonly #state: MinersState
  readonly #round: DifficultyRound
  /** More is to be told, or to be taken out, than one moment is for. */
  #behind = false

  constructor(
    settings: MinersSettings,
    deps: MinersDeps & { readonly source: WorkSource; readonly emit: Emit<MinersEffect> },
  ) {
    this.#state = minersState(settings, deps)
    this.#round = new DifficultyRound(this.#state.connected.channels)
  }

  /** The last thing in every turn of a role: tells the next miners of jobs, and sets when a tick is needed. */
  endTurn(): void {
    const { due, out, emit, now } = this.#state
    const { lanes } = out
    // clients that are not told at once are told later, when a tick says that others had their turn
    if (!this.#behind && !lanes.isEmpty) for (const effect of lanes.slice()) emit(effect)
    this.#behind = !lanes.isEmpty || due.closing.length > 0
    due.timers.set('rest', this.#behind ? now : NEVER)
    due.timers.set('round', this.#round.nextDeadline())
    due.timers.set('early', due.early.nextDeadline())
    due.timers.set('custom', due.custom.nextDeadline())
  }

  /** The next place in the order of jobs, levels and prefixes. */
  nextOrder(): number {
    return nextOrder(this.#state)
  }

  get connectionCount(): number {
    return this.#state.connected.connections.size
  }

  get channelCount(): number {
    return this.#state.connected.channels.length
  }

  nextDeadline(): Millis {
    return this.#state.due.timers.nextDeadline()
  }

  /** Messages that come next from a miner: the merkle roots of its shares are computed together. */
  foresee(session: SessionId, messages: readonly Message[]): void {
    const { connected, judge } = this.#state
    const connection = connected.connections.get(session)
    if (connection === undefined) return
    const shares: { readonly channel: Channel; readonly share: SubmitSharesExtended }[] = []
    for (const message of messages) {
      if (message.type !== 'SubmitSharesExtended') continue
      const channel = connection.channel(message.channelId)
      if (channel !== undefined) shares.push({ channel, share: message })
    }
    if (shares.length > 1) judge.foresee(shares)
  }

  handle(event: SessionEvent<Port>, now: Millis): void {
    this.#state.now = now
    switch (event.kind) {
      case 'opened':
        return this.#opened(new Connection(event.session, { ...event, now }))
      case 'message':
        return this.#message(event.session, event.message, now)
      case 'closed':
        return this.#closed(event.session)
      case 'tick':
        return this.#tick(now)
    }
  }

  /**
   * Takes a share in as if its client had sent it. Answers why it is refused; undefined when it is not, or not yet.
   * @throws {RangeError} when there is no such connection
   */
  submit(session: SessionId, share: Share, now: Millis): ShareErrorCode | undefined {
    this.#state.now = now
    const connection = this.#state.connected.connections.get(session)
    if (connection === undefined) throw new RangeError(`no connection ${session}`)
    return submitShare(this.#state, connection, share, now)
  }

  /** Sends a job to all channels of its book, and of those that have it as their root. Answers how many groups get it. */
  sendJob(book: JobBook, job: Job): number {
    return sendJob(this.#state, book, job)
  }

  /** Tells the same channels about a new tip. */
  sendTip(book: JobBook, jobId: number, tip: Tip): number {
    return sendTip(this.#state, book, jobId, tip)
  }

  /**
   * After the new tip was sent to all: jobs older than `oldestLive` earn no credit any more, share targets stay below
   * the network's difficulty, and shares that came before the tip are judged. Clients' own jobs are those of the new tip alone.
   */
  newTip(tip: { readonly oldestLive: number; readonly networkDifficulty: number }, now: Millis): void {
    this.#state.out.oldestLive = tip.oldestLive
    this.#state.out.networkDifficulty = tip.networkDifficulty
    judgeEarly(this.#state, now)
    levelsOfTip(this.#state)
    tipChanged(this.#state)
  }

  /** Tries clients' own jobs again that the source could not decide on. */
  retryCustomJobs(): void {
    retryCustomJobs(this.#state)
  }

  /** Answers what had to wait for the source of work, of one connection or of all. */
  resume(now: Millis, session?: SessionId): void {
    const { due, connected } = this.#state
    const only = session === undefined ? undefined : connected.connections.get(session)
    for (const [connection, requests] of due.waiting.take(only)) {
      for (const request of requests) this.#message(connection.session, request, now)
    }
  }

  /** Ends a channel, and tells its client why. */
  closeChannel(channel: Channel, reasonCode: string): void {
    const state = this.#state
    const connection = state.connected.connections.get(channel.session)
    if (connection === undefined || channel.closed) return
    closeChannel(state, { connection, reasonCode }, channel)
  }

  /** Ends all channels of a book, those of very many a part at a time. */
  closeBook(book: Jobs, reasonCode: string): void {
    const groups = [...(this.#state.connected.groups.get(book) ?? [])]
    for (const { connection, channels } of groups)
      closeAll(this.#state, { connection, channels: [...channels].values(), reasonCode })
  }

  /** See `limitVersionRolling`. */
  limitVersionRolling(mask: number, learns?: (session: SessionId) => boolean): void {
    limitVersionRolling(this.#state, mask, learns)
  }

  /** See `settleShare`. */
  settle(share: DecidedShare, errorCode: string | undefined, now: Millis): void {
    settleShare(this.#state, share, errorCode, now)
  }

  /** See `settleNext`. */
  settleNext(share: DecidedShare, errorCode: string | undefined, now: Millis): void {
    settleNext(this.#state, share, errorCode, now)
  }

  /** See `reserve`. */
  reserve(session: SessionId, former?: Channel): Uint8Array | undefined {
    return reserve(this.#state, session, former)
  }

  /** See `moveChannel`. */
  move(channel: Channel, book: Jobs): void {
    moveChannel(this.#state, channel, book)
  }

  /** Every open channel. */
  get channels(): readonly Channel[] {
    return this.#state.connected.channels
  }

  /** An open channel of a connection. */
  channel(session: SessionId, channelId: number): Channel | undefined {
    return this.#state.connected.connections.get(session)?.channel(channelId)
  }

  /** Gives one channel the present work under an id it has not had; nothing where there is none. */
  giveJob(session: SessionId, channelId: number): void {
    const channel = this.channel(session, channelId)
    const job = channel === undefined ? undefined : freshJob(this.#state, channel)
    if (channel !== undefined && job !== undefined) sendOwnJob(this.#state, channel, job)
  }

  /** See `renewPrefix`. */
  renewPrefix(session: SessionId, channelId: number): ReturnType<typeof renewPrefix> {
    return renewPrefix(this.#state, session, channelId)
  }

  /** See `regroup`. */
  regroup(session: SessionId, channelIds: readonly number[]): number | undefined {
    return regroup(this.#state, session, channelIds)
  }

  /** Tells all clients that have agreed on an extension. */
  tellAgreed(extension: number, message: Message): void {
    const agreed = [...this.#state.connected.connections.values()].filter(
      ({ extensions }) => extensions?.includes(extension) === true,
    )
    if (agreed.length > 0)
      send(
        this.#state,
        agreed.map(({ session }) => session),
        message,
      )
  }

  /** Asks every miner to go elsewhere (or to come back), and closes the connections (POOL-63). */
  drain(endpoint: { readonly host: string; readonly port: number }): void {
    const state = this.#state
    for (const connection of state.connected.connections.values()) {
      for (const channel of connection.channels.values()) flushAck(state, channel)
      if (connection.flags !== undefined) {
        send(state, connection.session, { type: 'Reconnect', newHost: endpoint.host, newPort: endpoint.port })
      }
      state.emit({ kind: 'close', session: connection.session, reason: 'draining' })
    }
  }

  /** Closes every connection: there is nothing to mine. Answers how many there were. */
  leave(reason: string): number {
    const { connected, emit } = this.#state
    const { connections } = connected
    for (const { session } of connections.values()) emit({ kind: 'close', session, reason })
    return connections.size
  }

  #opened(connection: Connection): void {
    this.#state.connected.connections.set(connection.session, connection)
    this.#state.due.idle.push(connection, this.#idleUntil(connection))
  }

  /** When a connection that stays without a channel is closed. */
  #idleUntil(connection: Connection): Millis {
    return connection.idleSince + this.#state.settings.openChannelWithinMs
  }

  #closed(session: SessionId): void {
    const state = this.#state
    const connection = state.connected.connections.get(session)
    if (connection === undefined) return
    const channels = connection.channels.size
    state.connected.connections.delete(session)
    closeAll(state, { connection, channels: connection.channels.values(), reasonCode: undefined })
    state.out.lanes.forget(connection)
    state.due.waiting.forget(connection)
    if (connection.reserved !== undefined)
      state.connected.leases.release(connection.reserved, state.out.order)
    state.emit({ kind: 'minerDisconnected', session, channels })
  }

  #tick(now: Millis): void {
    const state = this.#state
    this.#behind = false
    closeMore(state)
    acknowledgeDue(state, now)
    judgeEarly(state, now)
    tickCustomJobs(state, now)
    for (let idle = state.due.idle.takeDue(now); idle !== undefined; idle = state.due.idle.takeDue(now)) {
      if (state.connected.connections.get(idle.session) !== idle || idle.channels.size > 0) continue
      if (state.due.waiting.has(idle)) {
        // it has done its part, and waits for ours
        idle.idleSince = now
        state.due.idle.push(idle, this.#idleUntil(idle))
        continue
      }
      // it had a channel meanwhile, and stands in the queue once more
      if (this.#idleUntil(idle) > now) continue
      const reason = idle.flags === undefined ? 'no SetupConnection in time' : 'no channel opened in time'
      state.emit({ kind: 'close', session: idle.session, reason })
    }
    giveWanted(state)
    if (this.#round.step(state, now)) feedStarving(state)
  }

  #message(session: SessionId, message: Message, now: Millis): void {
    const state = this.#state
    const connection = state.connected.connections.get(session)
    if (connection === undefined) return
    if (connection.flags === undefined) return setUp(state, connection, message)
    if (message.type !== 'RequestExtensions' && owesExtensions(state, connection)) {
      return misbehaved(state, session, 'required extensions were not requested')
    }
    switch (message.type) {
      case 'SubmitSharesStandard':
      case 'SubmitSharesExtended':
        submitShare(state, connection, message, now)
        return
      case 'OpenStandardMiningChannel':
      case 'OpenExtendedMiningChannel':
        return openChannel(state, connection, message, now)
      case 'UpdateChannel':
        return updateChannel(state, connection, message, now)
      case 'CloseChannel':
        return this.#closeChannel(connection, message.channelId)
      case 'SetCustomMiningJob':
        return setCustomJob(state, connection, message, now)
      case 'RequestExtensions':
        return negotiateExtensions(state, connection, message)
      case 'ChannelEndpointChanged':
        return forgetWorkers(connection, message.channelId)
      case 'Opaque':
        return chargeRefusal(state, connection)
      default:
        return misbehaved(state, session, `unexpected ${message.type}`)
    }
  }

  #closeChannel(connection: Connection, channelId: number): void {
    const channel = connection.channel(channelId)
    const members = [...(connection.groups.get(channelId)?.channels ?? [])].filter((each) => each.grouped)
    const closed = channel === undefined ? members : [channel]
    // for the client they are closed at once, however long it takes to take them out
    for (const each of closed) each.closed = true
    closeAll(this.#state, { connection, channels: closed.values(), reasonCode: undefined })
  }
}

/** Another client is at the end of a channel: what extensions knew of the old one goes (EXT-06). */
function forgetWorkers(connection: Connection, channelId: number): void {
  const channel = connection.channel(channelId)
  if (channel !== undefined) channel.workers = undefined
}
