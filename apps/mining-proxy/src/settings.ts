import type { RelaySettings } from '@sv2/roles/proxy'
import { type UpstreamSettings, upstreamSettings } from '@sv2/runtime'
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
  const dialed = dialedUpstreams(config)
  return {
    upstreams: config.upstreams.map(({ identity, share }, place) => {
      const { host, port } = dialed[place]!
      return {
        name: `${host}:${port}`,
        endpoint: { host, port },
        identification: { vendor: 'sv2', hardwareVersion: 'mining-proxy', firmware: version, deviceId: '' },
        identity,
        share,
      }
    }),
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
