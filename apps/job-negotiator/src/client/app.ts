import {
  type App,
  dialUpstreams,
  drainAtEnd,
  liveGauges,
  openDoors,
  SolutionFiles,
  serveMonitoring,
  sessionLines,
  VERSION,
} from '@sv2/app-kit'
import { JobClient, type JobClientEffect, type JobClientEvent } from '@sv2/roles/negotiator'
import { dial, Engine, fastSha256, fastSha256d, randomBytes, systemNoise } from '@sv2/runtime'
import { configSchema, type JobNegotiatorClientConfig } from './config.ts'
import { createObserver } from './observe.ts'
import { clientSettings, dialedProvider, dialedUpstreams, frontSettings } from './settings.ts'

export type { JobNegotiatorClientConfig } from './config.ts'

/** What is known of a running negotiator client. */
export interface RunningJobClient {
  /** One URL per door and edition, for miners; those for Stratum V1 come last. */
  readonly urls: readonly string[]
  readonly monitoringPort: number
  /** Live numbers. */
  readonly counts: () => JobClientCounts
}

/** Live numbers of a negotiator client; shares, jobs and blocks since its start. */
export interface JobClientCounts {
  readonly connections: number
  readonly channels: number
  readonly accepted: number
  readonly refused: number
  /** Shares that pools acknowledged. */
  readonly acknowledged: number
  readonly blocks: number
  /** Jobs that pools agreed to. */
  readonly jobs: number
  /** Who is worked for. */
  readonly pool: string
}

/** The negotiator client: own templates in, jobs out to miners, and a pool that agrees to pay for them. */
export const jobNegotiatorClient: App<JobNegotiatorClientConfig, RunningJobClient> = {
  name: 'job-negotiator-client',
  description: 'The client of job negotiation: a farm that mines its own templates for a pool, or solo',
  schema: configSchema,

  async start(config, context) {
    const { log, registry, scope, clock } = context
    const observe = createObserver(log, registry)
    const files = new SolutionFiles(config.data_dir, log)
    const solutions = files.load()
    const settings = clientSettings(config, VERSION)
    const role = new JobClient(
      { ...settings, templates: { ...settings.templates, solutions } },
      {
        sha256d: fastSha256d,
        sha256: fastSha256,
        randomBytes,
        front: frontSettings(config),
      },
    )
    const engine = new Engine<JobClientEvent, JobClientEffect>(role, {
      clock,
      observer: {
        ...sessionLines(log),
        onEffect(effect) {
          if (effect.kind === 'keepSolution' || effect.kind === 'forgetSolution') return files.perform(effect)
          if (effect.kind === 'dial' || effect.kind === 'hangUp' || effect.kind === 'redial')
            return upstreams.perform(effect)
          observe.fact(effect)
        },
      },
    })
    scope.own('connections', () => engine.stop('shutting down'))
    const links = { noise: systemNoise, clock, random: Math.random }
    const upstreams = dialUpstreams(dialedUpstreams(config), engine, {
      ...links,
      onFailed: (where, reason, retryMs) =>
        observe.warn({ where, reason, retryMs }, 'pool cannot be reached'),
    })
    scope.own('upstreams', () => upstreams.close())
    const provider = dial(dialedProvider(config), engine, {
      ...links,
      portName: 'templates',
      onFailed: (where, reason, retryMs) =>
        log.warn({ where, reason, retryMs }, 'template provider cannot be reached'),
    })
    scope.own('template provider', () => provider.close())
    drainAtEnd(scope, engine)

    const gauge = liveGauges(registry)
    gauge('sv2_clients_total', 'Connected miners, of both versions', () => role.counts.connections)
    gauge('sv2_client_channels', 'Open channels, of miners of both versions', () => role.counts.channels)
    gauge('sv2_server_channels', 'Channels at pools', () => role.counts.upstreamChannels)
    gauge('sv1_clients_total', 'V1 miners at work', () => role.counts.v1Miners)
    const monitoring = await serveMonitoring(config.monitoring, {
      registry,
      health: () => ({ ok: role.hasWork, pool: observe.totals().pool, ...role.counts }),
    })
    scope.own('monitoring', () => monitoring.close())
    const urls = await openDoors(allDoors(config), engine, {
      context,
      portName: 'miners',
      v1PortName: (door) => `v1 ${door - config.listen.length}`,
    })
    engine.tell({ kind: 'tick' })
    return {
      urls,
      monitoringPort: monitoring.port,
      counts: () => ({ ...role.counts, ...observe.totals() }),
    }
  },
}

/** The doors of both sections; those for Stratum V1 last. */
function allDoors(config: JobNegotiatorClientConfig): JobNegotiatorClientConfig {
  const { translator, listen } = config
  return translator.enabled ? { ...config, listen: [...listen, ...translator.listen] } : config
}
