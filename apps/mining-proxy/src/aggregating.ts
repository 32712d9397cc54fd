import { type AppContext, drainAtEnd, observeUpstreamWork, sessionLines } from '@sv2/app-kit'
import { Aggregator, type AggregatorEvent } from '@sv2/roles/aggregator'
import type { UpstreamWorkEffect } from '@sv2/roles/work'
import { Engine, fastSha256d } from '@sv2/runtime'
import type { MiningProxyConfig } from './config.ts'
import { dialAll, type ProxyCore, performDial } from './proxy.ts'
import { aggregatorSettings, dialedUpstreams } from './settings.ts'

/** Mode aggregating: all miners on one channel of the upstream. */
export function aggregating(config: MiningProxyConfig, version: string, context: AppContext): ProxyCore {
  const { log, registry, scope, clock } = context
  const observe = observeUpstreamWork(log, registry, 'sv2_proxy')
  const role = new Aggregator(aggregatorSettings(config, version), { sha256d: fastSha256d })
  const engine = new Engine<AggregatorEvent, UpstreamWorkEffect>(role, {
    clock,
    observer: {
      ...sessionLines(log),
      onEffect(effect) {
        if (!performDial(effect, dialers, context)) observe.fact(effect)
      },
    },
  })
  scope.own('connections', () => engine.stop('shutting down'))
  const dialers = dialAll(dialedUpstreams(config), engine, context)
  return {
    engine,
    isWell: () => role.hasWork,
    counts: () => {
      const { sent: relayed, acknowledged: accepted, refused, refusedAbove } = observe.totals()
      return { ...role.counts, relayed, accepted, refused: refused + refusedAbove }
    },
    drainAtEnd: () => drainAtEnd(scope, engine),
    begin: () => engine.tell({ kind: 'tick' }),
  }
}
