import type { Entry } from '@sv2/journal'
import type { Distribution } from '../payouts/distribution.ts'
import type { BlockState, BookedBlock } from './bookings.ts'

/** An entry of a node's journal. */
export interface LedgerEvent {
  /** `server_id` of the node that wrote it. */
  readonly node: number
  readonly entry: Entry
}

/** What the ledger decided. */
export type LedgerFact =
  /** Jobs follow this distribution from now on; `voids`: those on earlier ones are replaced at once. */
  | { readonly kind: 'distribution'; readonly distribution: Distribution; readonly voids: boolean }
  | { readonly kind: 'blockBooked'; readonly block: BookedBlock }
  /** A block was confirmed, orphaned, or came back. */
  | { readonly kind: 'blockChanged'; readonly block: BookedBlock; readonly before: BlockState }
  /** Entries are missing in front of this one: it was not taken. */
  | { readonly kind: 'gap'; readonly node: number; readonly expected: number; readonly sequence: number }
