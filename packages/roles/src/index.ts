export { DueQueue } from './due-queue.ts'
export type { MinersFact } from './miners/facts.ts'
export { type MinersSettings, OWN_OPEN_CODES } from './miners/state.ts'
export type { OpenSolution, SolutionEffect } from './open-solutions.ts'
export {
  type Millis,
  NEVER,
  type Role,
  type SessionEffect,
  type SessionEvent,
  type SessionId,
} from './role.ts'
export { type Identification, PROTOCOL_VERSION } from './setup.ts'
