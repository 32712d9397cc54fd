import type { DialCommand } from '@sv2/roles/work'
import { type DialDeps, type Dialer, dial, type Engine, type UpstreamSettings } from '@sv2/runtime'

/** The engine: it takes the connections that were made, and hears of attempts that failed. */
export type UpstreamsOwner = Pick<Engine<never, never>, 'adopt'> & {
  tell(event: { readonly kind: 'unreachable'; readonly upstream: number }): void
}

/** Dialers for a list of upstreams, which a role starts and stops as it needs them. */
export interface UpstreamDialers {
  perform(command: DialCommand): void
  /** Ends all of them. */
  close(): void
}

/**
 * Performs what a role wants done about its upstreams. Sessions come in on a port of kind `upstream`, numbered by the place in
 * the list; each failed attempt is told to the role as `unreachable`.
 */
export function dialUpstreams(
  upstreams: readonly UpstreamSettings[],
  owner: UpstreamsOwner,
  deps: DialDeps,
): UpstreamDialers {
  const dialers = new Map<number, Dialer>()
  const start = (upstream: number): void => {
    const settings = upstreams[upstream]
    if (settings === undefined) throw new RangeError(`no upstream ${upstream}`)
    if (dialers.has(upstream)) return
    const dialer = dial(settings, owner, {
      ...deps,
      port: { kind: 'upstream', index: upstream },
      onFailed(where, reason, retryMs) {
        // one that was let go has nothing more to say
        if (dialers.get(upstream) !== dialer) return
        deps.onFailed?.(where, reason, retryMs)
        owner.tell({ kind: 'unreachable', upstream })
      },
    })
    dialers.set(upstream, dialer)
  }
  const stop = (upstream: number): void => {
    dialers.get(upstream)?.close()
    dialers.delete(upstream)
  }
  return {
    perform(command) {
      switch (command.kind) {
        case 'dial':
          return start(command.upstream)
        case 'hangUp':
          return stop(command.upstream)
        case 'redial':
          return dialers.get(command.upstream)?.redial(command.host, command.port)
      }
    },
    close() {
      for (const upstream of [...dialers.keys()]) stop(upstream)
    },
  }
}
