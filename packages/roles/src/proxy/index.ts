export { OWN_CLOSE_REASONS } from '../relay/closing.ts'
export type { RelayFact } from '../relay/facts.ts'
export { Relay, type RelayCounts, type RelayEvent } from '../relay/relay.ts'
export type { RelayLimits, RelaySettings, RelayUpstream } from '../relay/settings.ts'
export type { RelayEffect } from '../relay/state.ts'
export type {
  DialCommand,
  UpstreamFact,
  UpstreamWorkFact,
} from '../upstream/facts.ts'
export type { UpstreamWorkEffect, UpstreamWorkSettings } from '../upstream/upstream-work.ts'
export { Aggregator, type AggregatorEvent } from './aggregator.ts'
