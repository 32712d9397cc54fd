import { type AppContext, drain, observeUpstreamWork, Statistics, startRole } from '@sv2/app-kit'
import { Aggregator } from '@sv2/roles/aggregator'
import { fastSha256d } from '@sv2/runtime'
import type { MiningProxyConfig } from './config.ts'
import { dialed, namesOf, type ProxyCore } from './proxy.ts'
import { aggregatorSettings, dialedUpstreams } from './settings.ts'

/** Mode aggregating: all miners on one channel of the upstream. */
export function aggregating(config: MiningProxyConfig, version: string, context: AppContext): ProxyCore {
  const observe = observeUpstreamWork(context.log, context.registry, 'sv2_proxy')
  const role = new Aggregator(aggregatorSettings(config, version), { sha256d: fastSha256d })
  const upstreams = dialedUpstreams(config)
  return {
    started: startRole(context, {
      role,
      stats: new Statistics(
        { maxWorkers: config.api.max_workers, upstreams: namesOf(upstreams) },
        context.clock.now,
      ),
      onEffect: observe.fact,
      upstreams: dialed(upstreams, context),
      farewell: drain(),
    }),
    isWell: () => role.hasWork,
    counts: () => {
      const { sent: relayed, acknowledged: accepted, refused, refusedAbove } = observe.totals()
      return { ...role.counts, relayed, accepted, refused: refused + refusedAbove }
    },
  }
}
