import { displayHash, type Sha256d, targetToDifficulty } from '@sv2/bitcoin'
import type {
  Capabilities,
  Message,
  OpenExtendedMiningChannelSuccess,
  OpenStandardMiningChannelSuccess,
  SetNewPrevHash,
} from '@sv2/messages'
import {
  REQUIRES_EXTENDED_CHANNELS,
  REQUIRES_FIXED_VERSION,
  REQUIRES_STANDARD_JOBS,
} from '../miners/connection.ts'
import {
  type Millis,
  NEVER,
  type Role,
  type SessionEffect,
  type SessionEvent,
  type SessionId,
} from '../role.ts'
import { type Identification, PROTOCOL_VERSION, setupRequest } from '../setup.ts'
import { DeviceChannel, type Start } from './channel.ts'
import type { DeviceCommand, DeviceFact } from './facts.ts'
import type { FoundShare } from './found-share.ts'
import { MeasuredHashrate } from './hashrate.ts'
import { Workbench } from './workbench.ts'

export interface DeviceSettings {
  readonly identification: Identification
  readonly endpoint: { readonly host: string; readonly port: number }
  readonly userIdentity: string
  /**
   * `standard`: header-only, jobs of its own; `grouped`: a standard channel that works on the jobs of its group;
   * `extended`: rolls its own extranonce.
   */
  readonly mode: 'standard' | 'grouped' | 'extended'
  /** H/s declared before anything is measured. */
  readonly nominalHashrate: number
  readonly minExtranonceSize: number
}

export type DeviceEvent =
  | SessionEvent<'upstream'>
  | ({ readonly kind: 'shareFound' } & FoundShare)
  /** Hashes done since the last event of this kind. */
  | { readonly kind: 'hashed'; readonly hashes: number }
  /** End of operation: close the channel and the connection (DEV-22). */
  | { readonly kind: 'stop' }

export type DeviceEffect = SessionEffect | DeviceFact | DeviceCommand

interface Upstream {
  readonly session: SessionId
  readonly capabilities: Capabilities
  /** Flags of SetupConnection.Success; undefined until then. */
  flags: number | undefined
  channel: DeviceChannel | undefined
}

/** The measured rate is told when it differs from the declared one by more than this factor. */
const RATE_TOLERANCE = 1.5
/** The rate is not told more often than this, ms. */
const RATE_EVERY_MS = 10_000
const MINING = 0
const REQUEST_ID = 1
/** Bytes of prefix and rolled part together, at most (editions.md O-06). */
const MAX_FULL_EXTRANONCE = 32

/** A mining device: one channel to one upstream, jobs in, shares out. Hashing itself happens elsewhere (`Work`). */
export class Device implements Role<DeviceEvent, DeviceEffect> {
  readonly #settings: DeviceSettings
  readonly #bench: Workbench
  readonly #measured = new MeasuredHashrate()
  #upstream: Upstream | undefined
  #declared: number
  #nextRate: Millis = 0
  #out: DeviceEffect[] = []

  constructor(settings: DeviceSettings, deps: { readonly sha256d: Sha256d }) {
    this.#settings = settings
    this.#bench = new Workbench(deps.sha256d)
    this.#declared = settings.nominalHashrate
  }

  nextDeadline(): Millis {
    return NEVER
  }

