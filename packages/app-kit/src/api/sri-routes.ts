import { difficultyToTarget, displayHash } from '@sv2/bitcoin'
import { z } from 'zod'
import type { ChannelStats, ClientStats, UpstreamStats } from '../stats/parties.ts'
import type { Tally } from '../stats/tally.ts'
import { offsetQuery, partOf, type Route, resource } from './route.ts'
import type { ApiSources } from './sources.ts'
import * as sri from './sri-shapes.ts'

const TEN_MINUTES_MS = 600_000
const HASHES_PER_DIFFICULTY = 2 ** 32

const id = z.strictObject({ client_id: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER) })
const part = z.strictObject(offsetQuery)

/**
 * The paths of SRI's monitoring API, in its words: `server` is an upstream, `clients` are miners of Stratum V2,
 * `sv1/clients` those of V1. What this node does not know (extranonces, telemetry) is empty, 0 or null.
 */
export function sriRoutes(sources: ApiSources): Route[] {
  const { stats, now, isFarm } = sources
  const clients = (isV1: boolean) => [...stats.clients.values()].filter((client) => client.isV1 === isV1)
  const client = (session: number, isV1: boolean) => {
    const known = stats.clients.get(session)
    return known?.isV1 === isV1 ? known : undefined
  }
  return [
    resource('/api/v1/health', 'SRI: the process answers', {
      answer: sri.health,
      handle: () => ({ status: 'ok', timestamp: Math.floor(now() / 1000) }),
    }),
    resource('/api/v1/global', 'SRI: the node as a whole', {
      answer: sri.global,
      handle: () => toldGlobal(sources),
    }),
    resource('/api/v1/server', 'SRI: the upstreams as a whole', {
      answer: sri.server,
      handle: () =>
        isFarm
          ? {
              extended_channels_count: stats.upstreams.size,
              standard_channels_count: 0,
              total_hashrate: stats.total.hashrate(TEN_MINUTES_MS, now()),
            }
          : undefined,
    }),
    resource('/api/v1/server/channels', 'SRI: one entry for each upstream', {
      query: part,
      answer: sri.serverChannels,
      handle: ({ query }) =>
        isFarm
          ? {
              ...query,
              total_extended: stats.upstreams.size,
              total_standard: 0,
              extended_channels: partOf(stats.upstreams.values(), query).map((upstream) =>
                toldUpstream(upstream, sources),
              ),
              standard_channels: [],
            }
          : undefined,
    }),
    resource('/api/v1/clients', 'SRI: connections of Stratum V2', {
      query: part,
      answer: sri.clients,
      handle: ({ query }) => {
        const all = clients(false)
        return {
          ...query,
          total: all.length,
          items: partOf(all, query).map((each) => toldClient(each, now())),
        }
      },
    }),
    resource('/api/v1/clients/{client_id}', 'SRI: a connection of Stratum V2', {
      params: id,
      answer: sri.client,
      handle: ({ params }) => {
        const known = client(params.client_id, false)
        return known && toldClient(known, now())
      },
    }),
    resource('/api/v1/clients/{client_id}/channels', 'SRI: channels of a connection', {
      params: id,
      query: part,
      answer: sri.clientChannels,
      handle: ({ params, query }) => {
        const known = client(params.client_id, false)
        return known && toldChannels(known, query)
      },
    }),
    resource('/api/v1/sv1/clients', 'SRI: connections of Stratum V1', {
      query: part,
      answer: sri.sv1Clients,
      handle: ({ query }) => {
        const all = clients(true)
        return { ...query, total: all.length, items: partOf(all, query).map((each) => toldV1(each, now())) }
      },
    }),
    resource('/api/v1/sv1/clients/{client_id}', 'SRI: a connection of Stratum V1', {
      params: id,
      answer: sri.sv1Client,
      handle: ({ params }) => {
        const known = client(params.client_id, true)
        return known && toldV1(known, now())
      },
    }),
  ]
}

function toldGlobal({ stats, now, isFarm }: ApiSources): z.output<typeof sri.global> {
  const time = now()
  let v1 = { clients: 0, channels: 0, hashrate: 0 }
  for (const client of stats.clients.values())
    if (client.isV1)
      v1 = {
        clients: v1.clients + 1,
        channels: v1.channels + client.channels.size,
        hashrate: v1.hashrate + client.tally.hashrate(TEN_MINUTES_MS, time),
      }
  const hashrate = stats.total.hashrate(TEN_MINUTES_MS, time)
  const { standard, extended } = stats.channels
  const upstreams = stats.upstreams.size
  return {
    server: isFarm
      ? {
          total_channels: upstreams,
          extended_channels: upstreams,
          standard_channels: 0,
          total_hashrate: hashrate,
        }
      : null,
    sv2_clients: {
      total_clients: stats.clients.size - v1.clients,
      total_channels: standard + extended - v1.channels,
      extended_channels: extended - v1.channels,
      standard_channels: standard,
      total_hashrate: Math.max(0, hashrate - v1.hashrate),
    },
    sv1_clients: isFarm ? { total_clients: v1.clients, total_hashrate: v1.hashrate } : null,
    uptime_secs: Math.floor(Math.max(0, time - stats.startedAt) / 1000),
  }
}

