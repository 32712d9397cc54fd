import { z } from 'zod'
import type { ChannelStats, ClientStats, UpstreamStats } from '../stats/parties.ts'
import { pageOf, pageQuery, type Route, resource } from './route.ts'
import * as shapes from './shapes.ts'
import type { ApiSources } from './sources.ts'
import { toldShares } from './told.ts'

const MINUTE_MS = 60_000
/** A machine without a share for so long is silent, ms. */
const SILENT_MS = 5 * MINUTE_MS
/** Users that are named of a machine with many channels. */
const MOST_USERS = 8
/** Channels that are told of one machine. */
const MOST_CHANNELS = 1_000

const id = z.strictObject({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) })

/** Resources of machines and of the upstreams that they work for. */
export function farmRoutes(sources: ApiSources): Route[] {
  const { stats, now } = sources
  const miners = new SortedMiners(stats.clients)
  return [
    resource('/api/v1/upstreams', 'Pools that this node works for', {
      answer: z.strictObject({ items: z.array(shapes.upstream) }),
      handle: () => {
        if (!sources.isFarm) return undefined
        const inOrder = [...stats.upstreams.values()].sort((a, b) => a.place - b.place)
        return { items: inOrder.map(toldUpstream) }
      },
    }),
    resource('/api/v1/miners', 'Machines at this node', {
      query: z.strictObject({
        ...pageQuery,
        sort: z
          .enum(['attention', 'id'])
          .default('attention')
          .describe('attention: silent ones first, then those whose shares are refused'),
      }),
      answer: pageOf(shapes.miner),
      handle: ({ query }) => minersPage(miners.by(query.sort, now()), query, now()),
    }),
    resource('/api/v1/miners/{id}', 'A machine and its channels', {
      params: id,
      answer: shapes.minerDetail,
      handle: ({ params }) => {
        const client = stats.clients.get(params.id)
        if (client === undefined) return undefined
        const channels = [...client.channels.values()].slice(0, MOST_CHANNELS)
        return {
          ...toldMiner(client, now()),
          channel_list: channels.map((channel) => toldChannel(channel, now())),
        }
      },
    }),
    resource('/api/v1/miners/{id}', 'Closes the connection of a machine', {
      method: 'DELETE',
      params: id,
      answer: z.strictObject({ id: z.int() }),
      handle: ({ params }) => {
        if (!stats.clients.has(params.id)) return undefined
        sources.disconnect(params.id)
        return { id: params.id }
      },
    }),
    resource('/api/v1/notices/test', 'Sends a notice to every target, and tells what each of them said', {
      method: 'POST',
      answer: z.strictObject({
        items: z.array(z.strictObject({ target: z.string(), error: z.string().nullable() })),
      }),
      handle: async () => {
        const answers = await sources.notices?.test()
        return answers && { items: answers.map(({ target, error = null }) => ({ target, error })) }
      },
    }),
  ]
}

/** How much a machine needs somebody to look at it: 2 for silence, up to 1 for refused shares. */
function attention(client: ClientStats, now: number): number {
  const { accepted, refused } = client.tally
  const silent = silentMs(client, now) >= SILENT_MS ? 2 : 0
  return silent + (refused === 0 ? 0 : refused / (accepted + refused))
}

function silentMs({ tally, connectedAt }: ClientStats, now: number): number {
  return Math.max(0, now - (tally.lastShareAt ?? connectedAt))
}

/** The place of a machine in the list: what its cursor says. */
interface Place {
  readonly client: ClientStats
  readonly score: number
}

/** Machines in order; sorted once a second, however often they are asked for. */
class SortedMiners {
  readonly #clients: ReadonlyMap<number, ClientStats>
  readonly #orders = new Map<string, { readonly of: string; readonly places: readonly Place[] }>()

  constructor(clients: ReadonlyMap<number, ClientStats>) {
    this.#clients = clients
  }

  by(sort: 'attention' | 'id', now: number): readonly Place[] {
    const of = `${Math.floor(now / 1000)} ${this.#clients.size}`
    const known = this.#orders.get(sort)
    if (known?.of === of) return known.places
    const places = [...this.#clients.values()].map((client) => ({
      client,
      score: sort === 'id' ? 0 : Math.round(attention(client, now) * 1_000),
    }))
    places.sort((a, b) => b.score - a.score || a.client.session - b.client.session)
    this.#orders.set(sort, { of, places })
    return places
  }
}

function minersPage(
  places: readonly Place[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
  now: number,
): z.output<ReturnType<typeof pageOf<typeof shapes.miner>>> {
  const [score = Number.NaN, session = Number.NaN] = (cursor ?? '').split(':').map(Number)
  const isAfter = (place: Place) =>
    cursor === undefined || place.score < score || (place.score === score && place.client.session > session)
  const rest = places.filter(isAfter)
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  return {
    items: page.map(({ client }) => toldMiner(client, now)),
    next: last === undefined || rest.length <= limit ? null : `${last.score}:${last.client.session}`,
  }
}

function toldMiner(client: ClientStats, now: number): z.output<typeof shapes.miner> {
  const [first] = client.channels.values()
  const users: string[] = []
  for (const { account, worker } of client.channels.values()) {
    if (users.length === MOST_USERS) break
    users.push(worker === '' ? account : `${account}.${worker}`)
  }
  return {
    id: client.session,
    remote: client.remote,
    version: client.isV1 ? 'v1' : 'v2',
    kind: kindOf(client),
    firmware: client.firmware,
    users,
    channels: client.channels.size,
    connected_at: client.connectedAt,
    upstream: first?.upstream ?? null,
    difficulty: first?.difficulty ?? null,
    hashrate_ten_minutes: client.tally.hashrate(10 * MINUTE_MS, now),
    shares: toldShares(client.tally),
    silent_sec: silentMs(client, now) / 1000,
  }
}

function kindOf({ dialect, vendor }: ClientStats): string {
  return dialect === undefined || dialect === 'unknown' ? vendor : `${dialect} ${vendor}`.trim()
}

function toldChannel(
  channel: ChannelStats,
  now: number,
): z.output<typeof shapes.minerDetail>['channel_list'][number] {
  return {
    channel_id: channel.channelId,
    kind: channel.kind,
    account: channel.account,
    worker: channel.worker,
    opened_at: channel.openedAt,
    difficulty: channel.difficulty,
    nominal_hashrate: channel.nominalHashrate,
    upstream: channel.upstream ?? null,
    hashrate_ten_minutes: channel.tally.hashrate(10 * MINUTE_MS, now),
    shares: toldShares(channel.tally),
  }
}

function toldUpstream(upstream: UpstreamStats): z.output<typeof shapes.upstream> {
  const { place, name, state, reason, isUsed, since, sent, acknowledged, unanswered, tally } = upstream
  return {
    place,
    name,
    state,
    reason,
    is_used: isUsed,
    since,
    sent,
    acknowledged,
    refused: tally.refused,
    refused_by_reason: tally.reasons,
    unanswered,
  }
}
