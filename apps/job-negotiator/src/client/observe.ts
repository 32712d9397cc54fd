import {
  Counter,
  Gauge,
  isV1Fact,
  type Logger,
  observeSv1,
  observeUpstreamWork,
  type Registry,
  readableCode,
  readableText,
  type SentTotals,
} from '@sv2/app-kit'
import type { SolutionEffect } from '@sv2/roles'
import type { JobClientEffect } from '@sv2/roles/negotiator'

/** What the role tells besides what is to be done. */
export type Fact = Exclude<
  JobClientEffect,
  { readonly kind: 'send' | 'close' | 'pause' | 'dial' | 'hangUp' | 'redial' | SolutionEffect['kind'] }
>

/** What makes lines and numbers of what happens in the negotiator client. */
export interface ClientObserver {
  fact(fact: Fact): void
  /** Since the start. `pool`: the pool that miners work for. */
  totals(): SentTotals & { readonly blocks: number; readonly pool: string; readonly jobs: number }
  readonly warn: Logger['warn']
}

/** Turns what happens in the negotiator client into log lines and numbers. */
export function createObserver(log: Logger, registry: Registry): ClientObserver {
  const work = observeUpstreamWork(log, registry, 'sv2_jdc')
  const { warn } = work.miners
  const v1 = observeSv1(log, registry, work.miners)
  const metrics = createMetrics(registry)
  const totals = { blocks: 0, jobs: 0, pool: '' }
  return {
    warn,
    totals: () => {
      const shares = work.totals()
      return { ...shares, ...totals, refused: shares.refused + v1.refused() }
    },

    fact(fact) {
      if (isV1Fact(fact)) return v1.fact(fact)
      switch (fact.kind) {
        case 'workFrom': {
          const { name, reason, place } = fact
          if (totals.pool !== '') metrics.changes.inc()
          totals.pool = name
          metrics.from.set(place ?? -1)
          const line = { pool: name, reason: readableText(reason) }
          if (place === undefined) return log.warn(line, 'miners work for ourselves')
          return log.info(line, 'miners work for a pool')
        }
        case 'pairChanged': {
          const { name, from, to, event, reason } = fact
          if (to !== 'barred') return log.debug({ pool: name, from, to, event }, 'pool changed its state')
          metrics.faults.inc({ reason: event })
          return warn({ pool: name, event, reason: readableText(reason) }, 'pool left for a while')
        }
        case 'offersUnavailable':
          return warn(
            { pool: fact.name, reason: fact.reason },
            'the pool gives us no jobs of its own; should our own node lag, there is nothing to mine for it',
          )
        case 'nodeLags': {
          metrics.lags.set(fact.lags ? 1 : 0)
          if (!fact.lags)
            return log.info({ pool: fact.name }, 'our node has caught up; miners work on our own jobs')
          return warn({ pool: fact.name }, 'our node lags behind the pool; miners work on jobs of the pool')
        }
        case 'newTip':
          return log.info({ prevHash: fact.prevHash, networkDifficulty: fact.networkDifficulty }, 'new tip')
        case 'jobProposed':
          metrics.proposed.inc()
          return log.debug({ pool: fact.place, transactions: fact.transactions }, 'job proposed')
        case 'jobAcknowledged': {
          metrics.acknowledged.inc()
          totals.jobs++
          const { place: pool, jobId, afterMs, waiting } = fact
          metrics.agreement.set(afterMs / 1000)
          return log.debug({ pool, jobId, afterMs, waiting }, 'job acknowledged')
        }
        case 'jobRefused': {
          const { place: pool, code, detail, again } = fact
          metrics.refused.inc()
          return warn(
            { pool, code: readableCode(code), detail: readableText(detail), again },
            again ? 'job refused; proposing it again' : 'job refused',
          )
        }
        case 'sharesDropped':
          metrics.dropped.inc(fact.count)
          return warn({ pool: fact.place, shares: fact.count }, 'shares of a job that was never acknowledged')
        case 'blockFound': {
          metrics.blocks.inc()
          totals.blocks++
          const { hash, session, channelId, remote, templateId, place } = fact
          const who = { user: readableText(fact.user), worker: readableText(fact.worker), remote }
          return log.info(
            { hash, session, channelId, ...who, templateId: String(templateId), pool: place },
            'block found',
          )
        }
        case 'templatesConnected':
          metrics.templates.set(1)
          return log.info('template provider connected')
        case 'workTooOld':
          return log.error(
            { connections: fact.connections },
            'no work: the template provider is away for too long; miners are sent elsewhere',
          )
        case 'templatesLost':
          metrics.templates.set(0)
          return log.warn('template provider lost; miners stay on the last job')
        case 'templatesRefused':
          return log.error({ code: readableCode(fact.code) }, 'template provider refused us')
        case 'templateIgnored':
          return log.warn({ templateId: String(fact.templateId), reason: fact.reason }, 'template ignored')
        default:
          return work.fact(fact)
      }
    },
  }
}

function createMetrics(registry: Registry) {
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  return {
    changes: counter('sv2_jdc_fallbacks_total', 'Changes of who is worked for'),
    from: gauge('sv2_jdc_pool', 'Who is worked for: its place in the configuration, -1 for ourselves'),
    faults: counter('sv2_jdc_faults_total', 'Times that a pool was left, by what happened', 'reason'),
    proposed: counter('sv2_jdc_jobs_proposed_total', 'Jobs proposed to negotiator servers'),
    acknowledged: counter('sv2_jdc_jobs_acknowledged_total', 'Jobs that pools agreed to pay for'),
    refused: counter('sv2_jdc_jobs_refused_total', 'Jobs refused by pools or their servers'),
    agreement: gauge('sv2_jdc_agreement_seconds', 'From the template to the consent of the pool, last job'),
    dropped: counter('sv2_jdc_shares_dropped_total', 'Shares of jobs that were never acknowledged'),
    blocks: counter('sv2_jdc_blocks_found_total', 'Blocks found'),
    lags: gauge(
      'sv2_jdc_node_lags',
      "1 while our own node is behind the pool, and miners work on the pool's jobs",
    ),
    templates: gauge('sv2_jdc_templates_connected', '1 while the template provider is connected'),
  }
}
