import { sha256d } from '@sv2/bitcoin'
import type { Edition, Message, OpenExtendedMiningChannel, OpenStandardMiningChannel } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { Relay, type RelayEffect, type RelaySettings, type RelayUpstream } from '@sv2/roles/relay'
import { WireLink, type WirePeer } from '@sv2/sim'
import { test } from 'vitest'
import { aSetup, EASY_TARGET, IDENTIFICATION, NOW } from './_fixtures.ts'
import type { TestChannel } from './_test-miner.ts'

/** The editions a proxy speaks on its two sides. */
export interface Sides {
  readonly below: Edition
  readonly above: Edition
}

/** A test that proves requirements in each edition, and with one below and the other above. */
export function relays(
  ids: string,
  sentence: string,
  body: (sides: Sides) => void,
  editions: 'both' | 'current above' | 'current below' = 'both',
): void {
  for (const below of [current, draft]) {
    for (const above of [current, draft]) {
      if (editions === 'current above' && above === draft) continue
      if (editions === 'current below' && below === draft) continue
      const mixed = below === above ? '' : `, ${below.name} below and ${above.name} above`
      const proven = below === above ? below.name : 'current, draft'
      test(`${ids} (${proven}): ${sentence}${mixed}`, () => body({ below, above }))
    }
  }
}

export interface RelayOverrides extends Partial<Omit<RelaySettings, 'upstreams' | 'limits'>> {
  readonly upstreams?: readonly Partial<Pick<RelayUpstream, 'identity' | 'share'>>[]
  readonly limits?: Partial<RelaySettings['limits']>
}

export function relaySettings(overrides: RelayOverrides = {}): RelaySettings {
  const { upstreams = [{}], limits, ...rest } = overrides
  return {
    trustAfterMs: 10_000,
    extensions: [],
    whenGone: 'stop',
    stopAfterMs: 30_000,
    openChannelWithinMs: 60_000,
    ...rest,
    upstreams: upstreams.map((over, place) => ({
      name: `pool ${place}`,
      endpoint: { host: `pool${place}.test`, port: 3333 },
      identification: IDENTIFICATION,
      identity: '{identity}',
      share: undefined,
      ...over,
    })),
    limits: {
      maxChannels: 10_000,
      maxChannelsPerConnection: 1_000,
      maxWaitingPerConnection: 100,
      maxWaiting: 1_000,
      maxJobs: 1_000,
      ...limits,
    },
  }
}

/** A relay on virtual time; upstreams are played by the test as it connects them. */
export function aRelay(overrides: RelayOverrides = {}): { relay: Relay; link: WireLink<RelayEffect> } {
  const relay = new Relay(relaySettings(overrides), { sha256d })
  const link = new WireLink<RelayEffect>(relay as never, NOW)
  link.tell({ kind: 'tick' })
  return { relay, link }
}

type OpenRequest = OpenStandardMiningChannel | OpenExtendedMiningChannel

export interface GrantWanted {
  readonly channelId?: number
  readonly groupId?: number
  readonly prefix?: Uint8Array
  readonly extranonceSize?: number
  readonly target?: Uint8Array
}

/** A pool that does what the test says. */
export class ScriptedPool {
  readonly peer: WirePeer
  readonly requests: OpenRequest[] = []
  #kept: Message[] = []
  readonly #upstream: number
  #lastId: number

  constructor(
    link: WireLink<RelayEffect>,
    how: {
      readonly edition: Edition
      readonly upstream?: number
      readonly flags?: number
      readonly firstId?: number
    },
  ) {
    const { edition, upstream = 0, flags = 0, firstId = 2 } = how
    this.#upstream = upstream
    this.#lastId = firstId - 1
    this.peer = link.connect({
      port: { kind: 'upstream', index: upstream },
      edition,
      protocol: 'mining',
      plays: 'server',
    })
    this.take()
    this.peer.send({ type: 'SetupConnection.Success', usedVersion: 2, flags })
  }

  /** What came since the last call; requests for channels wait in `requests`. */
  take(): Message[] {
    this.#look()
    const taken = this.#kept
    this.#kept = []
    return taken
  }

  takeOf<T extends Message['type']>(type: T): Extract<Message, { type: T }>[] {
    return this.take().filter((message) => message.type === type) as Extract<Message, { type: T }>[]
  }

  /** Requests without an answer. */
  waiting(): OpenRequest[] {
    this.#look()
    return this.requests
  }

