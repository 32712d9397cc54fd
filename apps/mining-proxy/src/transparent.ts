import { type AppContext, drainAtEnd, sessionLines } from '@sv2/app-kit'
import { Relay, type RelayEffect, type RelayEvent } from '@sv2/roles/relay'
import { Engine, fastSha256d } from '@sv2/runtime'
import type { MiningProxyConfig } from './config.ts'
import { createObserver } from './observe.ts'
import { dialAll, type ProxyCore, performDial } from './proxy.ts'
import { dialedUpstreams, relaySettings } from './settings.ts'

/** Mode transparent: each channel of a miner is a channel of the upstream. */
export function transparent(config: MiningProxyConfig, version: string, context: AppContext): ProxyCore {
  const { log, registry, scope, clock } = context
  const observe = createObserver(log, registry)
  const role = new Relay(relaySettings(config, version), { sha256d: fastSha256d })
  const engine = new Engine<RelayEvent, RelayEffect>(role, {
    clock,
    observer: {
      ...sessionLines(log),
      onEffect(effect) {
        if (!performDial(effect, dialers, context)) observe.fact(effect)
      },
    },
  })
  scope.own('connections', () => engine.stop('shutting down'))
  const dialed = dialedUpstreams(config)
  // once more for connections with REQUIRES_WORK_SELECTION, as `Relay` numbers them
  const dialers = dialAll([...dialed, ...dialed], engine, context)
  return {
    engine,
    isWell: () => role.isWell,
    counts: () => ({ ...role.counts, ...observe.totals() }),
    drainAtEnd: () => drainAtEnd(scope, engine),
    begin: () => engine.tell({ kind: 'tick' }),
  }
}
