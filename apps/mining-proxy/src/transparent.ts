import { type AppContext, drain, Statistics, startRole } from '@sv2/app-kit'
import { Relay, relayConnections } from '@sv2/roles/relay'
import { fastSha256d } from '@sv2/runtime'
import type { MiningProxyConfig } from './config.ts'
import { createObserver } from './observe.ts'
import { dialed, namesOf, type ProxyCore } from './proxy.ts'
import { dialedUpstreams, relaySettings } from './settings.ts'

/** Mode transparent: each channel of a miner is a channel of the upstream. */
export function transparent(config: MiningProxyConfig, version: string, context: AppContext): ProxyCore {
  const observe = createObserver(context.log, context.registry)
  const role = new Relay(relaySettings(config, version), { sha256d: fastSha256d })
  const upstreams = dialedUpstreams(config)
  return {
    started: startRole(context, {
      role,
      stats: new Statistics(
        { maxWorkers: config.api.max_workers, upstreams: namesOf(upstreams) },
        context.clock.now,
      ),
      onEffect: observe.fact,
      upstreams: dialed(
        relayConnections(upstreams).map(({ upstream }) => upstream),
        context,
      ),
      farewell: drain(),
    }),
    isWell: () => role.isWell,
    counts: () => ({ ...role.counts, ...observe.totals() }),
  }
}
