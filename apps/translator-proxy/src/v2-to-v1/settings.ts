import { readFileSync } from 'node:fs'
import { answerSettings, ConfigError, difficultySettings } from '@sv2/app-kit'
import type { V2ToV1Settings } from '@sv2/roles/translator'
import type { V1UpstreamSettings } from '@sv2/runtime'
import type { V2ToV1Config } from './config.ts'

/** For the TCP connection, and for TLS where there is one, ms. */
const HANDSHAKE_MS = 10_000
/** What may wait for a pool to read it, bytes; a pool reads a share in no time. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024

/** What the role is told of the configuration. */
export function v2ToV1Settings(config: V2ToV1Config, version: string): V2ToV1Settings {
  return {
    miners: {
      extranonce: { serverId: new Uint8Array(0), leaseBytes: config.lease_bytes },
      maxChannels: config.max_channels,
      maxChannelsPerConnection: config.max_channels_per_connection,
      ...difficultySettings(config.difficulty),
      ...answerSettings(config.answers),
      extendedChannelsOnly: config.extended_channels_only,
      extensions: { supported: new Set(config.extensions), required: new Set() },
    },
    pools: config.pools.map((pool, place) => ({
      host: pool.url.host,
      port: pool.url.port,
      user: pool.user_identity,
      password: passwordOf(config, place),
      versionRolling: pool.version_rolling,
      extranonceSubscribe: pool.extranonce_subscribe,
    })),
    returnAfterMs: config.return_after_sec * 1000,
    aggregate: config.aggregate_channels,
    maxPoolConnections: config.max_pool_connections,
    userAgent: `sv2-translator/${version}`,
    followReconnect: config.follow_reconnects,
  }
}

/** How a pool is dialed. */
export function dialedPool(config: V2ToV1Config, place: number): V1UpstreamSettings {
  const pool = config.pools[place]
  if (pool === undefined) throw new RangeError(`there is no pool ${place}`)
  return {
    ...pool.url,
    verifyCertificate: pool.verify_certificate,
    handshakeTimeoutMs: HANDSHAKE_MS,
    maxLineBytes: pool.max_line_bytes,
    maxQueuedBytes: MAX_QUEUED_BYTES,
  }
}

/**
 * The password for a pool.
 * @throws {ConfigError} when its file cannot be read
 */
export function passwordOf(config: V2ToV1Config, place: number): string {
  const pool = config.pools[place]
  if (pool?.password_file === undefined) return pool?.password ?? ''
  try {
    return readFileSync(pool.password_file, 'utf8').trim()
  } catch (error) {
    const key = `v2_to_v1.pools.${place}.password_file`
    const message = `cannot be read: ${(error as Error).message}`
    throw new ConfigError([{ key, value: JSON.stringify(pool.password_file), message }])
  }
}
