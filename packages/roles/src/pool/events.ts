import type { SolutionEffect } from '../client/open-solutions.ts'
import type { NumberedPort, SinglePort } from '../ground/port.ts'
import type { SessionEffect, SessionEvent } from '../ground/role.ts'
import type { Distribution } from '../payouts/distribution.ts'
import type { PoolFact } from './facts.ts'
import type { RecordEffect, RecordEvent } from './records.ts'
import type { NegotiatorPort } from './solution-links.ts'
import type { UsedToken } from './used-tokens.ts'

/** What happens to the connections of a pool. */
export type PoolSessionEvent = SessionEvent<
  | SinglePort<'miners'>
  | SinglePort<'templates'>
  /** The template providers that come after the preferred one. */
  | NumberedPort<'backupTemplates'>
  | NegotiatorPort
>

export type PoolEvent =
  | PoolSessionEvent
  | RecordEvent
  /** Jobs follow this distribution from now on, in mode shared; `voids`: those on earlier ones are replaced at once. */
  | { readonly kind: 'distribution'; readonly distribution: Distribution; readonly voids: boolean }
  /** What a token stands for that `tokenUsed` told of, where processes share tokens: the first use of all counts. */
  | { readonly kind: 'tokenTaken'; readonly token: UsedToken }
  /** Send every miner to another place (empty host and port 0: back here), and close. */
  | { readonly kind: 'drain'; readonly host: string; readonly port: number }
  /** Give a channel another part of the search space. */
  | { readonly kind: 'renewPrefix'; readonly session: number; readonly channelId: number }
  /** Put channels of a connection into a group of their own. */
  | { readonly kind: 'regroup'; readonly session: number; readonly channelIds: readonly number[] }

export type PoolEffect = SessionEffect | PoolFact | SolutionEffect | RecordEffect