  handle(event: DeviceEvent, now: Millis): readonly DeviceEffect[] {
    switch (event.kind) {
      case 'opened':
        this.#opened(event)
        break
      case 'closed':
        this.#closed(event.session)
        break
      case 'message':
        if (this.#upstream?.session === event.session) this.#message(this.#upstream, event.message, now)
        break
      case 'shareFound':
        this.#share(event, now)
        break
      case 'hashed':
        this.#hashed(event.hashes, now)
        break
      case 'stop':
        this.#stop()
        break
      case 'tick':
        break
    }
    const out = this.#out
    this.#out = []
    return out
  }

  #closed(session: SessionId): void {
    if (this.#upstream?.session !== session) return
    this.#upstream = undefined
    this.#stopWork()
  }

  #opened(event: Extract<DeviceEvent, { kind: 'opened' }>): void {
    const { identification, endpoint, mode } = this.#settings
    this.#upstream = {
      session: event.session,
      capabilities: event.capabilities,
      flags: undefined,
      channel: undefined,
    }
    const flags = mode === 'standard' ? REQUIRES_STANDARD_JOBS : 0
    this.#send(setupRequest(identification, endpoint, { protocol: MINING, flags }))
  }

  #message(upstream: Upstream, message: Message, now: Millis): void {
    switch (message.type) {
      case 'SetupConnection.Success':
        return this.#setUp(upstream, message.usedVersion, message.flags)
      case 'SetupConnection.Error':
        this.#out.push({ kind: 'setupRefused', code: message.errorCode, flags: message.flags })
        return this.#close(upstream, 'setup refused')
      case 'OpenStandardMiningChannel.Success':
        return this.#channelOpened(upstream, message, 0)
      case 'OpenExtendedMiningChannel.Success':
        return this.#channelOpened(upstream, message, message.extranonceSize)
      case 'OpenMiningChannel.Error':
        this.#out.push({ kind: 'channelRefused', code: message.errorCode })
        return this.#close(upstream, 'channel refused')
      case 'Reconnect':
        this.#out.push({ kind: 'redial', host: message.newHost, port: message.newPort })
        return this.#close(upstream, 'reconnect asked for')
      case 'SetGroupChannel':
        if (upstream.channel !== undefined && message.channelIds.includes(upstream.channel.channelId)) {
          upstream.channel.groupId = message.groupChannelId
        }
        return
      case 'NewMiningJob':
      case 'NewExtendedMiningJob':
      case 'SetNewPrevHash':
      case 'SetTarget':
      case 'SetExtranoncePrefix':
      case 'CloseChannel':
      case 'SubmitShares.Success':
      case 'SubmitShares.Error':
      case 'UpdateChannel.Error':
        return this.#channelMessage(upstream, message, now)
      case 'ChannelEndpointChanged':
      case 'Opaque':
        return
      default:
        this.#ignore(message, 'not for a device')
    }
  }

  #setUp(upstream: Upstream, usedVersion: number, flags: number): void {
    if (upstream.flags !== undefined) return
    if (usedVersion !== PROTOCOL_VERSION)
      return this.#misbehaved(upstream, `protocol version ${usedVersion} was not offered`)
    upstream.flags = flags
    this.#out.push({ kind: 'connected' })
    const { mode, userIdentity, minExtranonceSize } = this.#settings
    const request = {
      requestId: REQUEST_ID,
      userIdentity,
      nominalHashRate: this.#declared,
      maxTarget: EASIEST_TARGET,
    }
    if (mode === 'extended') {
      return this.#send({ type: 'OpenExtendedMiningChannel', ...request, minExtranonceSize })
    }
    if ((flags & REQUIRES_EXTENDED_CHANNELS) !== 0) {
      return this.#misbehaved(upstream, 'the server opens extended channels only; use mode extended')
    }
    this.#send({ type: 'OpenStandardMiningChannel', ...request })
  }

  #channelOpened(
    upstream: Upstream,
    opened: OpenStandardMiningChannelSuccess | OpenExtendedMiningChannelSuccess,
    extranonceSize: number,
  ): void {
    if (upstream.channel !== undefined || opened.requestId !== REQUEST_ID) return
    const kind = opened.type === 'OpenExtendedMiningChannel.Success' ? 'extended' : 'standard'
    const asked = this.#settings.mode === 'extended' ? 'extended' : 'standard'
    if (kind !== asked) return this.#misbehaved(upstream, `opened the wrong kind of channel: ${kind}`)
    const least = kind === 'extended' ? this.#settings.minExtranonceSize : 0
    if (extranonceSize < least || extranonceSize + opened.extranoncePrefix.length > MAX_FULL_EXTRANONCE)
      return this.#misbehaved(upstream, `granted ${extranonceSize} bytes of extranonce`)
    upstream.channel = new DeviceChannel({
      channelId: opened.channelId,
      groupId: opened.groupChannelId,
      kind,
      extranonceSize,
      prefix: opened.extranoncePrefix,
      target: opened.target,
    })
    const difficulty = targetToDifficulty(opened.target)
    this.#out.push({ kind: 'channelOpened', channelId: opened.channelId, difficulty })
  }

  #channelMessage(
    upstream: Upstream,
    message: Extract<Message, { readonly channelId: number }>,
    now: Millis,
  ): void {
    const { channel } = upstream
    if (channel?.answersTo(message.channelId) !== true)
      return this.#ignore(message, 'for a channel that is not ours')
    switch (message.type) {
      case 'NewMiningJob':
        if (channel.kind === 'extended') return this.#ignore(message, 'a standard job on an extended channel')
        return this.#mine(upstream, channel.job(message), now)
      case 'NewExtendedMiningJob':
        return this.#mine(upstream, channel.job(message), now)
      case 'SetNewPrevHash':
        return this.#tip(upstream, channel, message, now)
      case 'SetTarget':
        channel.setTarget(message.maximumTarget)
        this.#out.push({ kind: 'difficultyChanged', difficulty: targetToDifficulty(message.maximumTarget) })
        return
      case 'SetExtranoncePrefix':
        if (message.channelId !== channel.channelId || !this.#fits(channel, message.extranoncePrefix))
          return this.#ignore(message, 'not for one channel, or too long')
        channel.setPrefix(message.extranoncePrefix)
        this.#out.push({ kind: 'prefixChanged', channelId: channel.channelId })
        return
      case 'CloseChannel':
        upstream.channel = undefined
        this.#out.push({ kind: 'channelClosed', channelId: channel.channelId, reason: message.reasonCode })
        return this.#stopWork()
      case 'SubmitShares.Success': {
        const { newSubmitsAcceptedCount: count, newSharesSum: work } = message
        this.#out.push({ kind: 'sharesAccepted', count, work })
        return
      }
      case 'SubmitShares.Error': {
        const { sequenceNumber, errorCode: code } = message
        this.#out.push({ kind: 'shareRefused', sequenceNumber, code })
        return
      }
      default:
        this.#ignore(message, 'no answer is needed')
    }
  }

  #fits(channel: DeviceChannel, prefix: Uint8Array): boolean {
    return prefix.length + channel.extranonceSize <= MAX_FULL_EXTRANONCE
  }

  #tip(upstream: Upstream, channel: DeviceChannel, prev: SetNewPrevHash, now: Millis): void {
    this.#stopWork()
    const start = channel.tip(prev)
    this.#out.push({ kind: 'newPrevHash', prevHash: displayHash(prev.prevHash) })
    if (start === undefined) this.#ignore(prev, `job ${prev.jobId} is unknown`)
    this.#mine(upstream, start, now)
  }

  #mine(upstream: Upstream, start: Start | undefined, now: Millis): void {
    const { channel } = upstream
    if (start === undefined || channel === undefined) return
    const { message } = start.job
    const isFixed =
      ((upstream.flags ?? 0) & REQUIRES_FIXED_VERSION) !== 0 ||
      (message.type === 'NewExtendedMiningJob' && !message.versionRollingAllowed)
    const versionMask = isFixed ? 0 : upstream.capabilities.versionRollingMask
    this.#out.push({ kind: 'work', work: this.#bench.start(channel, start, { versionMask, now }) })
  }

  #share(found: FoundShare, now: Millis): void {
    const channel = this.#upstream?.channel
    if (channel === undefined) return
    const outcome = this.#bench.take(channel, found, now)
    if (outcome === undefined) return
    if (outcome.kind === 'drop') {
      const { jobId, reason } = outcome
      this.#out.push({ kind: 'shareDropped', jobId, reason })
      return
    }
    const { sequenceNumber, jobId } = outcome.message
    this.#send(outcome.message)
    this.#out.push({ kind: 'shareSubmitted', sequenceNumber, jobId })
  }

  #hashed(hashes: number, now: Millis): void {
    const hashrate = this.#measured.add(hashes, now)
    if (now < this.#nextRate || hashrate === 0) return
    this.#nextRate = now + RATE_EVERY_MS
    this.#out.push({ kind: 'hashrateMeasured', hashrate })
    const ratio = this.#declared === 0 ? Number.POSITIVE_INFINITY : hashrate / this.#declared
    const channel = this.#upstream?.channel
    if (channel === undefined || (ratio < RATE_TOLERANCE && ratio > 1 / RATE_TOLERANCE)) return
    this.#declared = hashrate
    this.#send({
      type: 'UpdateChannel',
      channelId: channel.channelId,
      nominalHashRate: hashrate,
      maximumTarget: EASIEST_TARGET,
    })
  }

  #stop(): void {
    const upstream = this.#upstream
    this.#stopWork()
    if (upstream === undefined) return
    if (upstream.channel !== undefined) {
      this.#send({ type: 'CloseChannel', channelId: upstream.channel.channelId, reasonCode: 'shutting-down' })
    }
    this.#close(upstream, 'end of operation')
  }

  #stopWork(): void {
    if (this.#bench.stop()) this.#out.push({ kind: 'work', work: undefined })
  }

  #ignore(message: Message, reason: string): void {
    this.#out.push({ kind: 'messageIgnored', type: message.type, reason })
  }

  #misbehaved(upstream: Upstream, reason: string): void {
    this.#out.push({ kind: 'peerMisbehaved', reason })
    this.#close(upstream, reason)
  }

  #close(upstream: Upstream, reason: string): void {
    this.#stopWork()
    this.#out.push({ kind: 'close', session: upstream.session, reason })
  }

  #send(message: Message): void {
    if (this.#upstream !== undefined) this.#out.push({ kind: 'send', to: this.#upstream.session, message })
  }
}

/** A device takes any target. */
const EASIEST_TARGET = new Uint8Array(32).fill(0xff)
