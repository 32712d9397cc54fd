import { answerSettings, difficultySettings, upstreamSettings } from '@sv2/app-kit'
import type { RelaySettings, RelayUpstream } from '@sv2/roles/relay'
import type { UpstreamWorkSettings } from '@sv2/roles/work'
import type { UpstreamSettings } from '@sv2/runtime'
import { DEFAULT_POOL_PORT, type MiningProxyConfig } from './config.ts'

/** How the upstreams are dialed, in the order of the configuration. */
export function dialedUpstreams(config: MiningProxyConfig): UpstreamSettings[] {
  return config.upstreams.map((each) =>
    upstreamSettings(each, { protocol: 'mining', defaultPort: DEFAULT_POOL_PORT }),
  )
}

/** What the relay is told of the configuration. */
export function relaySettings(config: MiningProxyConfig, version: string): RelaySettings {
  const { limits } = config
  return {
    upstreams: upstreamsOf(config, version),
    trustAfterMs: config.return_after_sec * 1000,
    extensions: config.extensions,
    whenGone: config.when_upstreams_gone,
    stopAfterMs: config.stop_after_sec * 1000,
    openChannelWithinMs: limits.open_channel_within_sec * 1000,
    limits: {
      maxChannels: limits.max_channels,
      maxChannelsPerConnection: limits.max_channels_per_connection,
      maxWaiting: limits.max_waiting,
      maxWaitingPerConnection: limits.max_waiting_per_connection,
      maxJobs: limits.max_jobs,
    },
  }
}

/** What the aggregator is told of the configuration. */
export function aggregatorSettings(config: MiningProxyConfig, version: string): UpstreamWorkSettings {
  const { limits, aggregating, difficulty, shares, extensions } = config
  const { open_channel_within_sec } = limits
  return {
    miners: {
      extranonce: { serverId: new Uint8Array(0), leaseBytes: aggregating.channel_bytes },
      maxChannels: limits.max_channels,
      maxChannelsPerConnection: limits.max_channels_per_connection,
      ...difficultySettings(difficulty),
      ...answerSettings({ ...shares, open_channel_within_sec }),
      extendedChannelsOnly: false,
      extensions: { supported: new Set(extensions), required: new Set() },
    },
    upstreams: upstreamsOf(config, version).map((upstream) => ({ ...upstream, flags: 0, extensions })),
    trustAfterMs: config.return_after_sec * 1000,
    aggregated: true,
    verifyPayout: undefined,
    onlyPaidShares: aggregating.only_paid_shares,
    rolled: { most: aggregating.rollable_bytes, least: aggregating.min_rollable_bytes },
    eager: true,
    whenGone: config.when_upstreams_gone,
    stopAfterMs: config.stop_after_sec * 1000,
    repeatMs: aggregating.repeat_job_sec * 1000,
  }
}

function upstreamsOf(config: MiningProxyConfig, version: string): RelayUpstream[] {
  const dialed = dialedUpstreams(config)
  return config.upstreams.map(({ identity = '{identity}', share }, place) => {
    const { host, port } = dialed[place]!
    return {
      name: `${host}:${port}`,
      endpoint: { host, port },
      identification: { vendor: 'sv2', hardwareVersion: 'mining-proxy', firmware: version, deviceId: '' },
      identity,
      share,
    }
  })
}
