import type { Port, Role, SessionEffect } from '@sv2/roles/ground'
import type { DialCommand } from '@sv2/roles/work'
import { type Dialer, dial, Engine, systemNoise, type UpstreamSettings } from '@sv2/runtime'
import { pagesOf, type ServedApi } from './api/pages.ts'
import type { AppContext, V1Sessions } from './app.ts'
import type { MinersMonitoringConfig } from './config/api.ts'
import { dialUpstreams, type Upstreams } from './dial-upstreams.ts'
import { openDoors, type ServerConfig, sessionLines } from './doors.ts'
import type { Farewell } from './farewell.ts'
import {
  type Health,
  liveGauges,
  type MonitoringSettings,
  type Registry,
  serveMonitoring,
} from './monitoring.ts'
import { observeWorkers } from './observe/workers.ts'
import type { CountedFact } from './stats/facts.ts'
import type { Statistics } from './stats/statistics.ts'

/** How the log tells that a connection could not be made. */
export interface FailureLine {
  readonly text: string
  /** Prints it; the log of the app when missing. */
  readonly warn?: (line: object, text: string) => void
}

/** A server that is dialed at the start, and again whenever it is lost. */
export interface DialedServer {
  /** What the scope calls it. */
  readonly name: string
  readonly port: Port
  readonly settings: UpstreamSettings
  readonly onFailed: FailureLine
}

/** Upstreams that the role itself dials, lets go and sends elsewhere. */
export interface DialedUpstreams<Upstream = number> {
  readonly list: Upstreams<Upstream>
  readonly onFailed: FailureLine
  /** Hears of each command before it is performed. */
  readonly onCommand?: (command: DialCommand<Upstream>) => void
}

/** A role, and what its process does for it. */
export interface RoleStart<Event, Effect, Upstream = number> {
  readonly role: Role<Event, Effect>
  /** Performs what is not about connections, and makes numbers and log lines of facts. */
  readonly onEffect: (effect: Exclude<Effect, SessionEffect<unknown> | DialCommand<Upstream>>) => void
  readonly onSessionClosed?: () => void
  /** Counts what the role tells of its miners; see `monitor`. */
  readonly stats?: Statistics | undefined
  /** Counts in its place, for a process that serves no pages itself. */
  readonly counter?: FactCounter | undefined
  readonly servers?: readonly DialedServer[]
  readonly upstreams?: DialedUpstreams<Upstream>
  /** What the role hears when the app ends, while its connections still stand. */
  readonly farewell?: Farewell<NoInfer<Event>>
  /** What the scope calls its connections; for a process with several roles. */
  readonly connections?: string
}

/** What counts the connections and facts of a role. */
export type FactCounter = Pick<Statistics, 'opened' | 'closed' | 'fact'>

/** A gauge: name, help, and the value whenever it is read. */
export type LiveGauge = readonly [name: string, help: string, value: () => number]

/** A role on its connections; its doors are not open yet. */
export interface StartedRole<Event extends { readonly kind: string }> {
  readonly engine: Pick<Engine<Event, never>, 'tell' | 'adopt'>
  /** Closes a connection. */
  disconnect(session: number): void
  /** Of `servers`, in their order. */
  readonly dialers: readonly Dialer[]
  /** Serves numbers and health until the app ends, and the API where the role has statistics. Answers the port. */
  monitor(
    settings: MonitoringSettings & Partial<MinersMonitoringConfig>,
    watched: { readonly gauges?: readonly LiveGauge[]; readonly health: Health; readonly api?: ServedApi },
  ): Promise<number>
  /** Opens the doors until the app ends. Answers their URLs. */
  open(
    config: ServerConfig,
    ports: {
      readonly port: Port
      readonly v1Port?: (door: number) => Port
      /** Takes the V1 sessions of the doors, where this role does not. */
      readonly v1?: V1Sessions | undefined
    },
  ): Promise<string[]>
}

/**
 * Runs a role on an engine, with log lines of its connections, and dials its servers. What it opens ends with the app,
 * in reverse: doors, monitoring, what the caller owned meanwhile, the farewell, connections.
 */
export function startRole<
  Event extends { readonly kind: string },
  Effect extends { readonly kind: string },
  Upstream = number,
