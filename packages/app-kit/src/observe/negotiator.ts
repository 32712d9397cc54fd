import type { PoolFeedFact, ServerFact } from '@sv2/roles/negotiator'
import type { Logger } from '../logger.ts'
import { Counter, Histogram, type Registry } from '../monitoring.ts'
import { readableText } from '../readable-code.ts'

/** Log lines of the pool that tells a job negotiator server its payout distributions. */
export function observePoolFeed(log: Logger, fact: PoolFeedFact): void {
  switch (fact.kind) {
    case 'distributionHeard': {
      const { id, payouts } = fact.distribution
      return log.debug({ distribution: String(id), payouts: payouts.length }, 'payout distribution')
    }
    case 'distributionsBeganAnew':
      return log.error(
        { distribution: String(fact.id), known: String(fact.known) },
        'the pool numbers its distributions anew, as without its journal: restart this server',
      )
    case 'poolReached':
      return log.info({}, 'the pool tells its payout distributions')
    case 'poolLost':
      return log.warn({}, 'the pool is lost: the last payout distribution stays in use')
    case 'poolUnsuited':
      return log.error({ reason: readableText(fact.reason) }, 'the pool tells no payout distributions')
    default:
      throw new TypeError(`no fact: ${fact satisfies never}`)
  }
}

/** Turns what happens in a job negotiator server into log lines and numbers. */
export function observeNegotiator(
  log: Logger,
  registry: Registry,
): {
  fact(fact: ServerFact): void
  /** Transactions cannot be fetched from the node's mempool. */
  mempoolTrouble(message: string): void
  /** An accepted job cannot be written, read or removed. */
  jobDiskTrouble(error: unknown): void
} {
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name: `sv2_negotiator_${name}`, help, labelNames, registers })
  const tokens = counter('tokens_total', 'Tokens handed out')
  const tokensRefused = counter('tokens_refused_total', 'Token requests refused, by reason', 'error_code')
  const accepted = counter('jobs_accepted_total', 'Jobs of clients that were accepted')
  const refused = counter('jobs_refused_total', 'Jobs of clients that were refused, by reason', 'error_code')
  const requested = counter('transactions_requested_total', 'Transactions that clients had to send')
  const solutionsRefused = counter('solutions_refused_total', 'Solutions that solve no job')
  const setupsRefused = counter('setups_refused_total', 'SetupConnections refused, by reason', 'error_code')
  const misbehaved = counter('peers_misbehaved_total', 'Connections closed for what the peer sent')
  const waits = new Histogram({
    name: 'sv2_negotiator_token_wait_seconds',
    help: 'How long limits held a token back',
    buckets: [0, 1, 5, 15, 60],
    registers,
  })
  const [warn, inform] = [log.warn.bind(log), log.info.bind(log)]
  return {
    jobDiskTrouble: (error) =>
      log.error({ err: error }, 'the disk refuses a job; such jobs are not accepted'),
    mempoolTrouble: (message) => warn({ reason: message }, 'the mempool cannot be read'),

    fact(fact) {
      switch (fact.kind) {
        case 'clientConnected':
          return inform({ session: fact.session, mode: fact.mode }, 'client connected')
        case 'clientDisconnected':
          return inform({ session: fact.session }, 'client disconnected')
        case 'setupRefused':
          setupsRefused.inc({ error_code: fact.code })
          return warn({ session: fact.session, code: fact.code, flags: fact.flags }, 'setup refused')
        case 'tokenGiven':
          tokens.inc()
          waits.observe(fact.waitedMs / 1000)
          return log.debug({ session: fact.session, waitedMs: fact.waitedMs }, 'token given')
        case 'tokenRefused':
          tokensRefused.inc({ error_code: fact.code })
          warn({ session: fact.session, code: fact.code }, 'token refused')
          // The client's own words may be in it.
          return log.debug({ session: fact.session, detail: fact.detail }, 'why the token was refused')
        case 'transactionsRequested':
          requested.inc(fact.count)
          return log.debug({ session: fact.session, count: fact.count }, 'transactions requested')
        case 'jobAccepted': {
          accepted.inc()
          const { session, height, transactions, payout } = fact
          return inform({ session, height, transactions, payout: String(payout) }, 'job accepted')
        }
        case 'jobRefused':
          refused.inc({ error_code: fact.code })
          return warn(
            { session: fact.session, code: fact.code, detail: readableText(fact.detail) },
            'job refused',
          )
        case 'solutionRefused':
          solutionsRefused.inc()
          return warn({ session: fact.session, reason: fact.reason }, 'solution refused')
        case 'newTip':
          return log.info({ height: fact.height, prevHash: fact.prevHash }, 'new tip')
        case 'peerMisbehaved':
          misbehaved.inc()
          return warn({ session: fact.session, reason: fact.reason }, 'client misbehaved')
      }
    },
  }
}
