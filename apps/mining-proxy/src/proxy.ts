import { type AppContext, dialUpstreams, type UpstreamDialers } from '@sv2/app-kit'
import type { DialCommand } from '@sv2/roles/work'
import { type Engine, systemNoise, type UpstreamSettings } from '@sv2/runtime'
import type { MiningProxyCounts } from './app.ts'

/** A proxy of either mode, ready for its doors. */
export interface ProxyCore {
  readonly engine: Pick<Engine<never, never>, 'adopt'>
  /** There is an upstream to work with. */
  readonly isWell: () => boolean
  readonly counts: () => MiningProxyCounts
  /** Takes leave of miners and upstreams when the app ends. */
  readonly drainAtEnd: () => void
  /** Connects the upstreams. */
  readonly begin: () => void
}

/** Dialers for the upstreams of a role, which end with the app. */
export function dialAll(
  upstreams: readonly UpstreamSettings[],
  engine: Parameters<typeof dialUpstreams>[1],
  { log, clock, scope }: AppContext,
): UpstreamDialers {
  const dialers = dialUpstreams(upstreams, engine, {
    noise: systemNoise,
    clock,
    random: Math.random,
    onFailed: (where, reason, retryMs) => log.warn({ where, reason, retryMs }, 'upstream cannot be reached'),
  })
  scope.own('upstreams', () => dialers.close())
  return dialers
}

/** Does what a role wants done about its upstreams; answers whether the effect was about them. */
export function performDial(
  effect: { readonly kind: string } | DialCommand,
  dialers: UpstreamDialers,
  { log }: Pick<AppContext, 'log'>,
): effect is DialCommand {
  const command = effect as DialCommand
  switch (command.kind) {
    case 'redial':
      if (command.host !== '' || command.port !== 0)
        log.info({ upstream: command.upstream, port: command.port }, 'upstream sends us elsewhere')
      dialers.perform(command)
      return true
    case 'dial':
    case 'hangUp':
      dialers.perform(command)
      return true
    default:
      return false
  }
}
