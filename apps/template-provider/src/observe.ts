import { Counter, Gauge, type Logger, observeNode, type Registry, RepeatedLine } from '@sv2/app-kit'
import type { ProviderFact } from '@sv2/roles/provider'

/** Turns what happens in the template provider into log lines and numbers. */
export function createObserver(log: Logger, registry: Registry) {
  const registers = [registry]
  const templates = new Counter({
    name: 'sv2_tp_templates_sent_total',
    help: 'Templates sent, by reason',
    labelNames: ['reason'],
    registers,
  })
  const refused = new Counter({
    name: 'sv2_tp_solutions_refused_total',
    help: 'Solutions that are none',
    registers,
  })
  const dropped = new Counter({
    name: 'sv2_tp_templates_dropped_total',
    help: 'Templates dropped while clients may work on them',
    registers,
  })
  const lines = new RepeatedLine()
  const height = new Gauge({
    name: 'sv2_tp_template_height',
    help: 'Height of the newest template',
    registers,
  })
  const value = new Gauge({
    name: 'sv2_tp_template_value_sat',
    help: 'Coinbase value of the newest template',
    registers,
  })
  const nodes = observeNode(log, registry, 'sv2_tp')

  return {
    fact(fact: ProviderFact): void {
      switch (fact.kind) {
        case 'clientConnected':
          return log.info({ session: fact.session }, 'client connected')
        case 'clientDisconnected':
          return log.info({ session: fact.session }, 'client disconnected')
        case 'setupRefused':
          return log.warn({ session: fact.session, code: fact.code, flags: fact.flags }, 'setup refused')
        case 'constraintsSet': {
          const { session, outputSize, outputSigops } = fact
          return log.info({ session, outputSize, outputSigops }, 'coinbase output constraints')
        }
        case 'templateSent': {
          templates.inc({ reason: fact.reason })
          height.set(fact.height)
          value.set(Number(fact.value))
          const { templateId, reason, transactions, left, clients } = fact
          const fields = {
            templateId: String(templateId),
            reason,
            height: fact.height,
            transactions,
            left,
            clients,
          }
          return fact.reason === 'tip'
            ? log.info(fields, 'template sent')
            : log.debug(fields, 'template sent')
        }
        case 'clientsSentAway':
          return log.error(
            { clients: fact.count },
            'clients sent away: the node gives no work, and what it gave is too old',
          )
        case 'templatesDropped':
          dropped.inc(fact.count)
          if (lines.isDue('dropped'))
            log.warn(
              { templates: fact.count },
              'templates dropped that clients may work on: kept_templates_bytes is too small',
            )
          return
        case 'transactionDataRefused':
          return log.debug({ session: fact.session, code: fact.code }, 'transaction data refused')
        case 'solutionRefused': {
          refused.inc()
          const { session, templateId, reason } = fact
          return log.warn({ session, templateId: String(templateId), reason }, 'solution refused')
        }
        case 'peerMisbehaved':
          return log.warn({ session: fact.session, reason: fact.reason }, 'client misbehaved')
      }
    },

    solved: nodes.solved,
    fate: nodes.fate,
    diskTrouble: nodes.diskTrouble,
    templateDiskTrouble(error: unknown): void {
      log.error(
        { err: error },
        'template cannot be kept on disk; blocks found on it while this provider restarts would be lost',
      )
    },
    node: nodes.state,
  }
}