>(context: AppContext, start: RoleStart<Event, Effect, Upstream>): StartedRole<Event> {
  const { log, scope, clock } = context
  const lines = sessionLines(log)
  const { stats, counter = stats } = start
  const engine = new Engine<Event, Effect>(start.role, {
    clock,
    observer: {
      ...lines,
      onSessionOpened(info) {
        counter?.opened(info)
        lines.onSessionOpened?.(info)
      },
      onSessionClosed(info, reason) {
        counter?.closed(info.session)
        start.onSessionClosed?.()
        lines.onSessionClosed?.(info, reason)
      },
      onEffect(effect) {
        if (upstreams === undefined || !isDialCommand<Upstream>(effect)) {
          counter?.fact(effect as unknown as CountedFact)
          return start.onEffect(withRemote(effect, (session) => engine.info(session)?.remote) as never)
        }
        start.upstreams?.onCommand?.(effect)
        upstreams.perform(effect)
      },
    },
  })
  const links = ({ text, warn = (line, said) => log.warn(line, said) }: FailureLine) => ({
    noise: systemNoise,
    clock,
    random: Math.random,
    onFailed: (where: string, reason: string, retryMs: number) => warn({ where, reason, retryMs }, text),
  })
  scope.own(start.connections ?? 'connections', () => engine.stop('shutting down'))
  const upstreams =
    start.upstreams && dialUpstreams(start.upstreams.list, engine as never, links(start.upstreams.onFailed))
  if (upstreams !== undefined) scope.own('upstreams', () => upstreams.close())
  const dialers = (start.servers ?? []).map(({ name, port, settings, onFailed }) => {
    const dialer = dial(settings, engine, { ...links(onFailed), port })
    scope.own(name, () => dialer.close())
    return dialer
  })
  const disconnect = (session: number) => engine.disconnect(session, 'closed by the operator')
  let doors: readonly string[] = []
  const { farewell } = start
  if (farewell !== undefined)
    scope.own('miners', () => {
      engine.tell(farewell.event)
      return new Promise((resolve) => setTimeout(resolve, farewell.ms))
    })
  return {
    engine,
    dialers,
    disconnect,
    monitor(settings, watched) {
      return serveNumbers(context, settings, { ...watched, stats, doors: () => doors, disconnect })
    },
    async open(config, { v1, ...ports }) {
      const urls =
        v1 === undefined
          ? await openDoors(config, engine, { context, ...ports })
          : await openDoors(config, eitherOf(engine, v1), { context, ...ports, v1Port: () => v1.port })
      doors = urls
      return urls
    },
  }
}

/** Hands the V1 sessions of a door to the engine that takes them, and all others to the role's own. */
function eitherOf(engine: Pick<Engine<never, never>, 'adopt'>, v1: V1Sessions): V1Sessions['engine'] {
  return {
    adopt: (socket, connection) =>
      (connection.port === v1.port ? v1.engine : engine).adopt(socket, connection),
  }
}

/** What is served of a role with miners. */
export interface ServedNumbers {
  readonly gauges?: readonly LiveGauge[]
  readonly health: Health
  readonly api?: ServedApi
  /** Without them there are no pages. */
  readonly stats: Statistics | undefined
  readonly doors: () => readonly string[]
  readonly disconnect: (session: number) => void
  /** What `/metrics` shows; the registry of the app when missing. */
  readonly metrics?: Pick<Registry, 'contentType' | 'metrics'>
}

/** Serves numbers, health and pages until the app ends. Answers the port. */
export async function serveNumbers(
  context: AppContext,
  settings: MonitoringSettings & Partial<MinersMonitoringConfig>,
  { gauges = [], health, api, stats, doors, disconnect, metrics }: ServedNumbers,
): Promise<number> {
  const { registry, scope, clock } = context
  for (const gauge of gauges) liveGauges(registry)(...gauge)
  if (stats !== undefined && settings.per_worker === true)
    observeWorkers(stats, registry, { most: settings.max_workers ?? 0, now: clock.now })
  const pages = stats && api && pagesOf(api, { stats, context, health, doors, disconnect })
  const monitoring = await serveMonitoring(settings, { registry: metrics ?? registry, health, pages })
  scope.own('monitoring', () => monitoring.close())
  return monitoring.port
}

/** Facts that say where a miner is. */
const PLACED: ReadonlySet<string> = new Set(['channelOpened', 'channelRefused', 'blockFound'])

function withRemote<Effect extends { readonly kind: string }>(
  effect: Effect,
  remoteOf: (session: number) => string | undefined,
): Effect {
  if (!PLACED.has(effect.kind) || !('session' in effect)) return effect
  const remote = remoteOf(effect.session as number)
  return remote === undefined ? effect : { ...effect, remote }
}

function isDialCommand<Upstream>(effect: { readonly kind: string }): effect is DialCommand<Upstream> {
  return effect.kind === 'dial' || effect.kind === 'hangUp' || effect.kind === 'redial'
}
