export type {
  ClientMode,
  ProposeBlock,
  ServerEffect,
  ServerFact,
  SubmitJobBlock,
} from './server/facts.ts'
export { NegotiatorServer, type ServerEvent } from './server/server.ts'
export type { NegotiatorServerDeps, NegotiatorServerSettings, ServerLimits } from './server/settings.ts'
export { MAX_TOKEN_SCRIPTS, type TokenMac } from './token.ts'
