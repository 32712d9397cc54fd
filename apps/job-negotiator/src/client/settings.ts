import { answerSettings, difficultySettings, sv1FrontSettings, upstreamSettings } from '@sv2/app-kit'
import { addressToScript } from '@sv2/bitcoin'
import type { JobClientSettings, PairPort } from '@sv2/roles/negotiator'
import { PAYOUT_DISTRIBUTION } from '@sv2/roles/payouts'
import type { Sv1FrontSettings } from '@sv2/roles/sv1-front'
import { wantedPayout } from '@sv2/roles/work'
import type { UpstreamSettings } from '@sv2/runtime'
import { DEFAULT_PORTS, type JobNegotiatorClientConfig, NEGOTIATION } from './config.ts'

/** Bytes of outputs that templates leave room for besides our own, before any pool has said what it needs. */
const EXPECTED_OUTPUTS = { outputSize: 100, outputSigops: 8 } as const

/** Bytes of extranonce2 that every V1 miner can roll. */
const MOST_EXTRANONCE2 = 8

/** How the connections of a pair are dialed: that for jobs of the pool's own as the other one to the pool. */
export function dialedPairs(
  config: JobNegotiatorClientConfig,
): (port: PairPort) => UpstreamSettings | undefined {
  const pools = config.upstreams.map(({ pool }) =>
    upstreamSettings(pool, { protocol: 'mining', defaultPort: DEFAULT_PORTS.pool }),
  )
  const servers = config.upstreams.map(({ negotiator }) => upstreamSettings(negotiator, NEGOTIATION))
  return ({ kind, index }) => (kind === 'negotiator' ? servers : pools)[index]
}

/** How the template provider is dialed. */
export function dialedProvider(config: JobNegotiatorClientConfig): UpstreamSettings {
  return upstreamSettings(config.template_provider, {
    protocol: 'templates',
    defaultPort: DEFAULT_PORTS.templates,
  })
}

/** What the client is told of its configuration. */
export function clientSettings(config: JobNegotiatorClientConfig, version: string): JobClientSettings {
  const { difficulty, extranonce, jobs, fallback, extensions, network } = config
  const identification = {
    vendor: 'sv2',
    hardwareVersion: 'job-negotiator',
    firmware: version,
    deviceId: '',
  }
  const scriptOf = (address: string): Uint8Array => addressToScript(address, network)
  const dialed = dialedPairs(config)
  const endpoint = (port: PairPort) => {
    const { host, port: number } = dialed(port)!
    return { host, port: number }
  }
  const { host, port } = dialedProvider(config)
  return {
    miners: {
      extranonce: { serverId: new Uint8Array(0), leaseBytes: extranonce.channel_bytes },
      maxChannels: extranonce.max_channels,
      maxChannelsPerConnection: extranonce.max_channels_per_connection,
      ...difficultySettings(difficulty),
      // V1 miners are told whole powers of two
      ...(config.translator.enabled ? { difficultySteps: 1 } : {}),
      ...answerSettings(jobs),
      extendedChannelsOnly: false,
      extensions: {
        supported: new Set(extensions.filter((id) => id !== PAYOUT_DISTRIBUTION)),
        required: new Set(),
      },
    },
    templates: {
      identification,
      endpoint: { host, port },
      ...EXPECTED_OUTPUTS,
      workMaxAgeMs: jobs.work_max_age_sec * 1000,
    },
    pairs: config.upstreams.map(({ user_identity: userIdentity, async_mining: asyncMining }, place) => {
      const pool = endpoint({ kind: 'pool', index: place })
      return {
        name: `${pool.host}:${pool.port}`,
        pool: { identification, endpoint: pool },
        server: { identification, endpoint: endpoint({ kind: 'negotiator', index: place }) },
        userIdentity,
        asyncMining,
        extensions,
      }
    }),
    fullTemplate: config.mode === 'full-template',
    payoutScript: scriptOf(config.payout.address),
    outputs: config.coinbase_outputs.map(({ address, value_sat }) => ({
      value: BigInt(value_sat),
      script: scriptOf(address),
    })),
    coinbaseTag: new TextEncoder().encode(config.coinbase_tag),
    // firmware of V1 takes no more
    rollableExtranonceSize: config.translator.enabled
      ? Math.min(extranonce.rollable_bytes, MOST_EXTRANONCE2)
      : extranonce.rollable_bytes,
    patience: {
      tokenMs: fallback.token_within_sec * 1000,
      proposalMs: fallback.proposal_within_sec * 1000,
      customJobMs: fallback.custom_job_within_sec * 1000,
      raceMs: fallback.race_sec * 1000,
      soloAfterMs: fallback.solo_after_sec * 1000,
    },
    trustAfterMs: fallback.return_after_sec * 1000,
    refusedShares: fallback.refused_shares,
    jobRefreshMs: jobs.job_refresh_sec * 1000,
  }
}

/** What the V1 side is told of its configuration. */
export function frontSettings(config: JobNegotiatorClientConfig): Sv1FrontSettings {
  const { translator, network, payout, upstreams } = config
  const paid = [payout.address, ...upstreams.map(({ user_identity }) => user_identity)].flatMap(
    (identity) => wantedPayout(identity, network) ?? [],
  )
  return sv1FrontSettings(translator, { network, doors: translator.listen.length, paid })
}
