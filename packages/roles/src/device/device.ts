import { displayHash, type Sha256d, targetToDifficulty } from '@sv2/bitcoin'
import type {
  Capabilities,
  Message,
  NewExtendedMiningJob,
  NewMiningJob,
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
import { type Identification, setupRequest } from '../setup.ts'
import { ChannelJobs } from './channel-jobs.ts'
import type { DeviceCommand, DeviceFact } from './facts.ts'
import { MeasuredHashrate } from './hashrate.ts'
import { type DeviceJob, type Work, workOfJob } from './work.ts'

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
  | {
      readonly kind: 'shareFound'
      readonly workId: number
      readonly version: number
      readonly ntime: number
      readonly nonce: number
      readonly extranonce: Uint8Array
    }
  /** Hashes done since the last event of this kind. */
  | { readonly kind: 'hashed'; readonly hashes: number }
  /** End of operation: close the channel and the connection (DEV-22). */
  | { readonly kind: 'stop' }

export type DeviceEffect = SessionEffect | DeviceFact | DeviceCommand

interface DeviceChannel {
  readonly channelId: number
  readonly extranonceSize: number
  groupId: number
  prefix: Uint8Array
  target: Uint8Array
  readonly jobs: ChannelJobs
}

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

/** A mining device: one channel to one upstream, jobs in, shares out. Hashing itself happens elsewhere (`Work`). */
export class Device implements Role<DeviceEvent, DeviceEffect> {
  readonly #settings: DeviceSettings
  readonly #sha256d: Sha256d
  readonly #measured = new MeasuredHashrate()
  #upstream: Upstream | undefined
  #current: { readonly workId: number; readonly jobId: number } | undefined
  #workId = 0
  #sequenceNumber = 0
  #declared: number
  #nextRate: Millis = 0
  #out: DeviceEffect[] = []

  constructor(settings: DeviceSettings, deps: { readonly sha256d: Sha256d }) {
    this.#settings = settings
    this.#sha256d = deps.sha256d
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
        if (this.#upstream?.session === event.session) this.#upstream = undefined
        this.#stopWork()
        break
      case 'message':
        if (this.#upstream?.session === event.session) this.#message(this.#upstream, event.message, now)
        break
      case 'shareFound':
        this.#share(event)
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
        return this.#setUp(upstream, message.flags)
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
        this.#out.push({ kind: 'messageIgnored', type: message.type, reason: 'not for a device' })
    }
  }

  #setUp(upstream: Upstream, flags: number): void {
    if (upstream.flags !== undefined) return
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
      this.#out.push({
        kind: 'peerMisbehaved',
        reason: 'the server opens extended channels only; use mode extended',
      })
      return this.#close(upstream, 'the server opens extended channels only')
    }
    this.#send({ type: 'OpenStandardMiningChannel', ...request })
  }

  #channelOpened(
    upstream: Upstream,
    opened: OpenStandardMiningChannelSuccess | OpenExtendedMiningChannelSuccess,
    extranonceSize: number,
  ): void {
    if (upstream.channel !== undefined || opened.requestId !== REQUEST_ID) return
    upstream.channel = {
      channelId: opened.channelId,
      extranonceSize,
      groupId: opened.groupChannelId,
      prefix: opened.extranoncePrefix,
      target: opened.target,
      jobs: new ChannelJobs(),
    }
    const difficulty = targetToDifficulty(opened.target)
    this.#out.push({ kind: 'channelOpened', channelId: opened.channelId, difficulty })
  }

  #channelMessage(
    upstream: Upstream,
    message: Extract<Message, { readonly channelId: number }>,
    now: Millis,
  ): void {
    const { channel } = upstream
    if (
      channel === undefined ||
      (message.channelId !== channel.channelId && message.channelId !== channel.groupId)
    ) {
      this.#out.push({ kind: 'messageIgnored', type: message.type, reason: 'for a channel that is not ours' })
      return
    }
    switch (message.type) {
      case 'NewMiningJob':
      case 'NewExtendedMiningJob':
        return this.#job(upstream, channel, message, now)
      case 'SetNewPrevHash':
        return this.#tip(upstream, channel, message, now)
      case 'SetTarget':
        channel.target = message.maximumTarget
        this.#out.push({ kind: 'difficultyChanged', difficulty: targetToDifficulty(message.maximumTarget) })
        return
      case 'SetExtranoncePrefix':
        channel.prefix = message.extranoncePrefix
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
        this.#out.push({ kind: 'messageIgnored', type: message.type, reason: 'no answer is needed' })
    }
  }

  #job(
    upstream: Upstream,
    channel: DeviceChannel,
    message: NewMiningJob | NewExtendedMiningJob,
    now: Millis,
  ): void {
    const job: DeviceJob = { message, prefix: channel.prefix }
    const start = channel.jobs.add(job)
    if (start !== undefined) this.#mine(upstream, { channel, job, ntime: start.minNtime }, now)
  }

  #tip(upstream: Upstream, channel: DeviceChannel, prev: SetNewPrevHash, now: Millis): void {
    this.#stopWork()
    const job = channel.jobs.activate(prev)
    this.#out.push({ kind: 'newPrevHash', prevHash: displayHash(prev.prevHash) })
    if (job !== undefined) return this.#mine(upstream, { channel, job, ntime: prev.minNtime }, now)
    this.#out.push({ kind: 'messageIgnored', type: prev.type, reason: `job ${prev.jobId} is unknown` })
  }

  #mine(
    upstream: Upstream,
    what: { readonly channel: DeviceChannel; readonly job: DeviceJob; readonly ntime: number },
    now: Millis,
  ): void {
    const { channel, job, ntime } = what
    const { tip } = channel.jobs
    if (tip === undefined) return
    this.#workId++
    const fixed =
      ((upstream.flags ?? 0) & REQUIRES_FIXED_VERSION) !== 0 ||
      (job.message.type === 'NewExtendedMiningJob' && !job.message.versionRollingAllowed)
    const work: Work = {
      workId: this.#workId,
      version: job.message.version,
      versionMask: fixed ? 0 : upstream.capabilities.versionRollingMask,
      prevHash: tip.prevHash,
      nbits: tip.nbits,
      ntime: Math.max(ntime, tip.minNtime),
      startedAt: now,
      target: channel.target,
      ...workOfJob(job, channel.extranonceSize, this.#sha256d),
    }
    this.#current = { workId: this.#workId, jobId: job.message.jobId }
    this.#out.push({ kind: 'work', work })
  }

  /** Only work that is still asked for is submitted (DEV-10, DEV-19). */
  #share(found: Extract<DeviceEvent, { kind: 'shareFound' }>): void {
    const channel = this.#upstream?.channel
    if (channel === undefined || this.#current === undefined || found.workId !== this.#current.workId) return
    this.#sequenceNumber++
    const share = {
      channelId: channel.channelId,
      sequenceNumber: this.#sequenceNumber,
      jobId: this.#current.jobId,
      nonce: found.nonce,
      ntime: found.ntime,
      version: found.version,
    }
    if (this.#settings.mode === 'extended') {
      this.#send({ type: 'SubmitSharesExtended', ...share, extranonce: found.extranonce })
    } else this.#send({ type: 'SubmitSharesStandard', ...share })
    this.#out.push({ kind: 'shareSubmitted', sequenceNumber: share.sequenceNumber, jobId: share.jobId })
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
    if (this.#current === undefined) return
    this.#current = undefined
    this.#out.push({ kind: 'work', work: undefined })
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
