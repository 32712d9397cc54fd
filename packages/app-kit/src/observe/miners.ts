import type { MinersFact } from '@sv2/roles'
import type { Logger } from '../logger.ts'
import { Counter, Gauge, type Registry } from '../monitoring.ts'
import { readableText } from '../readable-code.ts'
import { WorkRate } from './work-rate.ts'

/** Totals of the shares that a node judged. */
export interface ShareTotals {
  readonly accepted: number
  readonly refused: number
  /** H/s by the accepted shares of the last minute. */
  readonly hashrate: number
}

/** What makes lines and numbers of what happens among the miners of a node. */
export interface MinersObserver {
  fact(fact: MinersFact): void
  /** Since the start. */
  totals(): ShareTotals
  readonly warn: Logger['warn']
  readonly inform: Logger['info']
}

/**
 * Turns what happens among miners into log lines and metrics.
 * @param prefix of the metrics that are a role's own, `sv2_pool`
 */
export function observeMiners(log: Logger, registry: Registry, prefix: string): MinersObserver {
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers })
  const accepted = counter('sv2_client_shares_accepted_total', 'Accepted shares')
  const work = counter('sv2_client_share_work_total', 'Sum of the difficulty of accepted shares')
  const refused = counter('sv2_client_shares_rejected_total', 'Refused shares by reason', 'error_code')
  const channelsRefused = counter(
    `${prefix}_channels_refused_total`,
    'Requests for channels refused, by reason',
    'error_code',
  )
  const setupsRefused = counter(
    `${prefix}_setups_refused_total`,
    'SetupConnections refused, by reason',
    'error_code',
  )
  const misbehaved = counter(`${prefix}_peers_misbehaved_total`, 'Connections closed for what the peer sent')
  const slowed = counter(`${prefix}_peers_slowed_total`, 'Times a peer was not read, for what was refused')
  const jobs = counter(`${prefix}_jobs_sent_total`, 'Jobs sent to all miners, by reason', 'reason')
  const changes = counter(`${prefix}_difficulty_changes_total`, 'Changes of a channel difficulty')
  const customJobs = counter(`${prefix}_custom_jobs_total`, 'Jobs of miners that were taken')
  const customJobsRefused = counter(
    `${prefix}_custom_jobs_refused_total`,
    'Jobs of miners refused, by reason',
    'error_code',
  )
  const rate = new WorkRate()
  new Gauge({
    name: 'sv2_client_hashrate_total',
    help: 'Hash rate measured by accepted shares of the last minute, H/s',
    registers,
    collect() {
      this.set(rate.hashrate(performance.now()))
    },
  })
  const [warn, inform] = [log.warn.bind(log), log.info.bind(log)]
  const totals = { accepted: 0, refused: 0 }
  return {
    warn,
    inform,
    totals: () => ({ ...totals, hashrate: rate.hashrate(performance.now()) }),

    fact(fact) {
      switch (fact.kind) {
        case 'shareAccepted':
          accepted.inc()
          totals.accepted++
          work.inc(fact.difficulty)
          rate.add(fact.difficulty, performance.now())
          return log.debug(
            { session: fact.session, channelId: fact.channelId, difficulty: fact.difficulty },
            'share accepted',
          )
        case 'shareRefused':
          refused.inc({ error_code: fact.code })
          totals.refused++
          return log.debug(
            { session: fact.session, channelId: fact.channelId, code: fact.code },
            'share refused',
          )
        case 'minerConnected':
          return inform({ session: fact.session }, 'miner connected')
        case 'minerDisconnected':
          return inform({ session: fact.session, channels: fact.channels }, 'miner disconnected')
        case 'setupRefused':
          setupsRefused.inc({ error_code: fact.code })
          return warn({ session: fact.session, code: fact.code, flags: fact.flags }, 'setup refused')
        case 'channelOpened': {
          const { session, channelId, channelKind, remote, difficulty, nominalHashrate } = fact
          const who = { user: readableText(fact.user), worker: readableText(fact.worker), remote }
          return inform(
            { session, channelId, channelKind, ...who, difficulty, nominalHashrate },
            'channel opened',
          )
        }
        case 'channelRefused':
          channelsRefused.inc({ error_code: fact.code })
          warn(
            {
              session: fact.session,
              identity: readableText(fact.identity),
              remote: fact.remote,
              code: fact.code,
            },
            'channel refused',
          )
          // The miner's own words may be in it.
          return log.debug({ session: fact.session, detail: fact.detail }, 'why the channel was refused')
        case 'channelClosed':
          return inform({ session: fact.session, channelId: fact.channelId }, 'channel closed')
        case 'updateRefused':
          return warn({ session: fact.session, channelId: fact.channelId, code: fact.code }, 'update refused')
        case 'difficultyChanged': {
          changes.inc()
          const { session, channelId, from, to } = fact
          return log.debug({ session, channelId, from, to }, 'difficulty changed')
        }
        case 'jobSent':
          jobs.inc({ reason: fact.reason })
          return log.debug({ jobId: fact.jobId, reason: fact.reason, groups: fact.groups }, 'job sent')
        case 'customJobSet': {
          customJobs.inc()
          const { session, channelId, jobId, channels } = fact
          return log.debug({ session, channelId, jobId, channels }, 'custom job set')
        }
        case 'customJobRefused':
          customJobsRefused.inc({ error_code: fact.code })
          return warn(
            { session: fact.session, channelId: fact.channelId, code: fact.code },
            'custom job refused',
          )
        case 'manyRefusals': {
          const { session, perSecond, grade } = fact
          if (grade === 'warned') return warn({ session, perSecond }, 'much of what a miner sends is refused')
          slowed.inc()
          return warn({ session, perSecond }, 'miner slowed down: too many refusals')
        }
        case 'peerMisbehaved':
          misbehaved.inc()
          return warn({ session: fact.session, reason: fact.reason }, 'miner misbehaved')
        default:
          return fact satisfies never
      }
    },
  }
}
