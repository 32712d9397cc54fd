export { DueQueue } from './due-queue.ts'
export type { MadeTemplate, NodeTemplate, NodeTransaction, Room } from './node-template.ts'
export { type NumberedPort, type Port, portName, type SinglePort } from './port.ts'
export {
  type Millis,
  NEVER,
  type Role,
  type SessionEffect,
  type SessionEvent,
  type SessionId,
} from './role.ts'
export { type Identification, PROTOCOL_VERSION } from './setup.ts'
