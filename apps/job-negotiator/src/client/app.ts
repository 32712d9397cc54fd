import { type App, drain, SolutionFiles, Statistics, startRole, VERSION } from '@sv2/app-kit'
import { JobClient } from '@sv2/roles/negotiator'
import { fastSha256, fastSha256d, randomBytes } from '@sv2/runtime'
import { configSchema, type JobNegotiatorClientConfig } from './config.ts'
import { createObserver } from './observe.ts'
import { clientSettings, dialedPairs, dialedProvider, frontSettings } from './settings.ts'

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
    const { log, registry, clock } = context
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
    const started = startRole(context, {
      role,
      stats: new Statistics({ maxWorkers: config.api.max_workers }, clock.now),
      onEffect(effect) {
        if (effect.kind === 'keepSolution' || effect.kind === 'forgetSolution') return files.perform(effect)
        observe.fact(effect)
      },
      upstreams: {
        list: { port: (port) => port, settings: dialedPairs(config) },
        onFailed: { text: 'pool cannot be reached', warn: observe.warn },
      },
      servers: [
        {
          name: 'template provider',
          port: { kind: 'templates' },
          settings: dialedProvider(config),
          onFailed: { text: 'template provider cannot be reached' },
        },
      ],
      farewell: drain(),
    })
    const monitoringPort = await started.monitor(config.monitoring, {
      gauges: [
        ['sv2_clients_total', 'Connected miners, of both versions', () => role.counts.connections],
        ['sv2_client_channels', 'Open channels, of miners of both versions', () => role.counts.channels],
        ['sv2_server_channels', 'Channels at pools', () => role.counts.upstreamChannels],
        ['sv1_clients_total', 'V1 miners at work', () => role.counts.v1Miners],
      ],
      health: () => ({ ok: role.hasWork, pool: observe.totals().pool, ...role.counts }),
      api: {
        config: config.api,
        notices: config.notices,
        folders: [config.data_dir],
        role: 'job-negotiator-client',
        network: config.network,
        isFarm: true,
      },
    })
    const urls = await started.open(allDoors(config), {
      port: { kind: 'miners' },
      v1Port: (door) => ({ kind: 'v1', index: door - config.listen.length }),
    })
    started.engine.tell({ kind: 'tick' })
    return {
      urls,
      monitoringPort,
      counts: () => ({ ...role.counts, ...observe.totals() }),
    }
  },
}

/** The doors of both sections; those for Stratum V1 last. */
function allDoors(config: JobNegotiatorClientConfig): JobNegotiatorClientConfig {
  const { translator, listen } = config
  return translator.enabled ? { ...config, listen: [...listen, ...translator.listen] } : config
}
