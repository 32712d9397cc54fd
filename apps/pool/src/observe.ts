import {
  Counter,
  Gauge,
  type Logger,
  observeMiners,
  type Registry,
  readableCode,
  readableText,
} from '@sv2/app-kit'
import type { PoolFact } from '@sv2/roles/pool'

/** Turns what happens in the pool into log lines and numbers. */
export function createObserver(log: Logger, registry: Registry) {
  const registers = [registry]
  const miners = observeMiners(log, registry, 'sv2_pool')
  const blocks = new Counter({ name: 'sv2_client_blocks_found_total', help: 'Blocks found', registers })
  const templates = new Gauge({
    name: 'sv2_pool_template_provider_connected',
    help: 'Template providers that are connected',
    // over worker processes: the one that has least
    aggregator: 'min',
    registers,
  })
  /** Sessions with providers that are connected. */
  const providers = new Set<number>()
  const negotiators = new Gauge({
    name: 'sv2_pool_negotiators_connected',
    help: 'Negotiator servers that would be told of a block now',
    // over worker processes: the one that has least
    aggregator: 'min',
    registers,
  })
  const pushed = new Counter({
    name: 'sv2_pool_solutions_pushed_total',
    help: 'Blocks on custom jobs, told to the negotiator servers',
    registers,
  })
  const givenUp = new Counter({
    name: 'sv2_pool_payouts_given_up_total',
    help: "Payouts of a full solo pool that made room for others'",
    registers,
  })
  const distribution = new Gauge({
    name: 'sv2_pool_distribution_id',
    help: 'Payout distribution that new jobs follow; 0 before the first',
    // over worker processes: the one that has least
    aggregator: 'min',
    registers,
  })
  let found = 0
  return {
    /** What has happened since the start, and H/s by the accepted shares of the last minute. */
    totals: () => ({ ...miners.totals(), blocks: found }),

    fact(fact: PoolFact): void {
      switch (fact.kind) {
        case 'blockFound': {
          blocks.inc()
          found++
          const { hash, session, channelId, remote, templateId } = fact
          const who = { user: readableText(fact.user), worker: readableText(fact.worker), remote }
          const template = templateId === undefined ? {} : { templateId: String(templateId) }
          return log.info({ hash, session, channelId, ...who, ...template }, 'block found')
        }
        case 'newTip':
          return log.info({ prevHash: fact.prevHash, networkDifficulty: fact.networkDifficulty }, 'new tip')
        case 'templatesConnected':
          templates.set(providers.add(fact.session).size)
          return log.info('template provider connected')
        case 'templatesFrom':
          return log.warn({ provider: fact.provider }, 'templates come from another provider')
        case 'workTooOld':
          return log.error(
            { connections: fact.connections },
            'no work: the template provider is away for too long; miners are sent elsewhere',
          )
        case 'templatesLost':
          providers.delete(fact.session)
          templates.set(providers.size)
          return log.warn(
            providers.size === 0
              ? 'template provider lost; miners stay on the last job'
              : 'template provider lost; another one is there',
          )
        case 'templatesRefused':
          return log.error({ code: readableCode(fact.code) }, 'template provider refused us')
        case 'templateIgnored':
          return log.warn({ templateId: String(fact.templateId), reason: fact.reason }, 'template ignored')
        case 'solutionPushed':
          pushed.inc()
          if (fact.negotiators > 0) return log.info({ negotiators: fact.negotiators }, 'solution pushed')
          return log.error('solution of a custom job found, and no negotiator server is connected')
        case 'negotiatorConnected':
          negotiators.inc()
          return log.info({ negotiator: fact.negotiator }, 'negotiator connected')
        case 'negotiatorLost':
          negotiators.dec()
          return log.warn({ negotiator: fact.negotiator }, 'negotiator lost')
        case 'negotiatorRefused':
          return log.error(
            { negotiator: fact.negotiator, code: readableCode(fact.code) },
            'negotiator refused us',
          )
        case 'uncheckedBlock': {
          const { user } = fact
          if (fact.isProven) return log.info({ user }, 'block of an unchecked job is in the chain')
          return log.warn({ user }, 'block of an unchecked job is not in the chain')
        }
        case 'payoutGivenUp':
          givenUp.inc()
          return log.debug({ payout: fact.payout }, 'payout given up: others hold less')
        case 'distributionTaken': {
          const { id, payouts, voids } = fact
          distribution.set(Number(id))
          return log.debug({ distributionId: String(id), payouts, voids }, 'distribution taken')
        }
        case 'roomAsked': {
          const { outputSize, outputSigops } = fact
          return log.info({ outputSize, outputSigops }, 'template provider asked for room')
        }
        case 'tokenUsed':
          // kept on disk by the app, before the client hears of it
          return
        case 'prefixNotRenewed':
          return log.warn(
            { session: fact.session, channelId: fact.channelId, reason: fact.reason },
            'extranonce prefix not renewed',
          )
        default:
          return miners.fact(fact)
      }
    },
  }
}
