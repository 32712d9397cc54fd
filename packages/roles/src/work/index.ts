export type { DialCommand, UpstreamFact, UpstreamWorkFact } from './facts.ts'
export { type WantedPayout, wantedPayout } from './upstream/payout-check.ts'
export type { UpstreamWorkEffect, UpstreamWorkSettings } from './upstream/upstream-work.ts'
