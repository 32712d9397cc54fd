import { hex, type SipHashKey } from '@sv2/bitcoin'
import type { Message, PushSolution } from '@sv2/messages'
import type { CustomCoinbase } from '../../custom-jobs/custom-coinbase.ts'
import type { MiningJobToken } from '../../custom-jobs/token.ts'
import type { Millis, SessionId } from '../../ground/role.ts'
import type { Budget } from './budget.ts'
import type { ClientMode } from './facts.ts'
import type { JobHolder } from './fair-share.ts'
import type { HashList } from './hash-list.ts'
import type { SolvableJob } from './kept-jobs.ts'
import type { KnownTransaction, TransactionHashes } from './known-transaction.ts'
import type { Problem } from './problem.ts'
import type { NodeTip } from './tip.ts'
import type { TransactionCache } from './transaction-cache.ts'
import type { TransactionList } from './transaction-list.ts'
import type { SlicedWork } from './work.ts'

/** No block has more: the smallest transaction weighs 240 units. */
export const MAX_JOB_TRANSACTIONS = 16_666

/** The transactions of a job, as its maker has named them. */
export type Promised =
  | { readonly kind: 'wtxids'; readonly list: HashList }
  | {
      readonly kind: 'shortHashes'
      readonly key: SipHashKey
      /** 8 bytes each. */
      readonly list: HashList
      readonly listHash: Uint8Array
      /** SHA-256 of each transaction, once the client has told them. */
      hashes: HashList | undefined
    }

/** A job that a client wants to mine. */
export interface ProposedJob {
  readonly requestId: number
  readonly token: MiningJobToken
  readonly version: number
  readonly coinbase: CustomCoinbase
  /** The payout distribution that the coinbase follows; undefined where the token names its outputs. */
  readonly distributionId?: bigint | undefined
  /** Bytes of the whole extranonce, where the coinbase leaves no choice. */
  readonly extranonceSize: number | undefined
  readonly minExtranonceSize: number
  readonly promised: Promised
}

/** A token request that waits until the budget allows an answer. */
export interface WaitingToken {
  readonly requestId: number
  readonly userIdentifier: string
  readonly since: Millis
}

/** One connection; request ids mean something on it alone. */
export interface Client {
  readonly session: SessionId
  readonly dialogue: 'declare' | 'commit'
  /** Whose limits it counts against; undefined where none hold per address. */
  readonly address: string | undefined
  /** When one of its jobs last went to the node: the client that waited longest is next. */
  servedAt: number
  /** Undefined before SetupConnection. */
  mode: ClientMode | undefined
  /** It is told payout distributions: extension 0x0003 is agreed on. */
  takesDistributions: boolean
  readonly tokens: Budget
  /** Token requests that were refused. */
  readonly failedRequests: Budget
  readonly proposals: Budget
  readonly failedSolutions: Budget
  readonly waiting: WaitingToken[]
  /** By request id. */
  readonly pending: Map<number, Proposal>
}

/** How far a job has got. */
export type Stage =
  /** Ours is the next word: it is being worked on. */
  | 'working'
  | 'ahead'
  | 'identifying'
  | 'incomplete'
  /** For its turn at the node. */
  | 'waiting'
  | 'checking'
  /** Good, and on its way to the disk. */
  | 'keeping'
  | 'decided'

/** A job and how far its check has got. */
export interface Proposal {
  readonly id: number
  readonly client: Client
  readonly job: ProposedJob
  /** A job that is ahead of the node waits for the next one. */
  tip: NodeTip
  readonly due: Millis
  stage: Stage
  /** A place is empty while its transaction is missing. */
  transactions: TransactionList
  /** Places that were asked for. */
  asked: readonly number[]
  providedBytes: number
  /** What is done of it in slices. */
  work: SlicedWork | undefined
  merklePath: readonly Uint8Array[]
  /** Solutions that came before the transactions, and who brought them. */
  readonly early: { readonly session: SessionId | undefined; readonly solution: PushSolution }[]
}

/** What a look at the promised transactions has led to. */
export type Lookup = 'found' | 'identify' | Problem

/** What transactions are looked up with. */
export interface LookUpDeps extends Pick<TransactionHashes, 'sha256'> {
  readonly cache: TransactionCache
  /** Secret: clients choose the hashes that are looked for. */
  readonly indexKey: SipHashKey
}

/** How one edition's messages name transactions and tell verdicts. */
export interface ServerDialogue {
  /** Fills in the transactions that we have. */
  lookUp(proposal: Proposal, deps: LookUpDeps): SlicedWork<Lookup>
  /** Whether a transaction that the client has provided is the one promised for its place. */
  isPromised(promised: Promised, place: number, tx: KnownTransaction): boolean
  /** Looks at the complete list. */
  settle(proposal: Proposal, deps: Pick<LookUpDeps, 'sha256'>): Lookup
  accepted(requestId: number, token: Uint8Array): Message
  refused(requestId: number, problem: Problem): Message
  /** The code of that message. */
  codeOf(problem: Problem): string
}

/** What a complete job needs to be made into a block. */
export function solvableOf(proposal: Proposal): SolvableJob {
  const { job, tip, merklePath } = proposal
  const { coinbase, extranonceSize } = job
  return {
    coinbase,
    extranonceSize,
    tip,
    merklePath,
    // most solutions are of another job: the list is made for the one they are of
    get transactions() {
      return proposal.transactions.serialized()
    },
  }
}

/** The stages in which the next word is the client's, or the chain's. */
export function waitsForClient({ stage }: Proposal): boolean {
  return stage === 'ahead' || stage === 'identifying' || stage === 'incomplete'
}

/** Whether its client still waits for the verdict. */
export function isWanted(proposal: Proposal): boolean {
  return proposal.client.pending.get(proposal.job.requestId) === proposal
}

/** Whose job it is. */
export function holderOf({ client, job }: Proposal): JobHolder {
  return { address: client.address, account: hex(job.token.account), connection: client.session }
}