  /** Grants what was asked first; answers the request and the channel's id. */
  grant(wanted: GrantWanted = {}): { readonly request: OpenRequest; readonly channelId: number } {
    const request = this.waiting().shift()
    if (request === undefined) throw new Error('nobody asks for a channel')
    const channelId = wanted.channelId ?? ++this.#lastId
    const common = {
      requestId: request.requestId,
      channelId,
      target: wanted.target ?? EASY_TARGET,
      extranoncePrefix: wanted.prefix ?? Uint8Array.of(0xa0 + this.#upstream, channelId),
      groupChannelId: wanted.groupId ?? 1,
    }
    if (request.type === 'OpenStandardMiningChannel') {
      this.peer.send({ type: 'OpenStandardMiningChannel.Success', ...common })
    } else {
      const extranonceSize = wanted.extranonceSize ?? Math.max(6, request.minExtranonceSize)
      this.peer.send({ type: 'OpenExtendedMiningChannel.Success', ...common, extranonceSize })
    }
    return { request, channelId }
  }

  grantAll(wanted: GrantWanted = {}): number[] {
    const granted: number[] = []
    while (this.waiting().length > 0) granted.push(this.grant(wanted).channelId)
    return granted
  }

  #look(): void {
    for (const message of this.peer.received()) {
      if (message.type === 'OpenStandardMiningChannel' || message.type === 'OpenExtendedMiningChannel')
        this.requests.push(message)
      else this.#kept.push(message)
    }
  }
}

/** A client of the proxy. */
export class RelayClient {
  readonly peer: WirePeer
  #requestId = 100

  constructor(link: WireLink<RelayEffect>, edition: Edition, flags = 0) {
    this.peer = link.connect({ port: { kind: 'miners' }, edition, protocol: 'mining', plays: 'client' })
    this.peer.send(aSetup({ flags }))
  }

  take(): Message[] {
    return this.peer.received()
  }

  takeOf<T extends Message['type']>(type: T): Extract<Message, { type: T }>[] {
    return this.peer.receivedOf(type)
  }

  /** Asks for a channel; answers the request's id. */
  request(kind: 'standard' | 'extended', over: Partial<OpenExtendedMiningChannel> = {}): number {
    const requestId = over.requestId ?? ++this.#requestId
    const {
      userIdentity = 'alice.1',
      nominalHashRate = 1_000,
      maxTarget = new Uint8Array(32).fill(0xff),
    } = over
    const common = { requestId, userIdentity, nominalHashRate, maxTarget }
    this.peer.send(
      kind === 'standard'
        ? { type: 'OpenStandardMiningChannel', ...common }
        : { type: 'OpenExtendedMiningChannel', ...common, minExtranonceSize: over.minExtranonceSize ?? 4 },
    )
    return requestId
  }

  /** Opens a channel at a scripted pool. */
  open(pool: ScriptedPool, kind: 'standard' | 'extended', wanted: GrantWanted = {}): TestChannel {
    this.request(kind)
    pool.grant(wanted)
    return this.opened()
  }

  /** The channel that was opened since the last look. */
  opened(): TestChannel {
    const got = this.take()
    const opened = got.find(({ type }) => type.endsWith('MiningChannel.Success'))
    if (
      opened?.type !== 'OpenStandardMiningChannel.Success' &&
      opened?.type !== 'OpenExtendedMiningChannel.Success'
    )
      throw new Error(`no channel: ${got.map(({ type }) => type).join()}`)
    const isExtended = opened.type === 'OpenExtendedMiningChannel.Success'
    return {
      kind: isExtended ? 'extended' : 'standard',
      channelId: opened.channelId,
      groupId: opened.groupChannelId,
      extranonceSize: isExtended ? opened.extranonceSize : 0,
      prefix: opened.extranoncePrefix,
      target: opened.target,
    }
  }

  /** A share that nobody has worked for. */
  share(channel: Pick<TestChannel, 'channelId' | 'extranonceSize'>, jobId: number, sequenceNumber = 7): void {
    const { channelId, extranonceSize } = channel
    const common = {
      channelId,
      sequenceNumber,
      jobId,
      nonce: 5,
      ntime: NOW / 1000 + 9_999,
      version: 0x2000_0000,
    }
    this.peer.send(
      extranonceSize === 0
        ? { type: 'SubmitSharesStandard', ...common }
        : { type: 'SubmitSharesExtended', ...common, extranonce: new Uint8Array(extranonceSize).fill(0x5a) },
    )
  }
}
