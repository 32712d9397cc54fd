export type { JobClientFact } from './client/facts.ts'
export { JobClient, type JobClientEffect, type JobClientEvent } from './client/job-client.ts'
export type { PairPort } from './client/pair-port.ts'
export type { JobClientSettings, PairSettings, Patience } from './client/settings.ts'
export type {
  ClientMode,
  KeepJob,
  ProposeBlock,
  ServerEffect,
  ServerFact,
  SubmitJobBlock,
} from './server/facts.ts'
export type { JobHolder } from './server/fair-share.ts'
export type { ForgetJob, KeptJob, SolvableJob } from './server/kept-jobs.ts'
export { PoolFeed, type PoolFeedFact, type PoolFeedSettings } from './server/pool-feed.ts'
export { NegotiatorServer, type ServerEvent } from './server/server.ts'
export type { NegotiatorServerDeps, NegotiatorServerSettings, ServerLimits } from './server/settings.ts'
