import { hex } from '@sv2/bitcoin'
import type { PushSolution } from '@sv2/messages'
import type { Emit } from '../../ground/role.ts'
import type { ServerEffect, SubmitJobBlock } from './facts.ts'

/** Solutions that are remembered; a network has one in ten minutes. */
const MOST = 1_000

/**
 * Solutions whose blocks were submitted: a client that tells of one again, as any client can once it is public, costs
 * nothing.
 */
export class Solved {
  readonly #known = new Set<string>()
  readonly #emit: Emit<ServerEffect>

  constructor(emit: Emit<ServerEffect>) {
    this.#emit = emit
  }

  has(solution: PushSolution): boolean {
    return this.#known.has(keyOf(solution))
  }

  /** Submits the block of a solution. */
  add(solution: PushSolution, block: SubmitJobBlock): void {
    this.#known.add(keyOf(solution))
    this.#emit(block)
    if (this.#known.size <= MOST) return
    for (const oldest of this.#known) {
      this.#known.delete(oldest)
      return
    }
  }
}

/** All that a solution says. */
function keyOf({ prevHash, extranonce, version, ntime, nbits, nonce }: PushSolution): string {
  return `${hex(prevHash)} ${extranonce.join()} ${version} ${ntime} ${nbits} ${nonce}`
}
