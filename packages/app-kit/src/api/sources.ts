import type { z } from 'zod'
import type { AuditClient } from '../audit/audit-client.ts'
import type { RunningNotices } from '../notices/start-notices.ts'
import type { Statistics } from '../stats/statistics.ts'
import type { LedgerView } from './ledger-view.ts'
import type { bookedPayment, coinbase, setAddress } from './shapes.ts'

/** A transaction that was booked, in the words of the API. */
export type BookedPayment = z.output<typeof bookedPayment>

/** An address that wants to be paid for an account, with the proof of it. */
export interface SignedAddress {
  /** Of the account. */
  readonly name: string
  readonly address: string
  /** Unix ms. */
  readonly signedAt: number
  /** Base64: of the address, and of the one before where there was one. */
  readonly signatures: readonly string[]
}

/** An address that was set, in the words of the API. */
export type SetAddress = z.output<typeof setAddress>

/** What the pages of a process are made from. */
export interface ApiSources {
  /** Name of the app. */
  readonly role: string
  readonly stats: Statistics
  /** Unix ms. */
  readonly now: () => number
  readonly ok: () => boolean
  readonly network?: string | undefined
  /** URLs for miners; none before the doors are open. */
  readonly doors: () => readonly string[]
  /** It works for upstreams. */
  readonly isFarm: boolean
  /** Undefined where nothing is booked. */
  readonly ledger?: LedgerView | undefined
  /** Undefined where there is no journal. */
  readonly audit?: Pick<AuditClient, 'ask'> | undefined
  /** The coinbase that an account mines now; undefined when that is not known. */
  readonly coinbase?:
    | ((
        account: string,
      ) => z.output<typeof coinbase> | undefined | Promise<z.output<typeof coinbase> | undefined>)
    | undefined
  /** Books a transaction of the operator's wallet that pays balances; undefined where nothing is booked. */
  readonly bookPayment?: ((transaction: Uint8Array) => Promise<BookedPayment>) | undefined
  /** Sets the address of an account that is known by its name; undefined where there are no such accounts. */
  readonly setAddress?: ((signed: SignedAddress) => Promise<SetAddress>) | undefined
  /** Undefined where none are sent. */
  readonly notices?: Pick<RunningNotices, 'test'> | undefined
  /** Closes a connection. */
  readonly disconnect: (session: number) => void
}
