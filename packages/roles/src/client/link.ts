import type {
  Capabilities,
  Message,
  OpenExtendedMiningChannel,
  OpenExtendedMiningChannelSuccess,
  OpenStandardMiningChannel,
  OpenStandardMiningChannelSuccess,
  SubProtocol,
} from '@sv2/messages'
import { PROTOCOL_NUMBERS } from '@sv2/messages'
import type { Emit, Millis, SessionEffect, SessionId } from '../ground/role.ts'
import { type Identification, PROTOCOL_VERSION, setupRequest } from '../ground/setup.ts'
import { type ChannelRefusal, channelRefusal } from './channel-refusal.ts'
import type { ExtensionTalk } from './extension-talk.ts'

/** Requests for channels that may be without an answer at one time. */
const MAX_OPEN_REQUESTS = 65_536

/** How a client introduces itself to one upstream. */
export interface LinkSettings {
  readonly identification: Identification
  readonly endpoint: { readonly host: string; readonly port: number }
  /** Sub-protocol; mining when missing. */
  readonly protocol?: SubProtocol
  /** Flags of SetupConnection (docs/wire.md §4.2.1, §4.3.1). */
  readonly flags: number
}

/** A request for a channel; the link numbers it. */
export type ChannelRequest =
  | Omit<OpenStandardMiningChannel, 'requestId'>
  | Omit<OpenExtendedMiningChannel, 'requestId'>

/** What a message of an upstream means to the role that uses the link. */
export type LinkNews =
  /** Set up, and extensions agreed: channels may be opened. */
  | { readonly kind: 'ready' }
  /** It does not serve us, or cannot be worked with; the connection is being closed. */
  | { readonly kind: 'unusable'; readonly reason: string }
  | {
      readonly kind: 'granted'
      readonly requestId: number
      readonly answer: OpenStandardMiningChannelSuccess | OpenExtendedMiningChannelSuccess
    }
  | { readonly kind: 'denied'; readonly requestId: number; readonly refusal: ChannelRefusal }
  /** It wants us elsewhere; the connection is being closed. */
  | { readonly kind: 'reconnect'; readonly host: string; readonly port: number }
  /** Everything else: jobs, targets, answers to shares. */
  | { readonly kind: 'message'; readonly message: Message }

/** The client's side of one mining connection that carries many channels: setup, extensions, request ids. */
export class UpstreamLink {
  readonly session: SessionId
  readonly capabilities: Capabilities
  readonly #talk: ExtensionTalk
  #flags: number | undefined
  #ready = false
  #requestId = 0
  readonly #requests = new Set<number>()
  readonly #emit: Emit<SessionEffect>

  constructor(
    settings: LinkSettings,
    {
      session,
      capabilities,
      talk,
      now,
      emit,
    }: {
      readonly session: SessionId
      readonly capabilities: Capabilities
      readonly talk: ExtensionTalk
      readonly now: Millis
      readonly emit: Emit<SessionEffect>
    },
  ) {
    this.#emit = emit
    this.session = session
    this.capabilities = capabilities
    this.#talk = talk
    this.#talk.opened(capabilities, now)
    const { identification, endpoint, flags, protocol = 'mining' } = settings
    this.send(setupRequest(identification, endpoint, { protocol: PROTOCOL_NUMBERS[protocol], flags }))
  }

  /** Channels may be opened. */
  get isReady(): boolean {
    return this.#ready
  }

  /** Flags of SetupConnection.Success; 0 before it. */
  get flags(): number {
    return this.#flags ?? 0
  }

  /** Whether an extension was agreed on. */
  has(extension: number): boolean {
    return this.#talk.has(extension)
  }

  /** Asks for a channel. Answers the id that its answer will bear; undefined when too many wait already. */
  open(request: ChannelRequest): number | undefined {
    if (this.#requests.size >= MAX_OPEN_REQUESTS) return undefined
    do this.#requestId = (this.#requestId + 1) >>> 0
    while (this.#requests.has(this.#requestId))
    this.#requests.add(this.#requestId)
    this.send({ ...request, requestId: this.#requestId })
    return this.#requestId
  }

  /** Sends a message on this connection. */
  send(message: Message): void {
    this.#emit({ kind: 'send', to: this.session, message })
  }

  /** Ends the connection. */
  close(reason: string): void {
    this.#ready = false
    this.#emit({ kind: 'close', session: this.session, reason })
  }

  /** Takes a message of the upstream; undefined when only the link needs it. */
  message(message: Message, now: Millis): LinkNews | undefined {
    switch (message.type) {
      case 'SetupConnection.Success':
        return this.#setUp(message, now)
      case 'SetupConnection.Error':
        return this.#unusable(`setup refused: ${message.errorCode}`)
      case 'RequestExtensions.Success':
      case 'RequestExtensions.Error': {
        const step = this.#talk.answered(message, now)
        if (step.kind === 'ask') this.send(step.request)
        if (step.kind === 'leave') return this.#unusable(step.reason)
        return step.kind === 'goOn' ? this.#goOn() : undefined
      }
      case 'OpenStandardMiningChannel.Success':
      case 'OpenExtendedMiningChannel.Success': {
        const { requestId } = message
        return this.#requests.delete(requestId) ? { kind: 'granted', requestId, answer: message } : undefined
      }
      case 'OpenMiningChannel.Error': {
        const { requestId, errorCode: code } = message
        return this.#requests.delete(requestId)
          ? { kind: 'denied', requestId, refusal: channelRefusal(code) }
          : undefined
      }
      case 'Reconnect':
        this.close('reconnect asked for')
        return { kind: 'reconnect', host: message.newHost, port: message.newPort }
      default:
        return this.#ready ? { kind: 'message', message } : undefined
    }
  }

  #setUp(
    answer: { readonly usedVersion: number; readonly flags: number },
    now: Millis,
  ): LinkNews | undefined {
    if (this.#flags !== undefined) return undefined
    if (answer.usedVersion !== PROTOCOL_VERSION)
      return this.#unusable(`protocol version ${answer.usedVersion} was not offered`)
    this.#flags = answer.flags
    const request = this.#talk.setUp(now)
    if (request === undefined) return this.#goOn()
    this.send(request)
    return undefined
  }

  #goOn(): LinkNews | undefined {
    if (this.#ready) return undefined
    this.#ready = true
    return { kind: 'ready' }
  }

  #unusable(reason: string): LinkNews {
    this.close(reason)
    return { kind: 'unusable', reason }
  }
}
