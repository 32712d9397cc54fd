import { equalBytes } from '@sv2/bitcoin'
import type { GoodShare } from '../mining/channel/judge.ts'
import type { ShareOutcome } from '../mining/miners/work-source.ts'

/** Blocks on such jobs whose fate is not known, at one time. */
const MAX_WAITING = 64
/** Blocks of one account that may fail to become part of the chain: one may lose a race. */
const MAX_FAILED = 1

/** What an account was credited on trust. */
interface Debt {
  work: number
  failed: number
}

/**
 * How much is credited on jobs whose transactions were not checked: so much in all, since accounts cost nothing.
 * A block that was found on one and is part of the chain proves its account honest, which has its part free again; two
 * that are not prove the contrary.
 */
export class UncheckedTrust {
  readonly #most: number
  readonly #debts = new Map<string, Debt>()
  #sum = 0
  #waiting: { readonly account: string; readonly hash: Uint8Array }[] = []

  /** @param most difficulty of all shares that are credited so; 0: none is */
  constructor(most: number) {
    this.#most = most
  }

  /** Decides on a share of a job that was not checked: credited up to the limit, and stale beyond it. */
  share(account: string, { level, job, hash, isBlock }: GoodShare): ShareOutcome {
    if (!this.allows(account)) return { code: 'stale-share' }
    this.credit(account, level.difficulty * (job.rewardShare ?? 1))
    if (isBlock) this.found(account, hash)
    return 'credited'
  }

  /** Whether another share of an account may be credited. */
  allows(account: string): boolean {
    return this.#sum < this.#most && (this.#debts.get(account)?.failed ?? 0) <= MAX_FAILED
  }

  /** A share is credited. */
  credit(account: string, work: number): void {
    const debt = this.#debtOf(account)
    debt.work += work
    this.#sum += work
  }

  /** A block was found on such a job. @param hash of its header */
  found(account: string, hash: Uint8Array): void {
    this.#waiting.push({ account, hash })
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift()
  }

  /** A new tip: it stands on one of those blocks, or none of them is part of the chain. Answers what that proves. */
  tip(prevHash: Uint8Array): readonly { readonly account: string; readonly isProven: boolean }[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting.map(({ account, hash }) => {
      const isProven = equalBytes(hash, prevHash)
      const debt = this.#debtOf(account)
      if (!isProven) debt.failed++
      else {
        this.#sum -= debt.work
        this.#debts.delete(account)
      }
      return { account, isProven }
    })
  }

  #debtOf(account: string): Debt {
    const known = this.#debts.get(account)
    if (known !== undefined) return known
    const debt = { work: 0, failed: 0 }
    this.#debts.set(account, debt)
    return debt
  }
}
