import { z } from 'zod'

// Names of SRI's monitoring API, as stratum-apps 0.7 spells them: its user interface reads them.

const count = z.int().min(0)
const byReason = z.record(z.string(), count)

export const health = z.strictObject({ status: z.string(), timestamp: count.describe('Unix seconds') })

const channelCounts = { total_channels: count, extended_channels: count, standard_channels: count }

export const global = z.strictObject({
  server: z.strictObject({ ...channelCounts, total_hashrate: z.number() }).nullable(),
  sv2_clients: z
    .strictObject({ total_clients: count, ...channelCounts, total_hashrate: z.number() })
    .nullable(),
  sv1_clients: z.strictObject({ total_clients: count, total_hashrate: z.number() }).nullable(),
  uptime_secs: count,
})

export const server = z.strictObject({
  extended_channels_count: count,
  standard_channels_count: count,
  total_hashrate: z.number(),
})

const serverChannel = z.strictObject({
  channel_id: count,
  user_identity: z.string(),
  nominal_hashrate: z.number().nullable(),
  target_hex: z.string(),
  extranonce_prefix_hex: z.string(),
  full_extranonce_size: count,
  rollable_extranonce_size: count,
  version_rolling: z.boolean(),
  shares_submitted: count,
  shares_acknowledged: count,
  shares_rejected: count,
  shares_rejected_by_reason: byReason,
  acknowledged_work_sum: count,
  validated_work_sum: z.number(),
  best_diff: z.number(),
  blocks_found: count,
})

const part = { offset: count, limit: count }

export const serverChannels = z.strictObject({
  ...part,
  total_extended: count,
  total_standard: count,
  extended_channels: z.array(serverChannel),
  standard_channels: z.array(serverChannel),
})

export const client = z.strictObject({
  client_id: count,
  client_kind: z.enum(['miner', 'translator_proxy', 'unknown']),
  extended_channels_count: count,
  standard_channels_count: count,
  total_hashrate: z.number(),
  management_ip: z.string().nullable(),
  miner_telemetry: z.null(),
  miner_telemetry_status: z.null(),
})

export const clients = z.strictObject({ ...part, total: count, items: z.array(client) })

const standardChannel = z.strictObject({
  channel_id: count,
  user_identity: z.string(),
  nominal_hashrate: z.number(),
  stable_hashrate: z.boolean(),
  target_hex: z.string(),
  requested_max_target_hex: z.string(),
  extranonce_prefix_hex: z.string(),
  expected_shares_per_minute: z.number(),
  share_batch_size: count,
  shares_accepted: count,
  shares_rejected: count,
  shares_rejected_by_reason: byReason,
  share_work_sum: z.number(),
  last_share_sequence_number: count,
  last_batch_accepted: count,
  last_batch_work_sum: count,
  best_diff: z.number(),
  blocks_found: count,
})

const extendedChannel = standardChannel.extend({
  full_extranonce_size: count,
  rollable_extranonce_size: count,
})

export const clientChannels = z.strictObject({
  client_id: count,
  ...part,
  total_extended: count,
  total_standard: count,
  extended_channels: z.array(extendedChannel),
  standard_channels: z.array(standardChannel),
})

export const sv1Client = z.strictObject({
  client_id: count,
  channel_id: count.nullable(),
  connection_ip: z.string(),
  sv1_username: z.string(),
  sv1_worker_name: z.string(),
  hashrate: z.number().nullable(),
  stable_hashrate: z.boolean(),
  target_hex: z.string(),
  extranonce1_hex: z.string(),
  extranonce2_len: count,
  version_rolling_mask: z.string().nullable(),
  version_rolling_min_bit: z.string().nullable(),
  management_ip: z.string().nullable(),
  miner_telemetry: z.null(),
  miner_telemetry_status: z.null(),
})

export const sv1Clients = z.strictObject({ ...part, total: count, items: z.array(sv1Client) })