function toldUpstream(
  { place, name, sent, acknowledged, tally, isUsed }: UpstreamStats,
  { stats, now }: ApiSources,
): z.output<typeof sri.serverChannels>['extended_channels'][number] {
  const { total } = stats
  return {
    channel_id: place,
    user_identity: name,
    nominal_hashrate: isUsed ? total.hashrate(TEN_MINUTES_MS, now()) : 0,
    target_hex: '',
    extranonce_prefix_hex: '',
    full_extranonce_size: 0,
    rollable_extranonce_size: 0,
    version_rolling: true,
    shares_submitted: Math.max(sent, acknowledged),
    shares_acknowledged: acknowledged,
    shares_rejected: tally.refused,
    shares_rejected_by_reason: tally.reasons,
    acknowledged_work_sum: Math.floor(tally.work),
    validated_work_sum: isUsed ? total.work : 0,
    best_diff: isUsed ? total.best : 0,
    blocks_found: isUsed ? total.blocks : 0,
  }
}

function toldClient(client: ClientStats, now: number): z.output<typeof sri.client> {
  const [standard, extended] = channelsByKind(client)
  return {
    client_id: client.session,
    client_kind: /translator/i.test(client.vendor)
      ? 'translator_proxy'
      : client.vendor === ''
        ? 'unknown'
        : 'miner',
    extended_channels_count: extended.length,
    standard_channels_count: standard.length,
    total_hashrate: client.tally.hashrate(TEN_MINUTES_MS, now),
    management_ip: hostOf(client.remote),
    miner_telemetry: null,
    miner_telemetry_status: null,
  }
}

function channelsByKind({
  channels,
}: ClientStats): readonly [standard: readonly ChannelStats[], extended: readonly ChannelStats[]] {
  const all = [...channels.values()]
  return [all.filter(({ kind }) => kind === 'standard'), all.filter(({ kind }) => kind === 'extended')]
}

function toldChannels(
  client: ClientStats,
  query: z.output<typeof part>,
): z.output<typeof sri.clientChannels> {
  const [standard, extended] = channelsByKind(client)
  const whole = { full_extranonce_size: 0, rollable_extranonce_size: 0 }
  return {
    client_id: client.session,
    ...query,
    total_extended: extended.length,
    total_standard: standard.length,
    extended_channels: partOf(extended, query).map((each) => ({ ...toldChannel(each), ...whole })),
    standard_channels: partOf(standard, query).map(toldChannel),
  }
}

function toldChannel(
  channel: ChannelStats,
): z.output<typeof sri.clientChannels>['standard_channels'][number] {
  const { channelId, difficulty, nominalHashrate, tally } = channel
  return {
    channel_id: channelId,
    user_identity: identityOf(channel),
    nominal_hashrate: nominalHashrate,
    stable_hashrate: true,
    target_hex: targetOf(difficulty),
    requested_max_target_hex: '',
    extranonce_prefix_hex: '',
    expected_shares_per_minute:
      difficulty > 0 ? (nominalHashrate * 60) / (difficulty * HASHES_PER_DIFFICULTY) : 0,
    share_batch_size: 1,
    ...sharesOf(tally),
    last_share_sequence_number: 0,
    last_batch_accepted: 0,
    last_batch_work_sum: 0,
  }
}

function sharesOf(tally: Tally) {
  return {
    shares_accepted: tally.accepted,
    shares_rejected: tally.refused,
    shares_rejected_by_reason: tally.reasons,
    share_work_sum: tally.work,
    best_diff: tally.best,
    blocks_found: tally.blocks,
  }
}

function toldV1(client: ClientStats, now: number): z.output<typeof sri.sv1Client> {
  const [channel] = client.channels.values()
  return {
    client_id: client.session,
    channel_id: channel?.channelId ?? null,
    connection_ip: hostOf(client.remote),
    sv1_username: channel?.account ?? '',
    sv1_worker_name: channel === undefined ? '' : identityOf(channel),
    hashrate: client.tally.hashrate(TEN_MINUTES_MS, now),
    stable_hashrate: true,
    target_hex: targetOf(channel?.difficulty ?? 0),
    extranonce1_hex: '',
    extranonce2_len: 0,
    version_rolling_mask: null,
    version_rolling_min_bit: null,
    management_ip: hostOf(client.remote),
    miner_telemetry: null,
    miner_telemetry_status: null,
  }
}

function identityOf({ account, worker }: ChannelStats): string {
  return worker === '' ? account : `${account}.${worker}`
}

function targetOf(difficulty: number): string {
  return difficulty > 0 && Number.isFinite(difficulty) ? displayHash(difficultyToTarget(difficulty)) : ''
}

/** An address without its port. */
function hostOf(remote: string): string {
  return remote.slice(0, remote.lastIndexOf(':'))
}
