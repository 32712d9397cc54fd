import type { V1Fact } from '@sv2/roles/sv1-front'
import type { Logger } from '../logger.ts'
import { Counter, type Registry } from '../monitoring.ts'
import type { MinersObserver } from './miners.ts'

const V1_FACTS: ReadonlySet<string> = new Set<V1Fact['kind']>([
  'v1Subscribed',
  'v1Closed',
  'workerAuthorized',
  'workerRefused',
  'v1ShareRefused',
  'v1LineRefused',
  'workTooLarge',
  'prefixNotRenewed',
])

/** Whether a fact is one of the V1 side. */
export function isV1Fact(fact: { readonly kind: string }): fact is V1Fact {
  return V1_FACTS.has(fact.kind)
}

/** What makes lines and numbers of what happens among Stratum V1 miners. */
export interface Sv1Observer {
  fact(fact: V1Fact): void
  /** Shares refused since the start. */
  refused(): number
}

/** Turns what happens among Stratum V1 miners into log lines and metrics. */
export function observeSv1(
  log: Logger,
  registry: Registry,
  { warn, inform }: Pick<MinersObserver, 'warn' | 'inform'>,
): Sv1Observer {
  const metrics = createMetrics(registry)
  let refused = 0
  return {
    refused: () => refused,

    fact(fact) {
      switch (fact.kind) {
        case 'v1Subscribed': {
          const { session, dialect, resumed, userAgent } = fact
          metrics.sessions.inc({ dialect })
          log.debug({ session, userAgent }, 'what a miner calls itself')
          return inform({ session, dialect, resumed }, 'V1 miner subscribed')
        }
        case 'v1Closed':
          return log.debug({ session: fact.session, dialect: fact.dialect }, 'V1 session over')
        case 'workerAuthorized':
          return log.debug({ session: fact.session, user: fact.user }, 'worker authorized')
        case 'workerRefused': {
          const { session, reason, detail } = fact
          metrics.workersRefused.inc({ reason })
          log.debug({ session, detail }, 'why the worker was refused')
          return warn({ session, reason }, 'worker refused')
        }
        case 'v1ShareRefused': {
          const { session, code, reason } = fact
          metrics.sharesRefused.inc({ error_code: reason, code })
          refused++
          return log.debug({ session, code, reason }, 'share refused')
        }
        case 'v1LineRefused':
          metrics.linesRefused.inc()
          return log.debug({ session: fact.session, reason: fact.reason }, 'line refused')
        case 'workTooLarge': {
          const { session, dialect, what, bytes, limit } = fact
          return warn({ session, dialect, what, bytes, limit }, 'work is too large for this kind of miner')
        }
        case 'prefixNotRenewed': {
          const { session, channelId, reason } = fact
          return log.warn({ session, channelId, reason }, 'extranonce prefix not renewed')
        }
      }
    },
  }
}

function createMetrics(registry: Registry) {
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers })
  return {
    sessions: counter('sv1_sessions_total', 'V1 sessions that subscribed, by kind of miner', 'dialect'),
    sharesRefused: counter(
      'sv1_shares_rejected_total',
      'V1 shares refused, by reason and code of Stratum V1',
      'error_code',
      'code',
    ),
    workersRefused: counter('sv1_workers_refused_total', 'V1 workers refused, by reason', 'reason'),
    linesRefused: counter('sv1_lines_refused_total', 'V1 lines that made no sense, and unknown methods'),
  }
}
