import type { Millis, SessionId } from '../../ground/role.ts'
import type { Channel } from '../../mining/channel/channel.ts'
import type { Jobs } from '../../mining/channel/jobs.ts'
import type { WorkRequest } from '../../mining/miners/work-source.ts'
import { imbalance, makeSlots, mostLackingSlot } from './hashrate-split.ts'
import { addHashrate, addHashrates, loadsOf, tellHashrates } from './hashrates.ts'
import type { ChannelsDeps, ChannelsSettings } from './settings.ts'
import { UpstreamChannels } from './upstream-channels.ts'
import { makeWorkload, type Workload, type WorkSlot } from './workload.ts'
import { Workloads } from './workloads.ts'

export interface AllocationSettings extends ChannelsSettings {
  /** Work is asked for before a miner needs it. */
  readonly eager: boolean
}

/** The split of the hash rate is looked at this often, in steps of a second. */
const REBALANCE_STEPS = 10

/** The workloads of a node: who works on which, and where that work comes from. */
export class Allocation {
  readonly workloads = new Workloads()
  readonly channels: UpstreamChannels
  readonly #settings: AllocationSettings
  readonly #deps: ChannelsDeps
  readonly #slots: readonly WorkSlot[]
  #steps = 0

  constructor(settings: AllocationSettings, deps: ChannelsDeps) {
    this.#settings = settings
    this.#deps = deps
    this.#slots = makeSlots(settings.upstreams.map(({ share }) => share))
    this.channels = new UpstreamChannels(settings, {
      ...deps,
      workloads: this.workloads,
      slots: this.#slots,
    })
    if (settings.aggregated) for (const slot of this.#slots) this.workloads.add(makeWorkload(slot, '', deps))
    if (!settings.eager) return
    for (const workload of this.workloads) workload.demanded = true
    this.demand(0)
  }

  /** Upstream channels that give work. */
  get feeding(): number {
    let feeding = 0
    for (const { work } of this.workloads) if (work.channel !== undefined) feeding++
    return feeding
  }

  /** A miner waits for work, or has it. */
  get isDemanded(): boolean {
    for (const { demanded } of this.workloads) if (demanded) return true
    return false
  }

  /** A miner will need work: the upstreams are connected. */
  demand(now: Millis): void {
    if (this.#slots.every(({ order }) => order.length > 0)) return
    for (const slot of this.#slots) slot.order = slot.preference
    this.channels.connect(now)
  }

  /** Once a second. */
  step(channels: readonly Channel[], now: Millis): void {
    addHashrates(this.workloads, channels)
    tellHashrates(this.workloads)
    this.channels.watchAnswers(now)
    this.#steps++
    if (this.#steps % REBALANCE_STEPS === 0) this.#rebalance(channels, now)
  }

  /** The workload for a request: that of a slot, or one made for it alone. */
  workloadFor(request: WorkRequest, now: Millis): Workload {
    this.demand(now)
    const known = this.workloads.madeFor(request)
    if (known !== undefined) return known
    const { session, requestId, identity, nominalHashrate } = request
    const slot = mostLackingSlot(loadsOf(this.#slots, this.workloads), nominalHashrate)
    if (this.#settings.aggregated) {
      for (const workload of this.workloads) if (workload.slot === slot) return this.#demanded(workload, now)
      throw new RangeError('a slot without a workload')
    }
    const workload = makeWorkload(slot, identity, this.#deps)
    workload.origin = { session, requestId }
    addHashrate(workload, nominalHashrate)
    this.workloads.add(workload)
    return this.#demanded(workload, now)
  }

  /** The client that asked is gone. */
  abandon(session: SessionId, now: Millis): void {
    for (const workload of this.workloads.waitingFor(session)) this.drop(workload, now)
  }

  /** No channel works on a book any more. */
  released(book: Jobs, now: Millis): void {
    const workload = this.workloads.of(book)
    if (workload !== undefined) this.drop(workload, now)
  }

  /** The node ends: the upstreams are told so. */
  leave(reasonCode: string): void {
    for (const { work } of this.workloads) work.channel?.close(reasonCode)
  }

  /** Ends a workload that was one miner's. */
  drop(workload: Workload, now: Millis): void {
    if (this.#settings.aggregated || !this.workloads.has(workload)) return
    this.workloads.delete(workload)
    this.channels.end(workload, now)
  }

  #demanded(workload: Workload, now: Millis): Workload {
    workload.demanded = true
    this.channels.steer(workload, now)
    return workload
  }

  #rebalance(channels: readonly Channel[], now: Millis): void {
    const wrong = imbalance(loadsOf(this.#slots, this.workloads))
    if (wrong === undefined) return
    const { from, to, hashrate } = wrong
    let best: Channel | undefined
    for (const channel of channels) {
      if (this.workloads.of(channel.book)?.slot !== from || channel.hashrate > 2 * hashrate) continue
      if (best === undefined || channel.hashrate > best.hashrate) best = channel
    }
    const workload = best === undefined ? undefined : this.workloads.of(best.book)
    if (best === undefined || workload === undefined) return
    if (!this.#settings.aggregated) return this.channels.moveTo(workload, to, now)
    for (const other of this.workloads)
      if (other.slot === to && other.work.channel !== undefined && other.rolled === workload.rolled)
        this.#deps.miners.move(best, other.book)
  }
}
