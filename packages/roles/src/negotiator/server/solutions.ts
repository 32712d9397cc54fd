import type { Sha256d } from '@sv2/bitcoin'
import type { PushSolution } from '@sv2/messages'
import type { Millis } from '../../role.ts'
import type { Client } from './client.ts'
import type { Emit } from './facts.ts'
import type { KeptJobs } from './kept-jobs.ts'
import type { Proposals } from './proposals.ts'
import { mayFit, solve } from './solve.ts'

/** Solutions that wait for the transactions of one job, at most. */
const MAX_EARLY = 4

/** Finds the job of a solution: most often the client's newest, but a solution says no more than the block it is on. */
export class Solutions {
  readonly #sha256d: Sha256d
  readonly #kept: KeptJobs
  readonly #proposals: Proposals
  readonly #emit: Emit

  constructor(
    sha256d: Sha256d,
    how: { readonly kept: KeptJobs; readonly proposals: Proposals; readonly emit: Emit },
  ) {
    this.#sha256d = sha256d
    this.#kept = how.kept
    this.#proposals = how.proposals
    this.#emit = how.emit
  }

  pushed(client: Client, message: PushSolution, now: Millis): void {
    const { session } = client
    const solution = {
      ...message,
      extranonce: message.extranonce.slice(),
      prevHash: message.prevHash.slice(),
    }
    const pending = this.#proposals.inOrderFor(client).filter((proposal) => mayFit(proposal, solution))
    const complete = pending.filter(({ stage }) => stage === 'waiting' || stage === 'checking')
    for (const proposal of [...this.#kept.inOrderFor(session), ...complete]) {
      const block = solve(proposal, { session, solution }, this.#sha256d)
      if (block !== undefined) return this.#emit(block)
    }
    let waits = false
    for (const proposal of pending) {
      if (complete.includes(proposal) || proposal.early.length >= MAX_EARLY) continue
      proposal.early.push({ session, solution })
      waits = true
    }
    if (waits) return
    this.#emit({ kind: 'solutionRefused', session, reason: 'it solves no job that is kept' })
    if (client.failedSolutions.take(now)) return
    const reason = 'too many solutions that solve nothing'
    this.#emit({ kind: 'peerMisbehaved', session, reason })
    this.#emit({ kind: 'close', session, reason })
  }
}
