import { type AppContext, byPlace, drain, Statistics, startRole } from '@sv2/app-kit'
import { V1ToV2 } from '@sv2/roles/translator'
import { fastSha256d, randomBytes } from '@sv2/runtime'
import type { RunningTranslatorProxy } from '../app.ts'
import type { TranslatorProxyConfig } from '../config.ts'
import { createObserver } from './observe.ts'
import { dialedUpstreams, sharedPayouts, v1ToV2Settings } from './settings.ts'

/** Starts a translator for Stratum V1 miners at Stratum V2 pools. */
export async function startV1ToV2(
  config: TranslatorProxyConfig,
  context: AppContext,
  version: string,
): Promise<RunningTranslatorProxy> {
  const { log, registry, clock } = context
  const observe = createObserver(log, registry)
  const settings = v1ToV2Settings(config.v1_to_v2, {
    network: config.network,
    version,
    doors: config.listen.length,
  })
  const role = new V1ToV2(settings, { sha256d: fastSha256d, randomBytes })
  const paid = sharedPayouts(config.v1_to_v2, config.network)?.map(({ address }) => address) ?? []
  if (paid.length > 0)
    log.warn(
      { paid, identityIsAddress: config.v1_to_v2.identity_is_address },
      'with aggregate_channels blocks of all miners pay these addresses, whatever their user names say',
    )
  const upstreams = dialedUpstreams(config.v1_to_v2)
  const names = upstreams.map(({ host, port }) => `${host}:${port}`)
  const started = startRole(context, {
    role,
    stats: new Statistics({ maxWorkers: config.api.max_workers, upstreams: names }, clock.now),
    onEffect: observe.fact,
    upstreams: {
      list: byPlace(upstreams),
      onFailed: { text: 'upstream cannot be reached', warn: observe.warn },
    },
    farewell: drain(),
  })
  const monitoringPort = await started.monitor(config.monitoring, {
    gauges: [
      ['sv1_clients_total', 'V1 miners at work', () => role.counts.v1Miners],
      ['sv1_hashrate_total', 'Hash rate of V1 miners by their shares, H/s', () => role.counts.v1Hashrate],
      ['sv2_clients_total', 'Connected miners, of both versions', () => role.counts.connections],
      ['sv2_client_channels', 'Open channels, of miners of both versions', () => role.counts.channels],
      ['sv2_server_channels', 'Channels at upstreams', () => role.counts.upstreamChannels],
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
  const urls = await started.open(config, {
    port: { kind: 'miners' },
    v1Port: (index) => ({ kind: 'v1', index }),
  })
  return {
    urls,
    monitoringPort,
    v1: { engine: started.engine, port: { kind: 'v1', index: 0 } },
    counts: () => {
      const { sent: submitted, acknowledged, accepted, refused } = observe.totals()
      return { ...role.counts, accepted, refused, submitted, acknowledged }
    },
  }
}
