import { displayHash, equalBytes } from '@sv2/bitcoin'
import type { PushSolution, SubmitSolution } from '@sv2/messages'
import type { Emit } from '../ground/role.ts'

/** A block that was found, until it is decided whether it is in the chain. */
export interface OpenSolution {
  /** Of the block; display order, hex. */
  readonly hash: string
  /** The tip it was found on, header byte order. */
  readonly prevHash: Uint8Array
  /** The message that reports the solution. */
  readonly message: SubmitSolution | PushSolution
}

/** What has to be done on the disk, before anything is acknowledged: what is kept there comes back at the next start. */
export type SolutionEffect =
  | { readonly kind: 'keepSolution'; readonly solution: OpenSolution }
  | { readonly kind: 'forgetSolution'; readonly hash: string }

/** Solutions at one time, at most; a block is never too late for a second try, and these are many. */
const MOST = 64
/** Of one tip: only one of its blocks can be in the chain. */
const MOST_OF_TIP = 16
/** A chain that has grown by so many blocks past one that is not in it does not come back. */
const PASSED = 6

interface Open {
  readonly solution: OpenSolution
  /** Tips that have come since. */
  tips: number
}

/**
 * The blocks that were found and are not decided, oldest first. The provider that submits them may be away, and so may
 * this process: each is kept on disk, and told again, until it is the tip or the chain has passed it.
 */
export class OpenSolutions {
  readonly #open: Open[]
  #tip: Uint8Array | undefined
  readonly #emit: Emit<SolutionEffect>

  /** @param earlier those of an earlier run; another owner keeps those of another type */
  constructor(
    type: OpenSolution['message']['type'],
    {
      earlier = [],
      emit,
    }: { readonly earlier?: readonly OpenSolution[] | undefined; readonly emit: Emit<SolutionEffect> },
  ) {
    this.#emit = emit
    const own = earlier.filter(({ message }) => message.type === type)
    this.#open = own.map((solution) => ({ solution, tips: 0 }))
  }

  /** All that may still be of use. */
  messages(): readonly (SubmitSolution | PushSolution)[] {
    return this.#open.map(({ solution }) => solution.message)
  }

  add(solution: OpenSolution): void {
    const siblings = this.#open.filter((open) => equalBytes(open.solution.prevHash, solution.prevHash))
    if (siblings.length >= MOST_OF_TIP) return
    this.#open.push({ solution, tips: 0 })
    this.#emit({ kind: 'keepSolution', solution })
    if (this.#open.length > MOST) this.#forget(this.#open[0]!)
  }

  /** There is another tip: it is one of ours, or the chain has passed some of them. */
  moved(prevHash: Uint8Array): void {
    if (this.#tip !== undefined && equalBytes(this.#tip, prevHash)) return
    this.#tip = prevHash
    const hash = displayHash(prevHash)
    for (const open of [...this.#open]) {
      open.tips++
      if (open.solution.hash === hash || open.tips > PASSED) this.#forget(open)
    }
  }

  #forget(open: Open): void {
    this.#open.splice(this.#open.indexOf(open), 1)
    this.#emit({ kind: 'forgetSolution', hash: open.solution.hash })
  }
}
