import type { Message, SubmitSharesExtended } from '@sv2/messages'
import type { ErrorTriple, JsonValue, RequestId, Sv1ToMiner } from '@sv2/sv1'
import type { DueQueue } from '../ground/due-queue.ts'
import type { NumberedPort, SinglePort } from '../ground/port.ts'
import type { Emit, Millis, SessionEffect, SessionId } from '../ground/role.ts'
import type { Job } from '../mining/channel/job.ts'
import type { Jobs } from '../mining/channel/jobs.ts'
import type { ShareErrorCode } from '../mining/channel/judge.ts'
import type { Miners } from '../mining/miners/miners.ts'
import type { UpstreamWorkEffect, UpstreamWorkSettings } from '../work/upstream/upstream-work.ts'
import type { V1Fact } from './facts.ts'
import type { FormerChannels } from './former-channels.ts'
import type { JobLines } from './job-lines.ts'
import type { Sv1FrontSettings } from './settings.ts'
import type { Sv1Session } from './sv1-session.ts'

/** The port of V1 sessions; the number is that of their door, 0 without one. */
export type V1Port = SinglePort<'v1'> | NumberedPort<'v1'>

export type V1ToV2Effect =
  | Exclude<UpstreamWorkEffect, SessionEffect>
  | SessionEffect<Message | Sv1ToMiner>
  | V1Fact

/** The node behind the V1 side: it takes V1 miners for clients of its own. */
export interface MinerCore {
  readonly miners: Miners
  /** There is work to mine on. */
  readonly hasWork: boolean
  /** Header version bits that devices may roll, as far as that is known. */
  readonly versionRollingMask: number | undefined
  /** Takes an event of a V1 miner, as if it spoke Stratum V2. */
  miner(event: Parameters<Miners['handle']>[0], now: Millis): void
  /** Judges a share of a V1 miner's channel; answers why it is refused, undefined when it is not. */
  submit(session: SessionId, share: SubmitSharesExtended, now: Millis): ShareErrorCode | undefined
  /** The transactions of a job's block besides its coinbase, where the node knows them. */
  transactionsOf?(job: Job): readonly Uint8Array[] | undefined
}

/** What the V1 side has to know of that node. */
export type CoreSettings = Pick<UpstreamWorkSettings, 'miners' | 'aggregated' | 'repeatMs' | 'rolled'>

/** How a V1 side is set up. */
export interface FrontSettings {
  readonly work: CoreSettings
  readonly front: Sv1FrontSettings
}

/** What the parts of the V1 side share. */
export interface FrontState {
  readonly settings: FrontSettings
  readonly core: MinerCore
  readonly randomBytes: (count: number) => Uint8Array
  readonly sessions: Map<SessionId, Sv1Session>
  readonly former: FormerChannels
  readonly lines: JobLines
  /** Sessions that get a channel when they are still there. */
  readonly probing: DueQueue<Sv1Session>
  /** Sessions that have to have a channel by then. */
  readonly idle: DueQueue<Sv1Session>
  /** Sessions that should have found a share by then. */
  readonly silent: DueQueue<Sv1Session>
  /** Sessions that were told a difficulty, and are owed a job it holds for. */
  readonly owed: DueQueue<Sv1Session>
  /** Bytes of extranonce2 that new sessions are told. */
  rolled: number
  /** The jobs of the channel opened last. */
  book: Jobs | undefined
  readonly emit: Emit<V1ToV2Effect>
}

/** Says something to a miner, as long as its connection stays. */
export function tellMiner(state: FrontState, session: Sv1Session, message: Sv1ToMiner): void {
  if (session.stage !== 'ended') state.emit({ kind: 'send', to: session.session, message })
}

/** Answers a request. */
export function answer(state: FrontState, session: Sv1Session, id: RequestId, result: JsonValue): void {
  tellMiner(state, session, { type: 'response', id, result, error: null })
}

/** Answers a request with a refusal. */
export function refuse(state: FrontState, session: Sv1Session, id: RequestId, error: ErrorTriple): void {
  tellMiner(state, session, { type: 'response', id, result: null, error })
}

/** Ends a connection: what was said before still goes out. */
export function end(state: FrontState, session: Sv1Session, reason: string): void {
  if (session.stage === 'ended') return
  session.stage = 'ended'
  state.emit({ kind: 'close', session: session.session, reason })
}
