import type { Message } from '@sv2/messages'
import type { Sv1ToMiner, Sv1ToServer } from '@sv2/sv1'
import type { SolutionEffect } from '../../client/open-solutions.ts'
import { Outbox } from '../../ground/outbox.ts'
import type { SinglePort } from '../../ground/port.ts'
import type { Millis, Role, SessionEffect, SessionEvent, SessionId } from '../../ground/role.ts'
import { Timers } from '../../ground/timers.ts'
import type { V1Fact } from '../../sv1-front/facts.ts'
import type { CoreSettings, V1Port } from '../../sv1-front/front-state.ts'
import type { Sv1FrontSettings } from '../../sv1-front/settings.ts'
import { Sv1Front } from '../../sv1-front/sv1-front.ts'
import type { UpstreamWorkEffect } from '../../work/upstream/upstream-work.ts'
import type { JobClientFact } from './facts.ts'
import { JobClientCore, type JobClientDeps } from './job-client-core.ts'
import type { PairPort } from './pair-port.ts'
import type { JobClientSettings } from './settings.ts'

export type JobClientEvent =
  | SessionEvent<V1Port | SinglePort<'miners'> | SinglePort<'templates'> | PairPort, Message | Sv1ToServer>
  /** An attempt to make a connection of a pair failed. */
  | { readonly kind: 'unreachable'; readonly upstream: PairPort }
  /** Send every miner to another place (empty host and port 0: back here), and close. */
  | { readonly kind: 'drain'; readonly host: string; readonly port: number }

export type JobClientEffect = JobClientFact | V1Fact | SolutionEffect | SessionEffect<Message | Sv1ToMiner>

/**
 * The negotiator client: miners of both versions of Stratum below, our own templates, and pools that pay for jobs made
 * of them.
 */
export class JobClient implements Role<JobClientEvent, JobClientEffect> {
  readonly #timers = new Timers()
  readonly #core: JobClientCore
  readonly #front: Sv1Front
  readonly #outbox = new Outbox<JobClientEffect>()

  /** @param front how Stratum V1 miners are treated */
  constructor(
    settings: JobClientSettings,
    deps: Omit<JobClientDeps, 'learnsVersionMask' | 'emit' | 'emitToMiners'> & {
      readonly front: Sv1FrontSettings
    },
  ) {
    const fromCore: UpstreamWorkEffect[] = []
    this.#core = this.#timers.add(
      new JobClientCore(settings, {
        ...deps,
        emit: this.#outbox.emit,
        emitToMiners: (effect) => fromCore.push(effect),
        learnsVersionMask: (session) => this.#front.has(session),
      }),
    )
    const work: CoreSettings = {
      miners: settings.miners,
      aggregated: true,
      repeatMs: settings.jobRefreshMs,
      rolled: { most: settings.rollableExtranonceSize, least: settings.rollableExtranonceSize },
    }
    this.#front = this.#timers.add(
      new Sv1Front(
        { work, front: deps.front },
        {
          core: this.#core,
          randomBytes: deps.randomBytes,
          fromCore,
          emit: (effect) => this.#outbox.emit(effect as JobClientEffect),
        },
      ),
    )
  }

  /** Live numbers for metrics. */
  get counts(): JobClientCore['counts'] & { readonly v1Miners: number } {
    return { ...this.#core.counts, v1Miners: this.#front.counts.miners }
  }

  /** There is work to mine on. */
  get hasWork(): boolean {
    return this.#core.hasWork
  }

  /** Found, sent, acknowledged and more, for every channel that found a share. */
  get tallies(): JobClientCore['tallies'] {
    return this.#core.tallies
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  handle(event: JobClientEvent, now: Millis): readonly JobClientEffect[] {
    this.#take(event, now)
    this.#front.flow(now)
    return this.#outbox.take()
  }

  #take(event: JobClientEvent, now: Millis): void {
    const core = this.#core
    const front = this.#front
    switch (event.kind) {
      case 'tick':
        core.tick(now)
        return front.tick(now)
      case 'unreachable':
        return core.upstream(event, now)
      case 'drain':
        return core.miners.drain(event)
      case 'opened': {
        const { port } = event
        if (port.kind === 'templates') return core.templatesOpened(event.session, now)
        if (port.kind === 'miners') return core.miner(event, now)
        if (port.kind === 'v1') return front.opened(event.session, port.index ?? 0, now)
        return core.upstream({ ...event, port }, now)
      }
      case 'message':
        if (front.has(event.session)) return front.line(event.session, event.message as Sv1ToServer, now)
        return this.#message(event.session, event.message as Message, now)
      case 'closed':
        if (front.has(event.session)) return front.closed(event.session, now)
        if (core.ownsTemplates(event.session)) return core.templatesClosed(now)
        if (core.ownsUpstream(event.session)) return core.upstream(event, now)
        return core.miner(event, now)
    }
  }

  #message(session: SessionId, message: Message, now: Millis): void {
    const core = this.#core
    const event = { kind: 'message', session, message } as const
    if (core.ownsTemplates(session)) core.templates(message, now)
    else if (core.ownsUpstream(session)) core.upstream(event, now)
    else core.miner(event, now)
  }
}
