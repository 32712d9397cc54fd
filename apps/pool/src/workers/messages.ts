import type { ConfigProblem, SentRecords, ToldFact } from '@sv2/app-kit'
import type { OpenSolution } from '@sv2/roles'
import type { PoolEvent, PoolFact, UsedToken } from '@sv2/roles/pool'
import type { PoolConfig } from '../config.ts'
import type { presentCoinbase } from '../present-coinbase.ts'

type DistributionEvent = Extract<PoolEvent, { readonly kind: 'distribution' }>
type Solution = Extract<PoolFact, { readonly kind: 'solutionPushed' }>['solution']

/** What a worker process begins with. */
export interface WorkerStart {
  readonly config: PoolConfig
  /** From 1 on; of so many. */
  readonly place: number
  readonly workers: number
  /** Number of its run, see `PoolRun`. */
  readonly epoch: number
  readonly usedTokens: readonly UsedToken[]
  /** Blocks that were found and are not decided, for it to submit again. */
  readonly solutions: readonly OpenSolution[]
  readonly distribution: DistributionEvent | undefined
  /** The disk takes the journal. */
  readonly isRecording: boolean
}

/** Numbers of a worker process. */
export interface WorkerNumbers {
  readonly hasWork: boolean
  readonly connections: number
  readonly channels: number
  /** Since its start. */
  readonly accepted: number
  readonly refused: number
  readonly blocks: number
  /** H/s by the accepted shares of the last minute. */
  readonly hashrate: number
}

/** What a worker process is asked. */
export type WorkerQuestion =
  | { readonly kind: 'metrics' }
  | { readonly kind: 'coinbase'; readonly account: string }

/** What it answers: metrics as prom-client puts them, and see `presentCoinbase`. */
export interface WorkerAnswers {
  readonly metrics: object[]
  readonly coinbase: ReturnType<typeof presentCoinbase>
}

/** What the pool's main process tells a worker. */
export type ToWorker =
  | { readonly kind: 'start'; readonly start: WorkerStart }
  /** Of distributions, of the journal, of tokens: events of its role as they are. */
  | {
      readonly kind: 'event'
      readonly event: Extract<
        PoolEvent,
        { readonly kind: 'distribution' | 'recorded' | 'recordingFailed' | 'recordingResumed' | 'tokenTaken' }
      >
    }
  | { readonly kind: 'disconnect'; readonly session: number }
  | { readonly kind: 'question'; readonly id: number; readonly question: WorkerQuestion }
  /** Send the miners on, and end. */
  | { readonly kind: 'end' }

/** What a worker tells the pool's main process. */
export type FromWorker =
  /** It listens to what it is told. */
  | { readonly kind: 'here' }
  /** Its doors are open. */
  | { readonly kind: 'ready'; readonly urls: readonly string[] }
  /** It cannot start. */
  | { readonly kind: 'failed'; readonly message: string; readonly problems?: readonly ConfigProblem[] }
  | { readonly kind: 'records'; readonly records: SentRecords }
  | { readonly kind: 'told'; readonly facts: readonly ToldFact[]; readonly numbers: WorkerNumbers }
  /** It wants a token to stand for a job. */
  | { readonly kind: 'token'; readonly token: UsedToken }
  /** It keeps the file of a block, or has removed it. */
  | { readonly kind: 'solution'; readonly hash: string; readonly isKept: boolean }
  /** A block on a miner's own job, for the negotiator server of the pool. */
  | { readonly kind: 'solved'; readonly solution: Solution }
  | {
      readonly kind: 'answer'
      readonly id: number
      readonly answer: WorkerAnswers[keyof WorkerAnswers] | undefined
    }
