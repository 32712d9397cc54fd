import {
  DECLARATION_SETUP_FLAGS,
  NEGOTIATION_SETUP_FLAGS,
  PROTOCOL_NUMBERS,
  type SetupConnection,
  type SetupConnectionError,
  type SetupConnectionSuccess,
} from '@sv2/messages'
import { answerSetup } from '../../ground/setup.ts'
import { Budget } from './budget.ts'
import type { ClientMode } from './facts.ts'
import type { Client } from './proposal.ts'
import type { NegotiatorServerSettings, ServerLimits } from './settings.ts'

/** So many times its limit may a client ask for tokens before it is closed. */
const PATIENCE = 10

/** A connection that has said nothing yet. */
export function newClient(
  { session, dialogue, address }: Pick<Client, 'session' | 'dialogue' | 'address'>,
  limits: Pick<ServerLimits, 'tokensPerMinute' | 'proposalsPerMinute' | 'failedSolutionsPerMinute'>,
): Client {
  return {
    session,
    dialogue,
    address,
    servedAt: 0,
    mode: undefined,
    takesDistributions: false,
    tokens: new Budget(limits.tokensPerMinute),
    failedRequests: new Budget(PATIENCE * limits.tokensPerMinute),
    proposals: new Budget(limits.proposalsPerMinute),
    failedSolutions: new Budget(limits.failedSolutionsPerMinute),
    waiting: [],
    pending: new Map(),
  }
}

/** The answer to a client's first message, and what it may do when it may go on. */
export type SetupOutcome =
  | { readonly answer: SetupConnectionSuccess; readonly mode: ClientMode }
  | { readonly answer: SetupConnectionError; readonly mode: undefined }

/** Answers a client's first message. */
export function answerClient(
  setup: SetupConnection,
  dialogue: Client['dialogue'],
  settings: Pick<NegotiatorServerSettings, 'fullTemplateRequired' | 'asyncMining'>,
): SetupOutcome {
  const asyncFlag = settings.asyncMining ? NEGOTIATION_SETUP_FLAGS.REQUIRES_ASYNC_JOB_MINING : 0
  const answer = answerSetup(setup, {
    protocols: [PROTOCOL_NUMBERS.negotiation],
    supportedFlags: dialogue === 'commit' ? asyncFlag : DECLARATION_SETUP_FLAGS.DECLARE_TX_DATA,
    successFlags: 0,
  })
  if (answer.type === 'SetupConnection.Error') return { answer, mode: undefined }
  if (dialogue === 'commit') return { answer, mode: 'commit' }
  if ((setup.flags & DECLARATION_SETUP_FLAGS.DECLARE_TX_DATA) !== 0) return { answer, mode: 'full-template' }
  if (!settings.fullTemplateRequired) return { answer, mode: 'coinbase-only' }
  const flags = DECLARATION_SETUP_FLAGS.DECLARE_TX_DATA
  return {
    answer: { type: 'SetupConnection.Error', flags, errorCode: 'missing-declare-tx-data-flag' },
    mode: undefined,
  }
}
