import type { Logger } from '../logger.ts'
import { Counter, Gauge, type Registry } from '../monitoring.ts'
import type { NodeState } from '../node/node-watch.ts'
import type { BlockFate } from '../node/solved-blocks.ts'

/** What makes lines and numbers of what nodes say. */
export interface NodeObserver {
  /** A block of ours; it is about to be kept and submitted. */
  solved(block: { readonly hash: string; readonly height: number }): void
  fate(fate: BlockFate): void
  diskTrouble(hash: string, error: unknown): void
  state(state: NodeState): void
}

/**
 * Turns what nodes say, and do with our blocks, into log lines and metrics.
 * @param prefix of the metrics, `sv2_tp`
 */
export function observeNode(log: Logger, registry: Registry, prefix: string): NodeObserver {
  const registers = [registry]
  const blocks = new Counter({
    name: `${prefix}_blocks_submitted_total`,
    help: 'Answers of nodes to our blocks',
    labelNames: ['outcome'],
    registers,
  })
  const solutions = new Counter({
    name: `${prefix}_solutions_total`,
    help: 'Solutions received that are blocks',
    registers,
  })
  const ready = new Gauge({
    name: `${prefix}_node_ready`,
    help: '1 while the node hands out templates',
    registers,
  })
  const lines = new RepeatedLine()
  return {
    solved({ hash, height }) {
      solutions.inc()
      log.info({ hash, height }, 'block solved; keeping and submitting it')
    },

    fate({ hash, height, node, outcome, reason }) {
      blocks.inc({ outcome })
      const fields = { hash, height, node, reason }
      if (outcome === 'accepted') log.info(fields, 'block accepted')
      else if (outcome === 'lost') log.warn(fields, 'block is valid, but another came first')
      else if (outcome === 'rejected') log.error(fields, 'block rejected')
      else log.error(fields, 'node cannot be asked; the block is kept and submitted again')
    },

    diskTrouble(hash, error) {
      log.error({ hash, err: error }, 'the disk refuses a solved block; it is submitted all the same')
    },

    state(state) {
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
