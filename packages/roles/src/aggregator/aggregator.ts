import { Outbox } from '../ground/outbox.ts'
import type { SinglePort } from '../ground/port.ts'
import type { Millis, Role, SessionEvent } from '../ground/role.ts'
import type { MinersDeps } from '../mining/miners/state.ts'
import {
  UpstreamWork,
  type UpstreamWorkEffect,
  type UpstreamWorkSettings,
} from '../work/upstream/upstream-work.ts'
import type { UpstreamPort } from '../work/upstreams.ts'

export type AggregatorEvent =
  | SessionEvent<SinglePort<'miners'> | UpstreamPort>
  /** An attempt to connect an upstream failed. */
  | { readonly kind: 'unreachable'; readonly upstream: number }
  /** Send every miner to another place (empty host and port 0: back here), and take leave of the upstreams. */
  | { readonly kind: 'drain'; readonly host: string; readonly port: number }

/**
 * An aggregating mining proxy: many miners on one extended channel of an upstream (PRX-02, PRX-17). It is the end of
 * both sides' channels: what an upstream says about extensions stays here.
 */
export class Aggregator implements Role<AggregatorEvent, UpstreamWorkEffect> {
  readonly #work: UpstreamWork
  readonly #outbox = new Outbox<UpstreamWorkEffect>()

  constructor(settings: UpstreamWorkSettings, deps: MinersDeps) {
    const { emit } = this.#outbox
    this.#work = new UpstreamWork(settings, { ...deps, emit })
  }

  /** Live numbers for metrics. */
  get counts(): UpstreamWork['counts'] {
    return this.#work.counts
  }

  /** There is work to mine on. */
  get hasWork(): boolean {
    return this.#work.hasWork
  }

  /** Found, sent, acknowledged and more, for every channel that found a share. */
  get tallies(): UpstreamWork['tallies'] {
    return this.#work.tallies
  }

  nextDeadline(): Millis {
    return this.#work.nextDeadline()
  }

  handle(event: AggregatorEvent, now: Millis): readonly UpstreamWorkEffect[] {
    const work = this.#work
    if (event.kind === 'tick') work.tick(now)
    else if (event.kind === 'drain') work.drain(event)
    else if (event.kind === 'unreachable') work.upstream(event, now)
    else if (event.kind === 'opened' && event.port.kind === 'upstream')
      work.upstream({ ...event, port: event.port }, now)
    else if (event.kind !== 'opened' && work.ownsUpstream(event.session)) work.upstream(event, now)
    else work.miner(event, now)
    work.miners.endTurn()
    return this.#outbox.take()
  }
}
