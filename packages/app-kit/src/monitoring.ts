import fastify, { type FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

export { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Where numbers and health are served. */
export interface MonitoringSettings {
  readonly host: string
  readonly port: number
}

/** A process's own account of whether it can do its work. */
export type Health = () => { readonly ok: boolean; readonly [detail: string]: unknown }

/** The registry of a process, with the process's own numbers in it. */
export function createRegistry(app: string): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ app })
  collectDefaultMetrics({ register: registry })
  const started = performance.now()
  new Gauge({
    name: 'sv2_uptime_seconds',
    help: 'Time since the start',
    aggregator: 'max',
    registers: [registry],
    collect() {
      this.set((performance.now() - started) / 1000)
    },
  })
  return registry
}

/** Makes gauges whose value is asked for when it is read. */
export function liveGauges(registry: Registry): (name: string, help: string, value: () => number) => void {
  return (name, help, value) => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value())
      },
    })
  }
}

/** Longest part of a path that is looked at: a name of 255 bytes, each of them escaped. */
const LONGEST_PARAMETER = 1_024

/** Serves `/metrics` (Prometheus) and `/healthz` (200 or 503), and further pages. Answers where it listens. */
export async function serveMonitoring(
  settings: MonitoringSettings,
  served: {
    readonly registry: Pick<Registry, 'contentType' | 'metrics'>
    readonly health: Health
    /** Adds them before the server listens. */
    readonly pages?: ((app: FastifyInstance) => void) | undefined
  },
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
  })
  app.get('/metrics', async (_, reply) => {
    reply.type(served.registry.contentType)
    return served.registry.metrics()
  })
  app.get('/healthz', async (_, reply) => {
    const health = served.health()
    return reply.code(health.ok ? 200 : 503).send(health)
  })
  served.pages?.(app)
  await app.listen({ host: settings.host, port: settings.port })
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : settings.port
  return { port, close: () => app.close() }
}
