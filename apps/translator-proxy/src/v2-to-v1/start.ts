import { type AppContext, Statistics, startRole } from '@sv2/app-kit'
import { V2ToV1 } from '@sv2/roles/translator'
import { fastSha256d } from '@sv2/runtime'
import type { RunningTranslatorProxy } from '../app.ts'
import type { TranslatorProxyConfig } from '../config.ts'
import { createObserver } from './observe.ts'
import { poolLinks } from './pool-links.ts'
import { dialedPool, v2ToV1Settings } from './settings.ts'

/** Starts a translator for Stratum V2 miners at Stratum V1 pools. */
export async function startV2ToV1(
  config: TranslatorProxyConfig,
  context: AppContext,
  version: string,
): Promise<RunningTranslatorProxy> {
  const { log, registry, scope, clock } = context
  const observe = createObserver(log, registry)
  const role = new V2ToV1(v2ToV1Settings(config.v2_to_v1, version), { sha256d: fastSha256d })
  const names = config.v2_to_v1.pools.map(({ url }) => `${url.host}:${url.port}`)
  const started = startRole(context, {
    role,
    stats: new Statistics({ maxWorkers: config.api.max_workers, upstreams: names }, clock.now),
    onEffect(effect) {
      if (effect.kind === 'dial' || effect.kind === 'hangUp' || effect.kind === 'redial')
        return links.perform(effect)
      observe.fact(effect)
    },
  })
  const { engine } = started
  const links = poolLinks(
    {
      engine,
      settings: (pool) => dialedPool(config.v2_to_v1, pool),
      onUnreachable: (link) => engine.tell({ kind: 'unreachable', link }),
    },
    {
      clock,
      random: Math.random,
      onFailed: (where, reason, retryMs) =>
        observe.warn({ where, reason, retryMs }, 'pool cannot be reached'),
    },
  )
  scope.own('pools', () => links.close())

  const monitoringPort = await started.monitor(config.monitoring, {
    gauges: [
      ['sv2_clients_total', 'Connected miners', () => role.counts.connections],
      ['sv2_client_channels', 'Open channels', () => role.counts.channels],
      ['sv2_translator_pool_connections', 'Connections to V1 pools', () => role.counts.poolConnections],
    ],
    health: () => ({ ok: role.hasWork, ...role.counts }),
    api: {
      config: config.api,
      notices: config.notices,
      folders: [config.data_dir],
      role: 'translator-proxy',
      isFarm: true,
    },
  })
  // a V1 miner has no business here
  const listen = config.listen.map((door) => ({ ...door, protocol: 'v2' as const }))
  const urls = await started.open({ ...config, listen }, { port: { kind: 'miners' } })
  engine.tell({ kind: 'tick' })
  return {
    urls,
    monitoringPort,
    counts: () => ({ ...role.counts, ...observe.totals() }),
  }
}
