export type { CustomWorkSettings } from './custom-work.ts'
export type { PoolFact } from './facts.ts'
export { type PayoutSettings, readIdentity } from './identity.ts'
export { Pool, type PoolDeps, type PoolEffect, type PoolEvent, type PoolSettings } from './pool.ts'
