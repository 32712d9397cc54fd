import { answerSettings, sv1FrontSettings, upstreamSettings } from '@sv2/app-kit'
import type { Network } from '@sv2/bitcoin'
import type { V1ToV2Settings } from '@sv2/roles/translator'
import { type WantedPayout, wantedPayout } from '@sv2/roles/work'
import type { UpstreamSettings } from '@sv2/runtime'
import { DEFAULT_UPSTREAM_PORT, type V1ToV2Config } from './config.ts'

/** With less extranonce2 than this no miner can work. */
const LEAST_EXTRANONCE2 = 4
/** Where no dialect and no operator says: devices of Stratum V2 on the same node. */
const LEAST_DIFFICULTY = 0.0001

/** How the upstreams are dialed, in the order of the configuration. */
export function dialedUpstreams(config: V1ToV2Config): UpstreamSettings[] {
  return config.upstreams.map((each) =>
    upstreamSettings(each, { protocol: 'mining', defaultPort: DEFAULT_UPSTREAM_PORT }),
  )
}

/** What the translator is told of its configuration. */
export function v1ToV2Settings(
  config: V1ToV2Config,
  node: {
    readonly network: V1ToV2Settings['front']['payoutCheck']['network']
    readonly version: string
    readonly doors: number
  },
): V1ToV2Settings {
  const paid = sharedPayouts(config, node.network)
  return { work: workSettings(config, node), front: sv1FrontSettings(config, { ...node, paid }) }
}

/** The addresses that upstreams pay for all miners together; undefined where each miner has a name of its own there. */
export function sharedPayouts(config: V1ToV2Config, network: Network): WantedPayout[] | undefined {
  if (!config.aggregate_channels) return undefined
  return config.upstreams.flatMap(({ user_identity = '' }) => wantedPayout(user_identity, network) ?? [])
}

function workSettings(
  config: V1ToV2Config,
  { network, version }: { readonly network: Network; readonly version: string },
): V1ToV2Settings['work'] {
  const { difficulty, limits, shares, extensions, extranonce2_bytes: most } = config
  const dialed = dialedUpstreams(config)
  return {
    miners: {
      extranonce: { serverId: new Uint8Array(0), leaseBytes: config.extranonce1_bytes },
      maxChannels: limits.max_channels,
      maxChannelsPerConnection: limits.max_channels_per_connection,
      vardiff: difficulty.vardiff,
      sharesPerMinute: difficulty.shares_per_minute,
      // V1 miners have limits of their own, some of them lower
      minDifficulty: Math.min(difficulty.min_difficulty ?? LEAST_DIFFICULTY, LEAST_DIFFICULTY),
      startDifficulty: difficulty.start_difficulty,
      difficultySteps: 1,
      ...answerSettings(shares),
      extendedChannelsOnly: false,
      extensions: { supported: new Set(extensions), required: new Set() },
    },
    upstreams: config.upstreams.map(({ user_identity: identity = '{identity}', share }, place) => {
      const { host, port } = dialed[place]!
      return {
        name: `${host}:${port}`,
        endpoint: { host, port },
        identification: {
          vendor: 'sv2',
          hardwareVersion: 'translator-proxy',
          firmware: version,
          deviceId: '',
        },
        flags: 0,
        extensions,
        identity,
        share,
      }
    }),
    trustAfterMs: config.return_after_sec * 1000,
    aggregated: config.aggregate_channels,
    verifyPayout: config.verify_payout ? network : undefined,
    onlyPaidShares: false,
    rolled: { most, least: LEAST_EXTRANONCE2 },
    eager: false,
    whenGone: config.when_upstreams_gone,
    stopAfterMs: config.stop_after_sec * 1000,
    repeatMs: config.job_keepalive_interval_sec * 1000,
  }
}
