import {
  Counter,
  Gauge,
  type Logger,
  observeMiners,
  type Registry,
  readableText,
  shareCodeLabel,
} from '@sv2/app-kit'
import type { V2ToV1Effect } from '@sv2/roles/translator'
import type { TranslatorProxyCounts } from '../app.ts'

/** What the role tells besides what is to be done. */
type Fact = Exclude<
  V2ToV1Effect,
  { readonly kind: 'send' | 'close' | 'pause' | 'dial' | 'hangUp' | 'redial' }
>

/** What makes lines and numbers of what happens in the translator. */
export interface V2ToV1Observer {
  fact(fact: Fact): void
  /** Since the start. */
  totals(): Pick<TranslatorProxyCounts, 'accepted' | 'refused' | 'submitted' | 'acknowledged'>
  readonly warn: Logger['warn']
}

/** Turns what happens in the translator into log lines and numbers. */
export function createObserver(log: Logger, registry: Registry): V2ToV1Observer {
  const miners = observeMiners(log, registry, 'sv2_translator')
  const metrics = createMetrics(registry)
  const { warn, inform } = miners
  const totals = { submitted: 0, acknowledged: 0 }
  return {
    warn,
    totals: () => {
      const { accepted, refused } = miners.totals()
      return { accepted, refused, ...totals }
    },

    fact(fact) {
      switch (fact.kind) {
        case 'shareSubmitted':
          metrics.submitted.inc()
          totals.submitted++
          return
        case 'shareAnswered': {
          const { session, channelId, code } = fact
          if (code === undefined) {
            metrics.acknowledged.inc()
            totals.acknowledged++
            return
          }
          metrics.refused.inc({ error_code: shareCodeLabel(code) })
          return log.debug({ session, channelId, code }, 'share refused by the pool')
        }
        case 'sharesUnanswered':
          metrics.unanswered.inc(fact.count)
          return warn({ pool: fact.upstream, shares: fact.count }, 'shares without an answer')
        case 'blockFound': {
          metrics.blocks.inc()
          const { pool, session, channelId, remote, hash } = fact
          const who = { user: readableText(fact.user), worker: readableText(fact.worker), remote }
          return log.info({ pool, session, channelId, ...who, hash }, 'block found')
        }
        case 'newTip':
          return inform({ prevHash: fact.prevHash, networkDifficulty: fact.networkDifficulty }, 'new tip')
        case 'poolReady':
          return inform({ pool: fact.pool, link: fact.link }, 'pool ready')
        case 'poolLost':
          return warn({ pool: fact.pool, link: fact.link, ...hungUpAt(fact.unanswered) }, 'pool lost')
        case 'poolRefused': {
          const { pool, link, reason, detail } = fact
          warn({ pool, link, reason }, 'pool does not serve us')
          return log.debug({ pool, link, detail }, 'why the pool does not serve us, in its words')
        }
        case 'poolUsed':
          metrics.used.set(fact.pool)
          return inform({ pool: fact.pool, link: fact.link }, 'pool in use')
        case 'poolLineIgnored':
          metrics.ignored.inc()
          return log.debug({ pool: fact.pool, reason: fact.reason }, 'line of a pool ignored')
        case 'poolJobRefused':
          metrics.ignored.inc()
          return warn({ pool: fact.pool, reason: fact.reason }, 'job of a pool cannot be mined')
        case 'poolMessage':
          inform({ pool: fact.pool }, 'pool has a message for people; its words are a line of level debug')
          return log.debug({ pool: fact.pool, text: fact.text }, 'message of a pool')
        case 'poolReconnect': {
          const { pool, host, port, followed } = fact
          warn({ pool, port, followed }, 'pool sends us elsewhere')
          return log.debug({ pool, host, port }, 'where the pool sends us')
        }
        case 'poolDifficulty':
          return log.debug({ pool: fact.pool, difficulty: fact.difficulty }, 'difficulty of a pool')
        case 'poolVersionMask':
          return inform({ pool: fact.pool, mask: fact.mask.toString(16) }, 'version rolling of a pool')
        case 'extranonceSizeChanged':
          return warn(
            { pool: fact.pool, channels: fact.channels },
            'extranonce size changed; channels closed',
          )
        default:
          return miners.fact(fact)
      }
    },
  }
}

function createMetrics(registry: Registry) {
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers })
  return {
    submitted: counter('sv2_server_shares_sent_total', 'Shares sent to pools'),
    acknowledged: counter('sv2_server_shares_accepted_total', 'Shares that pools accepted'),
    refused: counter(
      'sv2_server_shares_rejected_total',
      'Shares that pools refused, by reason',
      'error_code',
    ),
    unanswered: counter('sv2_server_shares_unanswered_total', 'Shares that pools left without an answer'),
    blocks: counter('sv2_server_blocks_found_total', 'Blocks found'),
    ignored: counter('sv2_translator_lines_ignored_total', 'Lines of pools that meant nothing'),
    used: new Gauge({
      name: 'sv2_translator_pool',
      help: 'The pool last switched to, by its place in the configuration',
      registers,
    }),
  }
}

/** What an operator can do about a pool that hangs up at one of our requests. */
const KEYS: Readonly<Record<string, string>> = {
  configure: 'version_rolling = false',
  'extranonce.subscribe': 'extranonce_subscribe = false',
}

function hungUpAt(request: string | undefined): { readonly hungUpAt?: string; readonly try?: string } {
  if (request === undefined) return {}
  const key = KEYS[request]
  return { hungUpAt: `mining.${request}`, ...(key !== undefined && { try: key }) }
}
