import { type AppContext, byPlace, type DialedUpstreams, type StartedRole } from '@sv2/app-kit'
import type { UpstreamSettings } from '@sv2/runtime'
import type { MiningProxyCounts } from './app.ts'

/** A proxy of either mode, ready for its doors. */
export interface ProxyCore {
  readonly started: Pick<StartedRole<{ readonly kind: 'tick' }>, 'engine' | 'monitor' | 'open'>
  /** There is an upstream to work with. */
  readonly isWell: () => boolean
  readonly counts: () => MiningProxyCounts
}

/** How either mode dials its upstreams. */
export function dialed(
  settings: readonly UpstreamSettings[],
  { log }: Pick<AppContext, 'log'>,
): DialedUpstreams {
  return {
    list: byPlace(settings),
    onFailed: { text: 'upstream cannot be reached' },
    onCommand(command) {
      if (command.kind === 'redial' && (command.host !== '' || command.port !== 0))
        log.info({ upstream: command.upstream, port: command.port }, 'upstream sends us elsewhere')
    },
  }
}

/** What pages call the upstreams, until they are reached. */
export function namesOf(settings: readonly UpstreamSettings[]): string[] {
  return settings.map(({ host, port }) => `${host}:${port}`)
}
