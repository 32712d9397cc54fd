import type { Millis, SessionId } from '../../ground/role.ts'
import type { Channel } from '../../mining/channel/channel.ts'
import type { Jobs } from '../../mining/channel/jobs.ts'
import type { WorkRequest } from '../../mining/miners/work-source.ts'
import type { FeedDeps, FeedSettings } from './feed-settings.ts'
import { Feeds } from './feeds.ts'
import { addHashrate, addHashrates, loadsOf, tellHashrates } from './hashrates.ts'
import { type Line, makeLine, type WorkSeat } from './line.ts'
import { Lines } from './lines.ts'
import { imbalance, makeSeats, seatFor } from './seats.ts'

export interface WorkLinesSettings extends FeedSettings {
  /** Work is asked for before a miner needs it. */
  readonly eager: boolean
}

/** The split of the hash rate is looked at this often, in steps of a second. */
const REBALANCE_STEPS = 10

/** The lines of work of a node: who works on which, and where that work comes from. */
export class WorkLines {
  readonly lines = new Lines()
  readonly feeds: Feeds
  readonly #settings: WorkLinesSettings
  readonly #deps: FeedDeps
  readonly #seats: readonly WorkSeat[]
  #steps = 0

  constructor(settings: WorkLinesSettings, deps: FeedDeps) {
    this.#settings = settings
    this.#deps = deps
    this.#seats = makeSeats(settings.upstreams.map(({ share }) => share))
    this.feeds = new Feeds(settings, { lines: this.lines, seats: this.#seats, deps })
    if (settings.aggregated) for (const seat of this.#seats) this.lines.add(makeLine(seat, '', deps))
    if (!settings.eager) return
    for (const line of this.lines) line.demanded = true
    this.demand(0)
  }

  /** Upstream channels that give work. */
  get feeding(): number {
    let feeding = 0
    for (const { supply } of this.lines) if (supply.feed !== undefined) feeding++
    return feeding
  }

  /** A miner waits for work, or has it. */
  get isDemanded(): boolean {
    for (const { demanded } of this.lines) if (demanded) return true
    return false
  }

  /** A miner will need work: the upstreams are connected. */
  demand(now: Millis): void {
    if (this.#seats.every(({ order }) => order.length > 0)) return
    for (const seat of this.#seats) seat.order = seat.preference
    this.feeds.connect(now)
  }

  /** Once a second. */
  step(channels: readonly Channel[], now: Millis): void {
    addHashrates(this.lines, channels)
    tellHashrates(this.lines)
    this.feeds.watchAnswers(now)
    this.#steps++
    if (this.#steps % REBALANCE_STEPS === 0) this.#rebalance(channels, now)
  }

  /** The line for a request: that of a seat, or one made for it alone. */
  lineFor(request: WorkRequest, now: Millis): Line {
    this.demand(now)
    const known = this.lines.madeFor(request)
    if (known !== undefined) return known
    const { session, requestId, identity, nominalHashrate } = request
    const seat = seatFor(loadsOf(this.#seats, this.lines), nominalHashrate)
    if (this.#settings.aggregated) {
      for (const line of this.lines) if (line.seat === seat) return this.#demanded(line, now)
      throw new RangeError('a seat without a line')
    }
    const line = makeLine(seat, identity, this.#deps)
    line.origin = { session, requestId }
    addHashrate(line, nominalHashrate)
    this.lines.add(line)
    return this.#demanded(line, now)
  }

  /** The client that asked is gone. */
  abandon(session: SessionId, now: Millis): void {
    for (const line of this.lines.waitingFor(session)) this.drop(line, now)
  }

  /** No channel works on a book any more. */
  released(book: Jobs, now: Millis): void {
    const line = this.lines.of(book)
    if (line !== undefined) this.drop(line, now)
  }

  /** The node ends: the upstreams are told so. */
  leave(reasonCode: string): void {
    for (const { supply } of this.lines) supply.feed?.close(reasonCode)
  }

  /** Ends a line that was one miner's. */
  drop(line: Line, now: Millis): void {
    if (this.#settings.aggregated || !this.lines.has(line)) return
    this.lines.delete(line)
    this.feeds.end(line, now)
  }

  #demanded(line: Line, now: Millis): Line {
    line.demanded = true
    this.feeds.steer(line, now)
    return line
  }

  #rebalance(channels: readonly Channel[], now: Millis): void {
    const wrong = imbalance(loadsOf(this.#seats, this.lines))
    if (wrong === undefined) return
    const { from, to, hashrate } = wrong
    let best: Channel | undefined
    for (const channel of channels) {
      if (this.lines.of(channel.book)?.seat !== from || channel.hashrate > 2 * hashrate) continue
      if (best === undefined || channel.hashrate > best.hashrate) best = channel
    }
    const line = best === undefined ? undefined : this.lines.of(best.book)
    if (best === undefined || line === undefined) return
    if (!this.#settings.aggregated) return this.feeds.reseat(line, to, now)
    for (const other of this.lines)
      if (other.seat === to && other.supply.feed !== undefined && other.rolled === line.rolled)
        this.#deps.miners.move(best, other.book)
  }
}
