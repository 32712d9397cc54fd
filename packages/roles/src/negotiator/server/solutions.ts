import { equalBytes, type Sha256d } from '@sv2/bitcoin'
import type { PushSolution } from '@sv2/messages'
import type { Emit, Millis } from '../../ground/role.ts'
import type { ServerEffect } from './facts.ts'
import type { KeptJobs } from './kept-jobs.ts'
import type { Client } from './proposal.ts'
import { type Stage, solvableOf } from './proposal.ts'
import type { Proposals } from './proposals.ts'
import { mayFit, solve } from './solve.ts'
import type { Solved } from './solved.ts'

/** Solutions that wait for the transactions of one job, at most. */
const MAX_EARLY = 4
/** Stages in which a block can be made already. */
const COMPLETE: ReadonlySet<Stage> = new Set(['waiting', 'checking', 'keeping'])
const NO_JOB = 'it solves no job that is kept'
/** Jobs on such a block are not kept: it is late, or of another chain. */
const OTHER_TIP = 'it builds on a block that is neither the present tip nor the one before'

/** Finds the job of a solution: most often the client's newest, but a solution says no more than the block it is on. */
export class Solutions {
  readonly #sha256d: Sha256d
  readonly #kept: KeptJobs
  readonly #proposals: Proposals
  readonly #solved: Solved
  readonly #emit: Emit<ServerEffect>
  /** Hashes of the present tip and of the one before, for which jobs are kept. */
  #tips: readonly Uint8Array[] = []

  constructor(
    sha256d: Sha256d,
    {
      kept,
      proposals,
      solved,
      emit,
    }: {
      readonly kept: KeptJobs
      readonly proposals: Proposals
      readonly solved: Solved
      readonly emit: Emit<ServerEffect>
    },
  ) {
    this.#sha256d = sha256d
    this.#kept = kept
    this.#proposals = proposals
    this.#solved = solved
    this.#emit = emit
  }

  /** A client tells of a block. */
  pushed(client: Client, message: PushSolution, now: Millis): void {
    const { session } = client
    if (this.#solve(message, client)) return
    this.#emit({ kind: 'solutionRefused', session, reason: this.#reasonOf(message) })
    if (client.failedSolutions.take(now)) return
    const reason = 'too many solutions that solve nothing'
    this.#emit({ kind: 'peerMisbehaved', session, reason })
    this.#emit({ kind: 'close', session, reason })
  }

  /** The pool in the same process tells of a block. */
  found(solution: PushSolution): void {
    if (!this.#solve(solution, undefined))
      this.#emit({ kind: 'solutionRefused', session: undefined, reason: this.#reasonOf(solution) })
  }

  /** The node is on another block. */
  newTip(prevHash: Uint8Array): void {
    this.#tips = [prevHash, ...this.#tips.slice(0, 1)]
  }

  #reasonOf({ prevHash }: PushSolution): string {
    return this.#tips.some((tip) => equalBytes(tip, prevHash)) ? NO_JOB : OTHER_TIP
  }

  /** Submits the block, or lets the solution wait for transactions; false when it is of no job that is kept. */
  #solve(message: PushSolution, client: Client | undefined): boolean {
    if (this.#solved.has(message)) return true
    const session = client?.session
    const solution = {
      ...message,
      extranonce: message.extranonce.slice(),
      prevHash: message.prevHash.slice(),
    }
    const pending = this.#proposals
      .inOrderFor(client)
      .filter(({ job, tip }) => mayFit({ ...job, tip }, solution))
    const complete = pending.filter(({ stage }) => COMPLETE.has(stage))
    for (const job of [...this.#kept.inOrderFor(session), ...complete.map(solvableOf)]) {
      const block = solve(job, { session, solution }, this.#sha256d)
      if (block === undefined) continue
      this.#solved.add(solution, block)
      return true
    }
    let waits = false
    for (const proposal of pending) {
      if (complete.includes(proposal) || proposal.early.length >= MAX_EARLY) continue
      proposal.early.push({ session, solution })
      waits = true
    }
    return waits
  }
}
