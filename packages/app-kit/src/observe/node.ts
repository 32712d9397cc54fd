import type { BlockFate, NodeState } from '@sv2/runtime'
import type { Logger } from '../logger.ts'
import { Counter, Gauge, type Registry } from '../monitoring.ts'

/** What makes lines and numbers of what nodes say. */
export interface NodeObserver {
  /** A block of ours; it is about to be kept and submitted. */
  solved(block: { readonly hash: string; readonly height: number }): void
  fate(fate: BlockFate): void
  /** A node has said of a proposed block what decides nothing. */
  proposalUndecided(node: string, reason: string): void
  diskTrouble(hash: string, error: unknown): void
  state(state: NodeState): void
}

/** They stand at 0 from the start: an alert sees the first of a kind. */
const OUTCOMES: readonly BlockFate['outcome'][] = [
  'accepted',
  'lost',
  'rejected',
  'spare',
  'undecided',
  'unreachable',
]

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
  for (const outcome of OUTCOMES) blocks.inc({ outcome }, 0)
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
  const behind = new Gauge({
    name: `${prefix}_node_blocks_behind`,
    help: 'Blocks that the node knows by their headers alone',
    registers,
  })
  const lines = new RepeatedLine()
  const fateLines = new RepeatedLine()
  const proposalLines = new RepeatedLine()
  return {
    solved({ hash, height }) {
      solutions.inc()
      log.info({ hash, height }, 'block solved; keeping and submitting it')
    },

    fate({ hash, height, node, outcome, reason }) {
      blocks.inc({ outcome })
      const fields = { hash, height, node, reason }
      switch (outcome) {
        case 'accepted':
          return log.info(fields, 'block accepted')
        case 'lost':
          return log.warn(fields, 'block is valid, but another came first')
        case 'rejected':
          return log.error(fields, 'block rejected')
        case 'spare':
          return log.debug(fields, 'block not submitted: another of ours of the same parent came first')
        case 'undecided':
          if (fateLines.isDue(`${node} ${reason}`))
            log.warn(
              fields,
              'not decided: the node has not made the block its tip; it is kept until that is clear',
            )
          return
        case 'unreachable':
          if (fateLines.isDue(`${node} ${reason}`))
            log.error(fields, 'node cannot be asked; the block is kept and submitted again')
      }
    },

    proposalUndecided(node, reason) {
      if (proposalLines.isDue(`${node} ${reason}`))
        log.warn({ node, reason }, 'not decided: the node was asked of a job')
    },

    diskTrouble(hash, error) {
      log.error({ hash, err: error }, 'the disk refuses a solved block; it is submitted all the same')
    },

    state(state) {
      if (state.kind === 'polled')
        return log.warn(
          { node: state.node, reason: state.reason },
          'node cannot wait for a block; it is asked for one five times a second',
        )
      if (state.kind === 'instead')
        return log.warn({ node: state.node }, 'templates come from this node, until one before it is back')
      ready.set(state.kind === 'ready' ? 1 : 0)
      behind.set(state.kind === 'waiting' ? state.blocksBehind : 0)
      if (state.kind === 'ready') {
        lines.reset()
        return log.info('node is ready')
      }
      if (!lines.isDue(state.message)) return
      if (state.cause === 'unminable') log.error({ retryMs: state.retryMs }, state.message)
      else log.warn({ retryMs: state.retryMs }, state.message)
    },
  }
}

/** A line that is repeated every few seconds is printed when it changes, and once a minute. */
export class RepeatedLine {
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
