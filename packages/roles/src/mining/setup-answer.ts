import {
  MINING_SETUP_FLAGS,
  MINING_SUCCESS_FLAGS,
  PROTOCOL_NUMBERS,
  type SetupConnection,
} from '@sv2/messages'
import type { Emit, SessionEffect, SessionId } from '../ground/role.ts'
import { answerSetup } from '../ground/setup.ts'
import type { MinersFact } from './miners/facts.ts'

/** On what terms a miner is let in. */
export interface MinerTerms {
  /** It may not roll version bits. */
  readonly fixedVersion: boolean
  /** It may open extended channels alone. */
  readonly extendedOnly: boolean
}

/** Answers the SetupConnection of a miner on the mining protocol, and tells what came of it. Answers whether it is let in. */
export function answerMiner(
  session: SessionId,
  setup: SetupConnection,
  { fixedVersion, extendedOnly }: MinerTerms,
  emit: Emit<SessionEffect | Extract<MinersFact, { kind: 'minerConnected' | 'setupRefused' }>>,
): boolean {
  const answer = answerSetup(setup, {
    protocols: [PROTOCOL_NUMBERS.mining],
    supportedFlags:
      MINING_SETUP_FLAGS.REQUIRES_STANDARD_JOBS |
      MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION |
      (fixedVersion ? 0 : MINING_SETUP_FLAGS.REQUIRES_VERSION_ROLLING),
    successFlags:
      (fixedVersion ? MINING_SUCCESS_FLAGS.REQUIRES_FIXED_VERSION : 0) |
      (extendedOnly ? MINING_SUCCESS_FLAGS.REQUIRES_EXTENDED_CHANNELS : 0),
  })
  emit({ kind: 'send', to: session, message: answer })
  if (answer.type === 'SetupConnection.Success') {
    emit({ kind: 'minerConnected', session, vendor: setup.vendor, firmware: setup.firmware })
    return true
  }
  const { errorCode: code, flags } = answer
  emit({ kind: 'setupRefused', session, code, flags })
  emit({ kind: 'close', session, reason: code })
  return false
}
