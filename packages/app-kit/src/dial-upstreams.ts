import { type Port, portName } from '@sv2/roles/ground'
import type { DialCommand } from '@sv2/roles/work'
import { type DialDeps, type Dialer, dial, type Engine, type UpstreamSettings } from '@sv2/runtime'

/** The upstreams of a role, as it names them in its commands. */
export interface Upstreams<Upstream> {
  /** The port of an upstream's sessions. */
  readonly port: (upstream: Upstream) => Port
  /** How it is dialed; undefined for one that there is not. */
  readonly settings: (upstream: Upstream) => UpstreamSettings | undefined
}

/** Upstreams named by their places in a list; their ports are of kind `upstream`, with the same number. */
export function byPlace(list: readonly UpstreamSettings[]): Upstreams<number> {
  return { port: (index) => ({ kind: 'upstream', index }), settings: (place) => list[place] }
}

/** The engine: it takes the connections that were made, and hears of attempts that failed. */
export type UpstreamsOwner<Upstream> = Pick<Engine<never, never>, 'adopt'> & {
  tell(event: { readonly kind: 'unreachable'; readonly upstream: Upstream }): void
}

/** Dialers for upstreams, which a role starts and stops as it needs them. */
export interface UpstreamDialers<Upstream> {
  perform(command: DialCommand<Upstream>): void
  /** Ends all of them. */
  close(): void
}

/**
 * Performs what a role wants done about its upstreams. Sessions come in on the port of their upstream; each failed
 * attempt is told to the role as `unreachable`.
 */
export function dialUpstreams<Upstream>(
  upstreams: Upstreams<Upstream>,
  owner: UpstreamsOwner<Upstream>,
  deps: DialDeps,
): UpstreamDialers<Upstream> {
  /** By the names of their ports. */
  const dialers = new Map<string, Dialer>()
  const nameOf = (upstream: Upstream): string => portName(upstreams.port(upstream))
  const start = (upstream: Upstream): void => {
    const settings = upstreams.settings(upstream)
    const name = nameOf(upstream)
    if (settings === undefined) throw new RangeError(`no ${name}`)
    if (dialers.has(name)) return
    const dialer = dial(settings, owner, {
      ...deps,
      port: upstreams.port(upstream),
      onFailed(where, reason, retryMs) {
        // one that was let go has nothing more to say
        if (dialers.get(name) !== dialer) return
        deps.onFailed?.(where, reason, retryMs)
        owner.tell({ kind: 'unreachable', upstream })
      },
    })
    dialers.set(name, dialer)
  }
  return {
    perform(command) {
      const name = nameOf(command.upstream)
      switch (command.kind) {
        case 'dial':
          return start(command.upstream)
        case 'hangUp':
          dialers.get(name)?.close()
          dialers.delete(name)
          return
        case 'redial':
          return dialers.get(name)?.redial(command.host, command.port)
      }
    },
    close() {
      for (const dialer of dialers.values()) dialer.close()
      dialers.clear()
    },
  }
}
