import type { LinkCommand } from '@sv2/roles/translator'
import { type Dialer, type DialerDeps, dialV1, type Engine, type V1UpstreamSettings } from '@sv2/runtime'

/** The connections to pools that a role has asked for. */
export interface PoolLinks {
  /** Does what the role wants done about a connection. */
  perform(command: LinkCommand): void
  /** Ends them all. */
  close(): void
}

/** Dials pools as a role wants them, each link by its number. */
export function poolLinks(
  how: {
    readonly engine: Pick<Engine<never, never>, 'adopt'>
    readonly settings: (pool: number) => V1UpstreamSettings
    /** An attempt failed: for the role. */
    readonly onUnreachable: (link: number) => void
  },
  deps: DialerDeps,
): PoolLinks {
  const dialers = new Map<number, Dialer>()
  return {
    perform(command) {
      const { link } = command
      switch (command.kind) {
        case 'dial': {
          const dialer = dialV1(how.settings(command.pool), how.engine, {
            ...deps,
            port: { kind: 'pool', index: link },
            onFailed(where, reason, retryMs) {
              deps.onFailed?.(where, reason, retryMs)
              how.onUnreachable(link)
            },
          })
          dialers.set(link, dialer)
          return
        }
        case 'hangUp':
          dialers.get(link)?.close()
          dialers.delete(link)
          return
        case 'redial':
          dialers.get(link)?.redial(command.host, command.port, command.waitMs)
      }
    },
    close() {
      for (const dialer of dialers.values()) dialer.close()
    },
  }
}
