import type { Identification } from '../ground/setup.ts'

/** One upstream of a relaying proxy. */
export interface RelayUpstream {
  /** For logs: host and port. */
  readonly name: string
  readonly endpoint: { readonly host: string; readonly port: number }
  readonly identification: Identification
  /** What it is told for a client's user identity; `{identity}`, `{user}`, `{worker}`. */
  readonly identity: string
  /** Percentage of the declared hash rate; undefined unless the upstreams share it. */
  readonly share: number | undefined
}

/** What a relay keeps of its clients, at most. */
export interface RelayLimits {
  readonly maxChannels: number
  readonly maxChannelsPerConnection: number
  /** Requests for channels without an answer, on one connection and in all. */
  readonly maxWaitingPerConnection: number
  readonly maxWaiting: number
  /** Ids of jobs remembered per upstream connection, so that none is mixed up after a failover. */
  readonly maxJobs: number
}

export interface RelaySettings {
  /** Best first. */
  readonly upstreams: readonly RelayUpstream[]
  /** An upstream that had failed is worked with again when it has been well for this long. */
  readonly trustAfterMs: number
  /** Extensions asked for upstream, and agreed to below where the upstream has agreed. */
  readonly extensions: readonly number[]
  /** Without any upstream: close all channels after a while, or let devices stay on their last job. */
  readonly whenGone: 'stop' | 'keep'
  readonly stopAfterMs: number
  /** A connection without a channel is closed after this time (POOL-15). */
  readonly openChannelWithinMs: number
  readonly limits: RelayLimits
}
