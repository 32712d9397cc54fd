import { answerSettings, difficultySettings, upstreamSettings } from '@sv2/app-kit'
import { PAYOUT_DISTRIBUTION } from '@sv2/roles/payouts'
import type { PoolRun, PoolSettings } from '@sv2/roles/pool'
import type { UpstreamSettings } from '@sv2/runtime'
import { DEFAULT_NEGOTIATOR_PORT, type PoolConfig } from './config.ts'
import { isShared, payoutSettings } from './payout-config.ts'

/** Bytes of an output without its script: value and script length. */
const OUTPUT_OVERHEAD = 9
/** The longest script an address stands for: 40 bytes of witness program (BIP 141). */
const LONGEST_SCRIPT = 42
/** An address of the old kind costs four signature operations, others less. */
const OUTPUT_SIGOPS = 4

/** What the pool role is told of its configuration. */
export function poolSettings(config: PoolConfig, version: string, run: PoolRun): PoolSettings {
  const { difficulty, extranonce, jobs } = config
  // a solo door pays the finder and the pool
  const outputs = config.listen.some((door) => door.payout_mode === 'solo') ? 2 : 1
  return {
    miners: {
      extranonce: {
        serverId: Uint8Array.of(extranonce.server_id >> 8, extranonce.server_id & 0xff),
        leaseBytes: extranonce.prefix_bytes,
      },
      maxChannels: extranonce.max_channels,
      maxChannelsPerConnection: extranonce.max_channels_per_connection,
      maxAccountsPerConnection: extranonce.max_accounts_per_connection,
      maxChannelsPerAddress: extranonce.max_channels_per_address,
      ...difficultySettings(difficulty),
      ...answerSettings(jobs),
      extendedChannelsOnly: jobs.extended_channels_only,
      extensions: {
        supported: supportedExtensions(config),
        required: new Set(config.extensions.required),
      },
    },
    versionRolling: jobs.version_rolling,
    rollableExtranonceSize: extranonce.rollable_bytes,
    fullExtranonceSize: extranonce.full_bytes,
    run,
    templates: {
      identification: { vendor: 'sv2', hardwareVersion: 'pool', firmware: version, deviceId: '' },
      endpoint: templateProvider(config.template_provider),
      backups: config.backup_template_providers.map(templateProvider),
      outputSize: outputs * (OUTPUT_OVERHEAD + LONGEST_SCRIPT),
      outputSigops: outputs * OUTPUT_SIGOPS,
      workMaxAgeMs: jobs.work_max_age_sec * 1000,
    },
    payout: payoutSettings(config),
    coinbaseTag: new TextEncoder().encode(config.coinbase_tag),
    maxUnrecordedShares: config.journal.enabled ? config.journal.max_waiting_shares : undefined,
    jobRefreshMs: jobs.job_refresh_sec * 1000,
    customWork: takesCustomWork(config)
      ? {
          maxUsedTokens: config.custom_work.max_used_tokens,
          uncheckedTrust: config.custom_work.unchecked_trust_difficulty,
          negotiators: negotiatorServers(config),
        }
      : undefined,
  }
}

/** Those of the configuration; and where blocks are split among miners, the one that tells job clients how. */
function supportedExtensions(config: PoolConfig): ReadonlySet<number> {
  const { supported } = config.extensions
  const tellsPayouts = isShared(config.payout) && takesCustomWork(config)
  return new Set(tellsPayouts ? [...supported, PAYOUT_DISTRIBUTION] : supported)
}

/** Miners may bring their own jobs: with tokens of servers elsewhere, or of the one in this process. */
export function takesCustomWork(config: PoolConfig): boolean {
  return config.custom_work.enabled || config.job_negotiator.enabled
}

/** One of the template providers, as it is dialed. */
export function templateProvider(provider: PoolConfig['template_provider']): UpstreamSettings {
  return upstreamSettings(provider, { protocol: 'templates', defaultPort: 8_336 })
}

/** The negotiator servers that are told of blocks; none where miners bring no jobs. */
export function negotiatorServers(config: PoolConfig): readonly UpstreamSettings[] {
  const { negotiators } = config.custom_work
  const what = { protocol: 'negotiation', defaultPort: DEFAULT_NEGOTIATOR_PORT } as const
  return takesCustomWork(config) ? negotiators.map((server) => upstreamSettings(server, what)) : []
}
