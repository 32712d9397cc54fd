import type { OpenExtendedMiningChannel, OpenStandardMiningChannel } from '@sv2/messages'
import type { Client, ClientGroup } from './client.ts'
import type { Farewell } from './farewell.ts'
import type { Home, Wish } from './home.ts'

export type OpenRequest = OpenStandardMiningChannel | OpenExtendedMiningChannel
export type ChannelKind = 'standard' | 'extended'

/** Unknown extensions have sent frames along a channel, up or down (editions.md §6.3). */
export const SEEN_UP = 1
export const SEEN_DOWN = 2

/** One channel: of a client below, of an upstream above. */
export class RelayChannel {
  readonly client: Client
  readonly kind: ChannelKind
  /** As the client knows it, for ever. */
  readonly channelId: number
  /** What it was opened with, kept up to date, so that it can be opened again elsewhere. */
  request: OpenRequest
  /** The upstream it is at; undefined while there is none. */
  home: Home | undefined
  /** As that upstream knows it. */
  upstreamId = 0
  group: ClientGroup | undefined
  /** What the client has been told of the extranonce's fixed part: the upstream's prefix, and `padding` zeros. */
  prefix: Uint8Array
  /** Bytes the client rolls; 0 on a standard channel. */
  readonly extranonceSize: number
  /** Bytes that the upstream lets roll beyond those; they stay zero. */
  padding = 0
  /** What the client has been told. */
  target: Uint8Array
  /** It waits to be opened at another upstream. */
  move: Wish | undefined
  /** Where it was a moment ago. */
  farewell: Farewell | undefined
  /** Whether unknown extensions were seen since the upstream's end was replaced: SEEN_UP, SEEN_DOWN. */
  seen = 0
  isClosed = false

  constructor(
    client: Client,
    how: {
      readonly channelId: number
      readonly request: OpenRequest
      readonly prefix: Uint8Array
      readonly extranonceSize: number
      readonly target: Uint8Array
    },
  ) {
    this.client = client
    this.kind = how.request.type === 'OpenExtendedMiningChannel' ? 'extended' : 'standard'
    this.channelId = how.channelId
    this.request = how.request
    this.prefix = how.prefix
    this.extranonceSize = how.extranonceSize
    this.target = how.target
  }

  /** The client addresses it by its group; else it is told everything by itself. */
  get isGrouped(): boolean {
    return this.kind === 'standard' || this.client.capabilities.groupsExtendedChannels
  }
}
