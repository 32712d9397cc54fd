export type { LinkCommand, V2ToV1Fact } from './v2-to-v1/facts.ts'
export type { PoolPort } from './v2-to-v1/pool-seats.ts'
export type { V1PoolSettings, V2ToV1Settings } from './v2-to-v1/settings.ts'
export { V2ToV1, type V2ToV1Effect, type V2ToV1Event } from './v2-to-v1/v2-to-v1.ts'
