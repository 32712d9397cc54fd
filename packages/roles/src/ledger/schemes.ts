import { scoreOf } from './score.ts'
import type { LedgerSettings } from './settings.ts'
import { type CreditedShare, creditedWork, ShareWindow, type WindowState } from './share-window.ts'
import type { AccountKey } from './split-exactly.ts'

/** Decides who earns what part of the next block. */
export interface Scheme {
  share(share: CreditedShare): void
  /** Weights by which the next block is split, less the fee; empty: nobody has earned any of it. */
  weights(): Map<AccountKey, bigint>
  /** An account goes by another key. */
  rename(from: AccountKey, to: AccountKey): void
  /** A block was found. */
  blockFound(): void
  readonly state: WindowState | undefined
}

/** What `fpps` owes for a share: score of it, and the account. */
export type Accrue = (account: AccountKey, score: bigint) => void

export function schemeOf({ scheme }: LedgerSettings, accrue: Accrue, state?: WindowState): Scheme {
  switch (scheme.scheme) {
    case 'pplns':
    case 'slice':
      return windowed(new ShareWindow(scheme.window, state), { endsWithBlock: false })
    case 'round':
      return windowed(new ShareWindow(WHOLE_ROUND, state), { endsWithBlock: true })
    case 'group':
      return { ...NO_SHARES, weights: () => new Map(scheme.parts) }
    case 'solo':
      return NO_SHARES
    case 'fpps':
      return {
        ...NO_SHARES,
        share: (share) => accrue(share.account, scoreOf(creditedWork(share), share.networkWork)),
      }
    default:
      throw new TypeError(`no scheme: ${scheme satisfies never}`)
  }
}

/** More than any round has: a million expected blocks. */
const WHOLE_ROUND = 1n << 60n

function windowed(window: ShareWindow, { endsWithBlock }: { readonly endsWithBlock: boolean }): Scheme {
  return {
    share: (share) => window.add(share),
    weights: () => window.scores(),
    rename: (from, to) => window.rename(from, to),
    blockFound: () => {
      if (endsWithBlock) window.clear()
    },
    get state() {
      return window.state
    },
  }
}

const NO_SHARES: Scheme = {
  share() {},
  weights: () => new Map(),
  rename() {},
  blockFound() {},
  state: undefined,
}
