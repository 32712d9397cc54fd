import {
  type App,
  Gauge,
  nodeRpcs,
  openDoors,
  serveMonitoring,
  sessionLines,
  TemplateFiles,
} from '@sv2/app-kit'
import { Provider, type ProviderEffect, type ProviderEvent } from '@sv2/roles/provider'
import { Engine, fastSha256d, NodeWatch, SolvedBlocks } from '@sv2/runtime'
import { configSchema, type TemplateProviderConfig } from './config.ts'
import { createObserver } from './observe.ts'

/** What is known of a running template provider. */
export interface RunningTemplateProvider {
  /** One URL per door and edition, for the config of clients. */
  readonly urls: readonly string[]
  readonly monitoringPort: number
}

/** The template provider: one node's templates for many clients, and their blocks for all nodes. */
export const templateProvider: App<TemplateProviderConfig, RunningTemplateProvider> = {
  name: 'template-provider',
  description: 'Stratum V2 template provider in front of any Bitcoin node',
  schema: configSchema,

  async start(config, context) {
    const { log, registry, scope, clock } = context
    const observe = createObserver(log, registry)
    const nodes = nodeRpcs(config.nodes)
    const templates = new TemplateFiles(config.data_dir, { onTrouble: observe.templateDiskTrouble })
    const provider = new Provider(
      {
        feeThreshold: BigInt(config.fee_threshold_sat),
        minIntervalMs: config.template_interval_sec * 1000,
        firstTemplateId: BigInt(clock.unixSeconds()) << 20n,
        earlier: await templates.start(),
        workMaxAgeMs: config.work_max_age_sec * 1000,
        keptBytes: config.kept_templates_bytes,
      },
      { sha256d: fastSha256d },
    )
    const blocks = new SolvedBlocks(config.data_dir, {
      nodes,
      onFate(fate) {
        observe.fate(fate)
        if (fate.outcome === 'accepted') watch.poke()
      },
      onDiskTrouble: observe.diskTrouble,
    })
    const engine = new Engine<ProviderEvent, ProviderEffect>(provider, {
      clock,
      observer: {
        ...sessionLines(log),
        onEffect(effect) {
          if (effect.kind === 'keepTemplate') return templates.keep(effect.template)
          if (effect.kind !== 'submitBlock') return observe.fact(effect)
          observe.solved({ hash: effect.hash, height: effect.height })
          void blocks.submit(effect)
        },
      },
    })
    // Closed after the connections: a block may come until they are.
    scope.own('solved blocks', () => blocks.stop())
    scope.own('templates', () => templates.stop())
    scope.own('connections', () => engine.stop('shutting down'))
    const watch = new NodeWatch(nodes[0]!, {
      settings: { network: config.network, intervalMs: config.template_interval_sec * 1000 },
      observer: {
        onTemplate: (template) => engine.tell({ kind: 'nodeTemplate', template }),
        onState(state) {
          observe.node(state)
          if (state.kind === 'waiting') engine.tell({ kind: 'nodeUnfit', cause: state.cause })
        },
        onTip: (tip) => void blocks.moved(tip),
      },
    })
    scope.own('node watch', () => watch.stop())
    const left = await blocks.start()
    if (left > 0) log.warn({ blocks: left }, 'submitting blocks of an earlier run again')
    void watch.run()

    new Gauge({
      name: 'sv2_tp_clients',
      help: 'Connected clients',
      registers: [registry],
      collect() {
        this.set(provider.counts.clients)
      },
    })
    new Gauge({
      name: 'sv2_tp_kept_template_bytes',
      help: 'Memory of the templates that clients may find a block on',
      registers: [registry],
      collect() {
        this.set(provider.counts.templateBytes)
      },
    })
    const monitoring = await serveMonitoring(config.monitoring, {
      registry,
      health: () => ({ ok: watch.isReady, ...provider.counts }),
    })
    scope.own('monitoring', () => monitoring.close())
    const urls = await openDoors(config, engine, { context, portName: 'clients' })
    return { urls, monitoringPort: monitoring.port }
  },
}
