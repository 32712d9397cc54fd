export { type WantedPayout, wantedPayout } from '../upstream/payout-check.ts'
export type { V1Fact, V1ShareRefusal, WorkerRefusal } from './v1-to-v2/facts.ts'
export type { V1ToV2Effect } from './v1-to-v2/front-state.ts'
export type {
  PaidAddress,
  PayoutCheck,
  Sv1FrontSettings,
  Sv1Limits,
  V1ToV2Settings,
} from './v1-to-v2/settings.ts'
export { type V1Port, V1ToV2, type V1ToV2Deps, type V1ToV2Event } from './v1-to-v2/v1-to-v2.ts'
export type { LinkCommand, V2ToV1Fact } from './v2-to-v1/facts.ts'
export type { PoolPort } from './v2-to-v1/pool-seats.ts'
export type { V1PoolSettings, V2ToV1Settings } from './v2-to-v1/settings.ts'
export { V2ToV1, type V2ToV1Effect, type V2ToV1Event } from './v2-to-v1/v2-to-v1.ts'
