import type { ProviderFact } from '@sv2/roles/provider'
import { type BlockFate, Counter, Gauge, type Logger, type NodeState, type Registry } from '@sv2/runtime'

/** Turns what happens in the template provider into log lines and numbers. */
export function createObserver(log: Logger, registry: Registry) {
  const registers = [registry]
  const templates = new Counter({
    name: 'sv2_tp_templates_sent_total',
    help: 'Templates sent, by reason',
    labelNames: ['reason'],
    registers,
  })
  const blocks = new Counter({
    name: 'sv2_tp_blocks_submitted_total',
    help: 'Answers of nodes to our blocks',
    labelNames: ['outcome'],
    registers,
  })
  const solutions = new Counter({
    name: 'sv2_tp_solutions_total',
    help: 'Solutions received that are blocks',
    registers,
  })
  const refused = new Counter({
    name: 'sv2_tp_solutions_refused_total',
    help: 'Solutions that are none',
    registers,
  })
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
  const ready = new Gauge({
    name: 'sv2_tp_node_ready',
    help: '1 while the node hands out templates',
    registers,
  })
  const lines = new RepeatedLine()

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

    solved(block: { readonly hash: string; readonly height: number }): void {
      solutions.inc()
      log.info(block, 'block solved; keeping and submitting it')
    },

    fate({ hash, height, node, outcome, reason }: BlockFate): void {
      blocks.inc({ outcome })
      const fields = { hash, height, node, reason }
      if (outcome === 'accepted') log.info(fields, 'block accepted')
      else if (outcome === 'lost') log.warn(fields, 'block is valid, but another came first')
      else if (outcome === 'rejected') log.error(fields, 'block rejected')
      else log.error(fields, 'node cannot be asked; the block is kept and submitted again')
    },

    diskTrouble(hash: string, error: unknown): void {
      log.error({ hash, err: error }, 'the disk refuses a solved block; it is submitted all the same')
    },

    node(state: NodeState): void {
      ready.set(state.kind === 'ready' ? 1 : 0)
      if (state.kind === 'ready') {
        lines.reset()
        return log.info('node is ready')
      }
      if (lines.isDue(state.message)) log.warn({ retryMs: state.retryMs }, state.message)
    },
  }
}

/** A line that is repeated every few seconds is printed when it changes, and once a minute. */
class RepeatedLine {
  #text = ''
  #printed = 0

  isDue(text: string): boolean {
    const now = performance.now()
    if (text === this.#text && now - this.#printed < 60_000) return false
    this.#text = text
    this.#printed = now
    return true
  }

  reset(): void {
    this.#text = ''
  }
}
