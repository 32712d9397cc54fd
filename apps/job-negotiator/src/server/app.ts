import { type App, followPool, serveMonitoring, startNegotiatorServer, upstreamSettings } from '@sv2/app-kit'
import { configSchema, type JobNegotiatorServerConfig } from './config.ts'
import { payoutSettings } from './settings.ts'

/** What is known of a running job negotiator server. */
export interface RunningJobNegotiatorServer {
  /** One URL per door and edition, for the config of clients. */
  readonly urls: readonly string[]
  readonly monitoringPort: number
}

/** The pool's side of job negotiation, as a process of its own. */
export const negotiatorServer: App<JobNegotiatorServerConfig, RunningJobNegotiatorServer> = {
  name: 'job-negotiator-server',
  description: 'Stratum V2 job negotiator, the side of the pool',
  schema: configSchema,

  async start(config, context) {
    const server = await startNegotiatorServer(config, {
      context,
      payout: payoutSettings(config),
      furtherOutputs: config.payout.further_outputs,
    })
    if (config.pool !== undefined) {
      const settings = upstreamSettings(config.pool, { protocol: 'mining', defaultPort: 3_333 })
      followPool(server, { settings, identity: `${config.payout.address}.negotiator` }, context)
    }
    const monitoring = await serveMonitoring(config.monitoring, {
      registry: context.registry,
      health: server.health,
    })
    context.scope.own('monitoring', () => monitoring.close())
    return { urls: server.urls, monitoringPort: monitoring.port }
  },
}
