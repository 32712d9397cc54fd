import {
  Counter,
  Gauge,
  type Logger,
  type Registry,
  readableCode,
  readableText,
  shareCodeLabel,
} from '@sv2/app-kit'
import type { RelayFact } from '@sv2/roles/relay'

/** Turns what happens in the proxy into log lines and numbers. */
export function createObserver(log: Logger, registry: Registry) {
  const metrics = createMetrics(registry)
  const [warn, inform] = [log.warn.bind(log), log.info.bind(log)]
  const totals = { relayed: 0, accepted: 0, refused: 0 }
  let used = false
  return {
    /** Shares since the start. */
    totals: () => ({ ...totals }),

    fact(fact: RelayFact): void {
      switch (fact.kind) {
        case 'shareRelayed':
          metrics.relayed.inc()
          totals.relayed++
          return
        case 'sharesAccepted': {
          const { session, channelId, count, work } = fact
          metrics.accepted.inc(count)
          metrics.work.inc(Number(work))
          totals.accepted += count
          return log.debug({ session, channelId, shares: count, work: String(work) }, 'shares accepted')
        }
        case 'shareRefused': {
          const { session, channelId, code, by } = fact
          metrics.refused.inc({ error_code: shareCodeLabel(code), by })
          totals.refused++
          return log.debug({ session, channelId, code: readableCode(code), by }, 'share refused')
        }
        case 'minerConnected':
          return inform({ session: fact.session }, 'miner connected')
        case 'minerDisconnected':
          return inform({ session: fact.session, channels: fact.channels }, 'miner disconnected')
        case 'setupRefused':
          return warn({ session: fact.session, code: fact.code, flags: fact.flags }, 'setup refused')
        case 'channelOpened': {
          const { session, channelId, channelKind, remote, upstream, nominalHashrate } = fact
          const who = { user: readableText(fact.user), remote }
          return inform(
            { session, channelId, channelKind, ...who, upstream, nominalHashrate },
            'channel opened',
          )
        }
        case 'channelRefused': {
          const { session, identity, remote, code, by } = fact
          metrics.channelsRefused.inc({ error_code: shareCodeLabel(code), by })
          return warn(
            { session, identity: readableText(identity), remote, code: readableCode(code), by },
            'channel refused',
          )
        }
        case 'channelClosed': {
          const { session, channelId, reason } = fact
          return inform({ session, channelId, reason: readableCode(reason) }, 'channel closed')
        }
        case 'channelMoved': {
          metrics.moved.inc()
          const { session, channelId, upstream } = fact
          return inform({ session, channelId, upstream }, 'channel moved to another upstream')
        }
        case 'upstreamReady':
          return log.info({ upstream: fact.upstream, where: fact.name }, 'upstream ready')
        case 'upstreamLost':
          return warn({ upstream: fact.upstream, where: fact.name }, 'upstream lost')
        case 'upstreamRefused': {
          const { upstream, name, reason } = fact
          return log.error({ upstream, where: name, reason: readableText(reason) }, 'upstream refuses us')
        }
        case 'upstreamUsed':
          if (used) metrics.failovers.inc()
          used = true
          metrics.upstream.set(fact.upstream)
          return log.info({ upstream: fact.upstream, where: fact.name }, 'upstream in use')
        case 'upstreamsGone':
          return log.error({ channels: fact.stopped }, 'no upstream for some time')
        case 'upstreamMessageIgnored':
          metrics.ignored.inc()
          return log.debug(
            { upstream: fact.upstream, reason: fact.reason },
            'message of the upstream ignored',
          )
        case 'peerMisbehaved':
          metrics.misbehaved.inc()
          return warn({ session: fact.session, reason: fact.reason }, 'miner misbehaved')
        default:
          return fact satisfies never
      }
    },
  }
}

function createMetrics(registry: Registry) {
  const registers = [registry]
  return {
    relayed: new Counter({ name: 'sv2_proxy_shares_relayed_total', help: 'Shares passed on', registers }),
    accepted: new Counter({
      name: 'sv2_server_shares_accepted_total',
      help: 'Shares the upstreams acknowledged',
      registers,
    }),
    work: new Counter({
      name: 'sv2_server_share_work_total',
      help: 'Sum of the difficulties the upstreams acknowledged',
      registers,
    }),
    refused: new Counter({
      name: 'sv2_server_shares_rejected_total',
      help: 'Refused shares by reason, and who refused them: upstream or proxy',
      labelNames: ['error_code', 'by'],
      registers,
    }),
    channelsRefused: new Counter({
      name: 'sv2_proxy_channels_refused_total',
      help: 'Requests for channels refused, by reason and by whom',
      labelNames: ['error_code', 'by'],
      registers,
    }),
    moved: new Counter({
      name: 'sv2_proxy_channels_moved_total',
      help: 'Channels that went on at another upstream',
      registers,
    }),
    upstream: new Gauge({
      name: 'sv2_proxy_upstream',
      help: 'The upstream last switched to, by its place in the configuration',
      registers,
    }),
    failovers: new Counter({
      name: 'sv2_proxy_failovers_total',
      help: 'Changes of the upstream in use',
      registers,
    }),
    ignored: new Counter({
      name: 'sv2_proxy_messages_ignored_total',
      help: 'Messages of upstreams that meant nothing here',
      registers,
    }),
    misbehaved: new Counter({
      name: 'sv2_proxy_peers_misbehaved_total',
      help: 'Connections closed for what the peer sent',
      registers,
    }),
  }
}
