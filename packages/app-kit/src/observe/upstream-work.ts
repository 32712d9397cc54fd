import type { MinersFact } from '@sv2/roles'
import type { UpstreamFact, UpstreamWorkFact } from '@sv2/roles/work'
import type { Logger } from '../logger.ts'
import { Counter, Gauge, type Registry } from '../monitoring.ts'
import { readableCode, readableText } from '../readable-code.ts'
import { type MinersObserver, observeMiners, type ShareTotals } from './miners.ts'
import { shareCodeLabel } from './share-codes.ts'

/** Totals of the shares that were judged, and of those that went up. */
export interface SentTotals extends ShareTotals {
  readonly sent: number
  readonly acknowledged: number
  readonly refusedAbove: number
  readonly unanswered: number
}

/** What makes lines and numbers of a node between miners and upstreams. */
export interface UpstreamWorkObserver {
  fact(fact: UpstreamFact | UpstreamWorkFact | MinersFact): void
  /** Since the start. */
  totals(): SentTotals
  readonly miners: MinersObserver
}

/**
 * Turns what happens at upstreams, and among the miners who work for them, into log lines and metrics.
 * @param prefix of the metrics that are a role's own, `sv2_proxy`
 */
export function observeUpstreamWork(log: Logger, registry: Registry, prefix: string): UpstreamWorkObserver {
  const miners = observeMiners(log, registry, prefix)
  const { warn } = miners
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers })
  const sent = counter('sv2_server_shares_sent_total', 'Shares sent to upstreams')
  const acknowledged = counter('sv2_server_shares_accepted_total', 'Shares the upstreams acknowledged')
  const refused = counter(
    'sv2_server_shares_rejected_total',
    'Shares the upstreams refused, by reason',
    'error_code',
  )
  const unanswered = counter(
    'sv2_server_shares_unanswered_total',
    'Shares sent to an upstream that went away before it answered',
  )
  const blocks = counter('sv2_server_blocks_found_total', 'Blocks found and sent to upstreams')
  const ignored = counter(`${prefix}_messages_ignored_total`, 'Messages of upstreams that meant nothing here')
  const failovers = counter(`${prefix}_failovers_total`, 'Changes of the upstream in use')
  const upstream = new Gauge({
    name: `${prefix}_upstream`,
    help: 'The upstream last switched to, by its place in the configuration',
    registers,
  })
  const totals = { sent: 0, acknowledged: 0, refusedAbove: 0, unanswered: 0 }
  let used: number | undefined
  return {
    miners,
    totals: () => ({ ...miners.totals(), ...totals }),

    fact(fact) {
      switch (fact.kind) {
        case 'shareSent':
          sent.inc()
          totals.sent++
          if (!fact.isBlock) return
          blocks.inc()
          return log.info({ session: fact.session, channelId: fact.channelId }, 'block found')
        case 'sharesAcknowledgedAbove':
          acknowledged.inc(fact.count)
          totals.acknowledged += fact.count
          return log.debug({ upstream: fact.upstream, shares: fact.count }, 'shares acknowledged')
        case 'shareRefusedAbove': {
          const { session, channelId, upstream: from, code } = fact
          refused.inc({ error_code: shareCodeLabel(code) })
          totals.refusedAbove++
          return warn(
            { session, channelId, upstream: from, code: readableCode(code) },
            'upstream refused a share',
          )
        }
        case 'sharesUnanswered':
          unanswered.inc(fact.count)
          totals.unanswered += fact.count
          return log.warn(
            { upstream: fact.upstream, shares: fact.count },
            'upstream left before it answered shares',
          )
        case 'upstreamReady':
          return log.info({ upstream: fact.upstream, name: fact.name }, 'upstream ready')
        case 'upstreamLost':
          return warn({ upstream: fact.upstream, name: fact.name }, 'upstream lost')
        case 'upstreamRefused': {
          const { upstream: from, name, reason } = fact
          return warn({ upstream: from, name, reason: readableText(reason) }, 'upstream refuses us')
        }
        case 'upstreamUsed':
          if (used === fact.upstream) return
          if (used !== undefined) failovers.inc()
          used = fact.upstream
          upstream.set(fact.upstream)
          return log.info({ upstream: fact.upstream, name: fact.name }, 'upstream in use')
        case 'upstreamsGone':
          return log.error({ channels: fact.stopped }, 'no upstream for some time')
        case 'upstreamMessageIgnored':
          ignored.inc()
          return log.debug(
            { upstream: fact.upstream, reason: fact.reason },
            'message of the upstream ignored',
          )
        case 'termsChanged': {
          const mask = fact.versionRollingMask.toString(16).padStart(8, '0')
          return log.info({ mask }, 'version rolling as the upstreams allow it')
        }
        default:
          return miners.fact(fact)
      }
    },
  }
}
