import { concatBytes, meetsTarget } from '@sv2/bitcoin'
import {
  type Message,
  type OpenExtendedMiningChannelSuccess,
  type SetGroupChannel,
  WORKER_TRACKING,
} from '@sv2/messages'
import { exactLevel, type Level } from '../mining/channel/difficulty.ts'
import { MAX_FULL_EXTRANONCE } from '../mining/channel/extranonce.ts'
import { type History, replaced, valueAt } from '../mining/channel/history.ts'
import type { UpstreamLink } from './link.ts'
import { type SentShare, SentShares } from './sent-shares.ts'

/** Bytes that count repetitions of a job, at most. */
const MAX_COUNTER_BYTES = 4

/** What a message about a channel means, besides its jobs. */
export type ChannelNews =
  /** Another target holds for jobs from now on. */
  | { readonly kind: 'target' }
  | { readonly kind: 'acknowledged'; readonly shares: readonly SentShare[] }
  | { readonly kind: 'refused'; readonly share: SentShare; readonly code: string }
  | { readonly kind: 'closed'; readonly reason: string }
  | { readonly kind: 'ignored'; readonly reason: string }

/** How a share is told to the upstream. */
export interface ShareAs {
  /** The upstream's number of the job. */
  readonly jobId: number
  /** What stands between the upstream's prefix and the leased bytes. */
  readonly spare: Uint8Array
}

/** A connection that is set up, and the number of the upstream at its other end. */
export interface NumberedLink {
  readonly upstream: number
  readonly link: UpstreamLink
}

/** One extended channel at an upstream: its prefix, its target, and the shares that were sent on it. */
export class UpstreamChannel {
  readonly upstream: number
  readonly link: UpstreamLink
  readonly channelId: number
  /** The group it belongs to, at the upstream. */
  groupId: number
  readonly sent = new SentShares()
  /** Bytes of extranonce that the miners split among themselves. */
  readonly size: number
  /** Bytes granted beyond that: they stand in front, and tell a job from its repetitions. */
  readonly spare: number
  #prefix: Uint8Array
  #level: Level
  #oldLevels: History<Level> | undefined
  #sequence = 0
  #isClosed = false

  /** @param size bytes of extranonce that the miners split among themselves */
  constructor(
    { upstream, link }: NumberedLink,
    granted: { readonly answer: OpenExtendedMiningChannelSuccess; readonly size: number },
  ) {
    const { answer, size } = granted
    this.upstream = upstream
    this.link = link
    this.channelId = answer.channelId
    this.groupId = answer.groupChannelId
    this.size = size
    this.spare = answer.extranonceSize - size
    this.#prefix = answer.extranoncePrefix.slice()
    this.#level = exactLevel(answer.target.slice())
  }

  /** Level of jobs that come from now on. */
  get level(): Level {
    return this.#level
  }

  /** The upstream's part of the extranonce for jobs from now on. */
  get prefix(): Uint8Array {
    return this.#prefix
  }

  /** Nothing that is sent on it is answered. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** How often one job can be made a search space of its own by the spare bytes. */
  get repetitions(): number {
    return 256 ** Math.min(this.spare, MAX_COUNTER_BYTES)
  }

  /**
   * Takes a message; undefined when there is nothing to be done about it.
   * @param at.order the place of what it changes among the jobs of the miners
   * @param at.oldestLive order of the oldest of those jobs
   */
  message(
    message: Message,
    at: { readonly order: number; readonly oldestLive: number },
  ): ChannelNews | undefined {
    switch (message.type) {
      case 'SetTarget': {
        const level = exactLevel(message.maximumTarget.slice())
        this.#oldLevels = replaced(this.#oldLevels, { until: at.order, value: this.#level }, at.oldestLive)
        this.#level = level
        return { kind: 'target' }
      }
      case 'SetExtranoncePrefix':
        if (message.channelId !== this.channelId) return ignored('SetExtranoncePrefix for a group')
        if (message.extranoncePrefix.length + this.spare + this.size > MAX_FULL_EXTRANONCE)
          return ignored('an extranonce prefix that is too long')
        this.#prefix = message.extranoncePrefix.slice()
        return undefined
      case 'CloseChannel':
        return { kind: 'closed', reason: message.reasonCode }
      case 'SubmitShares.Success':
        return { kind: 'acknowledged', shares: this.sent.upTo(message.lastSequenceNumber) }
      case 'SubmitShares.Error': {
        const share = this.sent.take(message.sequenceNumber)
        if (share === undefined) return ignored('an answer to no share of ours')
        return { kind: 'refused', share, code: message.errorCode }
      }
      default:
        return ignored(`${message.type} on an extended channel`)
    }
  }

  /**
   * Whether the upstream pays for a hash: by the target that held when its job became active (POOL-46);
   * not, where that is forgotten.
   */
  pays(activeSince: number, hash: Uint8Array): boolean {
    const level = valueAt(this.#oldLevels, activeSince, this.#level)
    return level !== undefined && meetsTarget(hash, level.target)
  }

  /** Whether the upstream pays for a hash of a job that it takes at this moment. */
  paysNow(hash: Uint8Array): boolean {
    return meetsTarget(hash, this.#level.target)
  }

  /** Sends a share up. */
  submit(share: SentShare, as: ShareAs): void {
    this.#sequence = (this.#sequence + 1) >>> 0
    const { nonce, ntime, version, worker } = share
    this.link.send({
      type: 'SubmitSharesExtended',
      channelId: this.channelId,
      sequenceNumber: this.#sequence,
      jobId: as.jobId,
      nonce,
      ntime,
      version,
      extranonce: concatBytes(as.spare, share.extranonce),
      ...(this.link.has(WORKER_TRACKING) ? { userIdentity: worker } : {}),
    })
    this.sent.add(this.#sequence, share)
  }

  /** Tells the upstream the hash rate of the miners (PRX-03, PRX-04). */
  update(nominalHashRate: number, maximumTarget: Uint8Array): void {
    this.link.send({ type: 'UpdateChannel', channelId: this.channelId, nominalHashRate, maximumTarget })
  }

  /** Takes part in a new order of groups. */
  joins({ channelIds, groupChannelId }: SetGroupChannel): void {
    if (channelIds.includes(this.channelId)) this.groupId = groupChannelId
  }

  /** Its connection is gone. */
  lost(): void {
    this.#isClosed = true
  }

  /** Ends the channel at the upstream. */
  close(reasonCode: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.link.send({ type: 'CloseChannel', channelId: this.channelId, reasonCode })
  }
}

/** Spare bytes that hold a number, big-endian. */
export function counted(number: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let at = size - 1, left = number; at >= 0 && left > 0; at--, left = Math.floor(left / 256))
    bytes[at] = left & 0xff
  return bytes
}

function ignored(reason: string): ChannelNews {
  return { kind: 'ignored', reason }
}
