import { AddressError, addressToScript, hex, type Network } from '@sv2/bitcoin'
import type { Refusal } from './miners/work-source.ts'

/** Addresses that are paid alone. */
export interface PayoutLimits {
  /** At one time. */
  readonly maxPayouts: number
  /** Of them, those that clients of one network address brought; no limit when missing. */
  readonly maxPayoutsPerAddress?: number
}

/** Doors whose blocks pay their finder, in a pool that splits the blocks of other doors. */
export interface SoloDoors extends PayoutLimits {
  /** Parts of a million. */
  readonly feePpm: bigint
}

/** Who is paid for a block. */
export type PayoutSettings =
  | {
      /** One address for everybody. */
      readonly mode: 'pool'
      readonly script: Uint8Array
    }
  | ({
      /** Each miner's own address, read from the user identity. */
      readonly mode: 'solo'
      readonly network: Network
    } & PayoutLimits)
  | {
      /** Many miners of one block, by distributions; each is known by its address, read from the user identity. */
      readonly mode: 'shared'
      readonly network: Network
      /** Gets what no distribution gives to a miner; all of a block before the first distribution. */
      readonly poolScript: Uint8Array
      /** Bytes of the coinbases that there are, the shortest first (see `PAYOUT_CLASSES`). */
      readonly classes: readonly number[]
      /** Of miners behind solo doors: each is paid its own blocks, less the fee. Undefined: there is no such door. */
      readonly solo?: SoloDoors | undefined
      /** Names are accounts too: they are owed what they earn until they have an address. */
      readonly takesNames?: boolean | undefined
    }

/** What a user identity means to the pool. */
export interface Identity {
  /** The account: everything before the worker's name. */
  readonly user: string
  /** The worker's name: what follows the account; may be empty. */
  readonly worker: string
  /** Output script that a job of this account alone pays. */
  readonly script: Uint8Array
  /** The account: its output script in hex, or `pool` where all are paid to one address. */
  readonly key: string
}

/** How SRI's miners ask for a payout of their own: `sri/solo/address/worker`. */
const SRI_SOLO = 'sri/solo/'

/**
 * Reads a user identity. Pool mode: any text, `account[.worker]`. Solo and shared mode: `address[.worker]` or
 * SRI's `sri/solo/address/worker`; an address of another network is refused in words that name both networks. Shared mode may
 * take names as well.
 */
export function readIdentity(identity: string, payout: PayoutSettings): Identity | Refusal {
  if (payout.mode === 'pool') {
    if (identity.startsWith('sri/')) {
      return refusal(`${quoted(identity)} asks for a payout of its own, and this pool pays one address`)
    }
    return { ...splitAt(identity, '.'), script: payout.script, key: 'pool' }
  }
  const { user: address, worker } = soloAddress(identity)
  if (payout.mode === 'shared' && payout.takesNames === true && isAccountName(address))
    return { user: address, worker, script: payout.poolScript, key: address }
  if (address === '') return refusal(`${quoted(identity)} names no address; this pool wants address[.worker]`)
  try {
    const script = addressToScript(address, payout.network)
    const paid = payout.mode === 'shared' ? payout.poolScript : script
    return { user: address, worker, script: paid, key: hex(script) }
  } catch (error) {
    if (!(error instanceof AddressError)) throw error
    return refusal(error.message)
  }
}

/** What a name looks like: shorter than any address, so that a misspelled address is never taken for one. */
const ACCOUNT_NAME = /^[a-z0-9][a-z0-9_-]{1,23}$/

/** Whether a text may be the name of an account: 2 … 24 of a-z, 0-9, `_` and `-`. */
export function isAccountName(text: string): boolean {
  return ACCOUNT_NAME.test(text)
}

function soloAddress(identity: string): Pick<Identity, 'user' | 'worker'> {
  if (identity.startsWith(SRI_SOLO)) return splitAt(identity.slice(SRI_SOLO.length), '/')
  return splitAt(identity, '.')
}

function splitAt(text: string, mark: string): Pick<Identity, 'user' | 'worker'> {
  const at = text.indexOf(mark)
  return at === -1 ? { user: text, worker: '' } : { user: text.slice(0, at), worker: text.slice(at + 1) }
}

function refusal(detail: string): Refusal {
  return { code: 'invalid-user-identity', detail }
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 80))
}
