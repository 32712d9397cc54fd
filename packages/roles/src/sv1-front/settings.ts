import type { Network } from '@sv2/bitcoin'
import type { UpstreamWorkSettings } from '../work/upstream/upstream-work.ts'

/** How Stratum V1 sessions are treated. */
export interface Sv1FrontSettings {
  /** Start difficulty of the doors, by the number of their port; undefined where a door says nothing. */
  readonly doorDifficulty: readonly (number | undefined)[]
  /** Difficulty of a miner that told no hash rate. */
  readonly startDifficulty: number
  /** No V1 miner goes below; undefined: its dialect says. */
  readonly minDifficulty: number | undefined
  /** Version bits that are granted at most. */
  readonly versionRollingMask: number
  /** Whether the account in a user name has to be an address of the network. */
  readonly payoutCheck: PayoutCheck
  /** Characters that end the account in a user name. */
  readonly separators: string
  /** Where an upstream would notice: a miner gets a channel when it has been there for this long, ms. */
  readonly probeMs: number
  /** A closed session may be resumed for this long, ms, and so many of them. */
  readonly resumeMs: number
  readonly maxResumable: number
  readonly limits: Sv1Limits
}

/** Limits of one connection. */
export interface Sv1Limits {
  readonly maxWorkers: number
  /** Shares a second, over ten seconds. */
  readonly maxSharesPerSecond: number
  /** Lines that are no shares, a second, over ten seconds. */
  readonly maxRequestsPerSecond: number
}

/**
 * `auto`: an account that is an address of another network is refused; `always`: an account that is not an address is
 * refused too.
 */
export interface PayoutCheck {
  readonly identityIsAddress: 'auto' | 'always' | 'never'
  readonly network: Network
  /**
   * Where all miners share the addresses that upstreams pay: those. A miner that names another one is refused, unless
   * `identityIsAddress` is `never`. Undefined where upstreams are told each miner's own name, or pay by account.
   */
  readonly paid?: readonly PaidAddress[] | undefined
}

/** An address that blocks found here pay. */
export interface PaidAddress {
  readonly address: string
  /** Output script. */
  readonly script: Uint8Array
}

export interface V1ToV2Settings {
  /** The core; its difficulties are powers of two (`difficultySteps` 1). */
  readonly work: UpstreamWorkSettings
  readonly front: Sv1FrontSettings
}
