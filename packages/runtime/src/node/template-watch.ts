import type { Network } from '@sv2/bitcoin'
import type { NodeTemplate, Room } from '@sv2/roles/ground'
import type { ChainTip } from './block-submitter.ts'
import { UnminableTemplate } from './block-template.ts'
import { Behind } from './chain-state.ts'

/** How a node is watched. */
export interface NodeWatchSettings {
  readonly network: Network
  /** A template is asked for this often besides each new tip, for fees, ms. */
  readonly intervalMs: number
  /** At a new tip, a template without transactions comes first where the whole one takes its time. */
  readonly emptyFirst?: boolean
}

/** How the node is. `message` says what to do about it. */
export type NodeState =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'waiting'
      /** `behind`: what it would hand out is out of date; `unminable`: it hands out what must not be mined. */
      readonly cause: 'away' | 'behind' | 'unminable'
      readonly message: string
      readonly retryMs: number
      /** Blocks that it knows by their headers alone. */
      readonly blocksBehind: number
    }
  /** Templates come from this node, since none before it gives some. */
  | { readonly kind: 'instead'; readonly node: string }
  /** From now on it is looked at a few times a second, since it cannot wait for us. */
  | { readonly kind: 'polled'; readonly node: string; readonly reason: string }

export interface NodeWatchObserver {
  onTemplate(template: NodeTemplate): void
  onState(state: NodeState): void
  /** The node has another newest block. */
  onTip?(tip: ChainTip): void
}

/** What follows a node, whatever it is asked by. It asks again for ever, no matter what the node answers. */
export interface TemplateWatch {
  /** The node hands out templates. */
  readonly isReady: boolean
  /** Starts; answers when stopped. */
  run(): Promise<void>
  /** Asks for a template now, for example after a block was submitted. */
  poke(): void
  /** What templates have to leave free, where the node makes them to the end. */
  setRoom(room: Room): void
  stop(): void
}

/** Pauses after a failure, ms. */
const BACKOFF_MS = { first: 500, last: 30_000 }
/** A node that catches up is looked at this often, ms. */
const BEHIND_MS = 500

/**
 * How a node is that has failed.
 * @param failures of the same kind before
 * @param message what to do about it
 */
export function failedState(
  error: unknown,
  { failures, message }: { readonly failures: number; readonly message: string },
): Extract<NodeState, { kind: 'waiting' }> {
  const blocksBehind = error instanceof Behind ? error.blocks : 0
  const cause = error instanceof Behind ? 'behind' : error instanceof UnminableTemplate ? 'unminable' : 'away'
  const retryMs = cause === 'behind' ? BEHIND_MS : backoffMs(failures)
  return { kind: 'waiting', cause, message, retryMs, blocksBehind }
}

function backoffMs(failures: number): number {
  const ceiling = Math.min(BACKOFF_MS.last, BACKOFF_MS.first * 2 ** failures)
  return Math.round(ceiling * (0.5 + Math.random() / 2))
}
