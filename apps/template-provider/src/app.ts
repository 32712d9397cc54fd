import { type App, nodeRpcs, rpcSettings, socketPath, startRole, TemplateFiles } from '@sv2/app-kit'
import { Provider } from '@sv2/roles/provider'
import {
  fastSha256d,
  IpcWatch,
  NodeWatch,
  NodeWatches,
  type NodeWatchObserver,
  SolvedBlocks,
  ThreadedTemplates,
  type WatchedNode,
} from '@sv2/runtime'
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
    // Closed after the connections: a block may come until they are.
    scope.own('solved blocks', () => blocks.stop())
    scope.own('templates', () => templates.stop())
    const started = startRole(context, {
      role: provider,
      onEffect(effect) {
        if (effect.kind === 'keepTemplate') return templates.keep(effect.template)
        if (effect.kind === 'roomWanted') return watch.setRoom(effect.room)
        if (effect.kind !== 'submitBlock') return observe.fact(effect)
        observe.solved({ hash: effect.hash, height: effect.height })
        void blocks.submit(effect)
      },
    })
    const observer: NodeWatchObserver = {
      onTemplate: (template) => started.engine.tell({ kind: 'nodeTemplate', template }),
      onState(state) {
        observe.node(state)
        if (state.kind === 'waiting') started.engine.tell({ kind: 'nodeUnfit', cause: state.cause })
      },
      onTip: (tip) => void blocks.moved(tip),
    }
    const settings = {
      network: config.network,
      intervalMs: config.template_interval_sec * 1000,
      emptyFirst: config.empty_template_first,
      feeThreshold: BigInt(config.fee_threshold_sat),
    }
    const watched = config.nodes.map(
      (node, place): WatchedNode => ({
        name: nodes[place]!.url,
        watch(told) {
          const how = { settings, observer: told }
          if (node.ipc !== undefined) return new IpcWatch(socketPath(node.ipc), how)
          return new NodeWatch(nodes[place]!, { ...how, templates: new ThreadedTemplates(rpcSettings(node)) })
        },
      }),
    )
    const watch = new NodeWatches(watched, observer)
    scope.own('node watch', () => watch.stop())
    const left = await blocks.start()
    if (left > 0) log.warn({ blocks: left }, 'submitting blocks of an earlier run again')
    void watch.run()

    const monitoringPort = await started.monitor(config.monitoring, {
      gauges: [
        ['sv2_tp_clients', 'Connected clients', () => provider.counts.clients],
        [
          'sv2_tp_kept_template_bytes',
          'Memory of the templates that clients may find a block on',
          () => provider.counts.templateBytes,
        ],
      ],
      health: () => ({ ok: watch.isReady, ...provider.counts }),
    })
    const urls = await started.open(config, { port: { kind: 'clients' } })
    return { urls, monitoringPort }
  },
}
