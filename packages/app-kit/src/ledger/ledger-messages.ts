import type { JournalRecord } from '@sv2/journal'
import type { LedgerSettings } from '@sv2/roles/ledger'
import type { Distribution } from '@sv2/roles/payouts'
import type { JournalPosition } from '@sv2/runtime/journal'
import type { StoreSettings } from '@sv2/store'
import type { NodeConfig } from '../config/node.ts'
import type { LedgerAnswers, LedgerQuery } from './ledger-queries.ts'
import type { StoreAnswers, StoreQuery } from './store-queries.ts'

/** What may be asked of the ledger and of its tables. */
export type Query = LedgerQuery | StoreQuery
/** What they answer. */
export type Answers = LedgerAnswers & StoreAnswers

/** What the thread of the ledger is started with. */
export interface LedgerThreadData {
  readonly folder: string
  /** `server_id` of the node whose journal it reads. */
  readonly node: number
  readonly settings: LedgerSettings
  /** Closed segments that nothing needs are removed after this time, ms; undefined: all are kept. */
  readonly keepMs: number | undefined
  /** Nodes that say what is part of the chain; none: blocks stay pending. */
  readonly nodes: readonly NodeConfig[]
  /** Where the tables are, and the URL of the module that writes them; undefined: there are none. */
  readonly store: { readonly module: string; readonly settings: StoreSettings } | undefined
  /** Text in the coinbases of our blocks. */
  readonly tag: string
}

/** What the thread is told. */
export type ToLedger =
  /** The journal is on disk up to here. */
  | { readonly kind: 'grown'; readonly position: JournalPosition }
  | { readonly kind: 'query'; readonly id: number; readonly query: Query }

/** A log line of the thread. */
export interface LedgerLine {
  readonly kind: 'line'
  readonly level: 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, string | number | boolean>>
  readonly text: string
}

/** What the thread tells. */
export type FromLedger =
  | LedgerLine
  | { readonly kind: 'distribution'; readonly distribution: Distribution; readonly voids: boolean }
  /** To be written into the journal: what the chain says. */
  | { readonly kind: 'append'; readonly record: JournalRecord }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answers[keyof Answers] }
  /** Numbers for metrics. */
  | { readonly kind: 'numbers'; readonly numbers: LedgerNumbers }

/** Numbers of the ledger for metrics. */
export interface LedgerNumbers {
  readonly accounts: number
  /** Sequence of the next record it reads. */
  readonly sequence: number
  readonly pendingBlocks: number
  readonly confirmedBlocks: number
  readonly orphanedBlocks: number
  /** Unix ms when the distribution in use was made; 0: there is none. */
  readonly distributionAt: number
  /** What is owed to miners beyond the block to come, and what they were paid too much; satoshi. */
  readonly owed: number
  readonly overpaid: number
  /** Blocks of ours that the chain told of, and no record knew; since the start. */
  readonly unknownBlocks: number
  /** Blocks that the node knows the headers of, and does not have. */
  readonly nodeBehind: number
  /** No node says what became of our blocks. */
  readonly isNodeAway: boolean
}
