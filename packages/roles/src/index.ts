export type { OpenSolution, SolutionEffect } from './client/open-solutions.ts'
export { DueQueue } from './ground/due-queue.ts'
export {
  type Millis,
  NEVER,
  type Role,
  type SessionEffect,
  type SessionEvent,
  type SessionId,
} from './ground/role.ts'
export { type Identification, PROTOCOL_VERSION } from './ground/setup.ts'
export type { MinersFact } from './mining/miners/facts.ts'
export type { MinersSettings } from './mining/miners/state.ts'
export { OWN_OPEN_CODES } from './mining/miners/work-source.ts'
