import { MAX_TARGET } from '@sv2/bitcoin'
import type {
  Edition,
  Message,
  NewExtendedMiningJob,
  OpenExtendedMiningChannel,
  OpenStandardMiningChannel,
} from '@sv2/messages'
import type { WireLink, WirePeer } from '@sv2/sim'
import { filled, NBITS_HARD, NTIME } from './_fixtures.ts'

export interface UpstreamHabits {
  /** Flags of SetupConnection.Success. */
  readonly flags?: number
  readonly target?: Uint8Array
  readonly prefix?: Uint8Array
  /** What is granted, from what was asked. */
  readonly extranonceSize?: (asked: number) => number
  /** Extensions agreed to; `unknown`: it does not know the negotiation, and answers nothing. */
  readonly supports?: readonly number[] | 'unknown'
  /** Requests for channels are left alone. */
  readonly silent?: boolean
}

/** A pool played by the test: it answers requests, hands out work when told to, and keeps what it gets. */
export class TestUpstream {
  readonly peer: WirePeer
  readonly log: Message[] = []
  readonly channels: number[] = []
  readonly #habits: UpstreamHabits
  #lastId = 0

  constructor(
    link: WireLink<never>,
    how: { readonly edition: Edition; readonly upstream?: number } & UpstreamHabits,
  ) {
    this.#habits = how
    const port = { kind: 'upstream', index: how.upstream ?? 0 }
    this.peer = link.connect({ port, edition: how.edition, protocol: 'mining', plays: 'server' })
    this.serve()
  }

  /** Answers what has come. */
  serve(): void {
    for (let got = this.peer.received(); got.length > 0; got = this.peer.received()) {
      this.log.push(...got)
      for (const message of got) this.#answer(message)
    }
  }

  /** What came of one kind since the last call, all else stays in the log. */
  take<T extends Message['type']>(type: T): Extract<Message, { type: T }>[] {
    this.serve()
    const taken = this.log.filter((message) => message.type === type)
    for (const message of taken) this.log.splice(this.log.indexOf(message), 1)
    return taken as Extract<Message, { type: T }>[]
  }

  /** Sends a message, and answers what follows from it. */
  send(...messages: Message[]): void {
    this.peer.send(...messages)
    this.serve()
  }

  /** A future job, and the tip that starts it. */
  tip(channelId: number, jobId: number, prevHash: Uint8Array = filled(0xaa), nbits = NBITS_HARD): void {
    this.send(anUpstreamJob(channelId, jobId), {
      type: 'SetNewPrevHash',
      channelId,
      jobId,
      prevHash,
      minNtime: NTIME,
      nbits,
    })
  }

  #answer(message: Message): void {
    if (message.type === 'SetupConnection') {
      this.peer.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: this.#habits.flags ?? 0 })
    } else if (message.type === 'RequestExtensions') {
      const { requestId } = message
      const { supports = [] } = this.#habits
      if (supports === 'unknown') return
      const supportedExtensions = [...supports]
      this.peer.send({ type: 'RequestExtensions.Success', requestId, supportedExtensions })
    } else if (this.#habits.silent !== true) {
      if (message.type === 'OpenExtendedMiningChannel') this.grant(message)
      if (message.type === 'OpenStandardMiningChannel') this.grant(message)
    }
  }

  /** Opens the channel that was asked for; answers its id. */
  grant(request: OpenExtendedMiningChannel | OpenStandardMiningChannel): number {
    const channelId = ++this.#lastId
    this.channels.push(channelId)
    const { target = MAX_TARGET, prefix = filled(0xc0, 4), extranonceSize } = this.#habits
    const common = {
      requestId: request.requestId,
      channelId,
      target,
      extranoncePrefix: prefix,
      groupChannelId: 9_000,
    }
    this.peer.send(
      request.type === 'OpenStandardMiningChannel'
        ? { type: 'OpenStandardMiningChannel.Success', ...common }
        : {
            type: 'OpenExtendedMiningChannel.Success',
            ...common,
            extranonceSize: extranonceSize?.(request.minExtranonceSize) ?? request.minExtranonceSize,
          },
    )
    return channelId
  }
}

/** A job as a pool hands it out; for a tip to come unless it has a time. */
export function anUpstreamJob(
  channelId: number,
  jobId: number,
  overrides: Partial<NewExtendedMiningJob> = {},
): NewExtendedMiningJob {
  return {
    type: 'NewExtendedMiningJob',
    channelId,
    jobId,
    minNtime: undefined,
    version: 0x2000_0000,
    versionRollingAllowed: true,
    merklePath: [filled(0x11), filled(0x22)],
    coinbaseTxPrefix: Uint8Array.of(1, 2, 3, jobId & 0xff),
    coinbaseTxSuffix: filled(0x77, 40),
    ...overrides,
  }
}
