export type { JobClientFact } from './client/facts.ts'
export { JobClient, type JobClientEffect, type JobClientEvent } from './client/job-client.ts'
export type { JobClientSettings, PairSettings, Patience } from './client/settings.ts'
export type { TokenMac } from './token.ts'
