import { displayHash, MAX_TARGET, type Sha256d, targetToDifficulty } from '@sv2/bitcoin'
import {
  type Capabilities,
  type Message,
  MINING_SETUP_FLAGS,
  MINING_SUCCESS_FLAGS,
  type OpenExtendedMiningChannelSuccess,
  type OpenStandardMiningChannelSuccess,
  PROTOCOL_NUMBERS,
  type SetNewPrevHash,
  WORKER_TRACKING,
} from '@sv2/messages'
import { ExtensionTalk } from '../client/extension-talk.ts'
import { Outbox } from '../ground/outbox.ts'
import type { SinglePort } from '../ground/port.ts'
import type { Millis, Role, SessionEffect, SessionEvent, SessionId } from '../ground/role.ts'
import { PROTOCOL_VERSION, setupRequest } from '../ground/setup.ts'
import { Timers } from '../ground/timers.ts'
import { MAX_FULL_EXTRANONCE } from '../mining/channel/extranonce.ts'
import { DeviceChannel } from './channel.ts'
import type { Start } from './channel-jobs.ts'
import type { DeviceCommand, DeviceFact } from './facts.ts'
import type { FoundShare } from './found-share.ts'
import { grantOf } from './grant.ts'
import { openRequest } from './open-request.ts'
import { RateReport } from './rate-report.ts'
import type { DeviceSettings } from './settings.ts'
import { Workbench } from './workbench.ts'

export type DeviceEvent =
  | SessionEvent<SinglePort<'upstream'>>
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
  /** Id of the last request for a channel; 0: none yet (DEV-03). */
  requestId: number
}

/** After a server closed the channel and kept the connection, this long until another is asked for, ms. */
const REOPEN_AFTER_MS = 30_000

/** A mining device: one channel to one upstream, jobs in, shares out. Hashing itself happens elsewhere (`Work`). */
export class Device implements Role<DeviceEvent, DeviceEffect> {
  readonly #settings: DeviceSettings
  readonly #bench: Workbench
  readonly #rate: RateReport
  readonly #talk: ExtensionTalk
  #upstream: Upstream | undefined
  /** `reopen`: the server closed our channel, and is asked for another. */
  readonly #timers = new Timers('reopen')
  readonly #outbox = new Outbox<DeviceEffect>()

  constructor(settings: DeviceSettings, deps: { readonly sha256d: Sha256d }) {
    this.#settings = settings
    this.#bench = new Workbench(deps.sha256d)
    this.#rate = new RateReport(settings.nominalHashrate)
    this.#talk = this.#timers.add(new ExtensionTalk(settings.extensions ?? []))
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  handle(event: DeviceEvent, now: Millis): readonly DeviceEffect[] {
    switch (event.kind) {
      case 'opened':
        this.#opened(event, now)
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
        this.#tick(now)
        break
    }
    return this.#outbox.take()
  }

  #closed(session: SessionId): void {
    if (this.#upstream?.session !== session) return
    this.#forget()
  }

  #forget(): void {
    this.#upstream = undefined
    this.#timers.stop('reopen')
    this.#talk.closed()
    this.#stopWork()
  }

  #tick(now: Millis): void {
    const upstream = this.#upstream
    if (upstream === undefined) return
    if (now >= this.#talk.nextDeadline()) {
      this.#outbox.emit({ kind: 'extensionsUnanswered' })
      this.#outbox.emit({ kind: 'redial', host: '', port: 0 })
      return this.#close(upstream, 'no answer to RequestExtensions')
    }
    if (this.#timers.isDue('reopen', now)) this.#openChannel(upstream)
  }

  #opened(event: Extract<DeviceEvent, { kind: 'opened' }>, now: Millis): void {
    const { identification, endpoint, mode } = this.#settings
    this.#upstream = {
      session: event.session,
      capabilities: event.capabilities,
      flags: undefined,
      channel: undefined,
      requestId: 0,
    }
    this.#talk.opened(event.capabilities, now)
    const flags = mode === 'standard' ? MINING_SETUP_FLAGS.REQUIRES_STANDARD_JOBS : 0
    this.#send(setupRequest(identification, endpoint, { protocol: PROTOCOL_NUMBERS.mining, flags }))
  }

  #message(upstream: Upstream, message: Message, now: Millis): void {
    switch (message.type) {
      case 'SetupConnection.Success':
        return this.#setUp(upstream, message, now)
      case 'SetupConnection.Error':
        this.#outbox.emit({ kind: 'setupRefused', code: message.errorCode, flags: message.flags })
        return this.#close(upstream, 'setup refused')
      case 'RequestExtensions.Success':
      case 'RequestExtensions.Error':
        return this.#extensionsAnswered(upstream, message, now)
      case 'OpenStandardMiningChannel.Success':
      case 'OpenExtendedMiningChannel.Success':
        return this.#channelOpened(upstream, message)
      case 'OpenMiningChannel.Error':
        this.#outbox.emit({ kind: 'channelRefused', code: message.errorCode })
        return this.#close(upstream, 'channel refused')
      case 'Reconnect':
        this.#outbox.emit({ kind: 'redial', host: message.newHost, port: message.newPort })
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
      case 'ChannelEndpointChanged': {
        const request = this.#talk.renew(now)
        if (request !== undefined) this.#send(request)
        return
      }
      case 'Opaque':
        return
      default:
        this.#ignore(message, 'not for a device')
    }
  }

  #setUp(
    upstream: Upstream,
    { usedVersion, flags }: { readonly usedVersion: number; readonly flags: number },
    now: Millis,
  ): void {
    if (upstream.flags !== undefined) return
    if (usedVersion !== PROTOCOL_VERSION)
      return this.#misbehaved(upstream, `protocol version ${usedVersion} was not offered`)
    upstream.flags = flags
    this.#outbox.emit({ kind: 'connected' })
    const request = this.#talk.setUp(now)
    if (request !== undefined) return this.#send(request)
    this.#openChannel(upstream)
  }

  #extensionsAnswered(
    upstream: Upstream,
    answer: Extract<Message, { type: 'RequestExtensions.Success' | 'RequestExtensions.Error' }>,
    now: Millis,
  ): void {
    const step = this.#talk.answered(answer, now)
    if (step.kind === 'ignore') return this.#ignore(answer, 'not the answer to a request of ours')
    if (step.kind === 'leave') return this.#misbehaved(upstream, step.reason)
    if (step.kind === 'ask') return this.#send(step.request)
    this.#outbox.emit({ kind: 'extensionsAgreed', extensions: step.extensions })
    if (upstream.requestId === 0) this.#openChannel(upstream)
  }

  #openChannel(upstream: Upstream): void {
    this.#timers.stop('reopen')
    upstream.requestId++
    const { requestId, flags = 0 } = upstream
    const request = openRequest(this.#settings, { requestId, flags, hashrate: this.#rate.declared })
    if (typeof request === 'string') return this.#misbehaved(upstream, request)
    this.#send(request)
  }

  #channelOpened(
    upstream: Upstream,
    opened: OpenStandardMiningChannelSuccess | OpenExtendedMiningChannelSuccess,
  ): void {
    if (upstream.channel !== undefined || upstream.requestId === 0) return
    if (opened.requestId !== upstream.requestId) return
    const { mode, minExtranonceSize } = this.#settings
    const kind = mode === 'extended' ? 'extended' : 'standard'
    const grant = grantOf(opened, { kind, minExtranonceSize })
    if (typeof grant === 'string') return this.#misbehaved(upstream, grant)
    upstream.channel = new DeviceChannel(grant)
    const difficulty = targetToDifficulty(opened.target)
    this.#outbox.emit({ kind: 'channelOpened', channelId: opened.channelId, difficulty })
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
        this.#outbox.emit({
          kind: 'difficultyChanged',
          difficulty: targetToDifficulty(message.maximumTarget),
        })
        return
      case 'SetExtranoncePrefix':
        if (message.channelId !== channel.channelId || !this.#fits(channel, message.extranoncePrefix))
          return this.#ignore(message, 'not for one channel, or too long')
        channel.setPrefix(message.extranoncePrefix)
        this.#outbox.emit({ kind: 'prefixChanged', channelId: channel.channelId })
        return
      case 'CloseChannel':
        upstream.channel = undefined
        this.#timers.set('reopen', now + REOPEN_AFTER_MS)
        this.#outbox.emit({ kind: 'channelClosed', channelId: channel.channelId, reason: message.reasonCode })
        return this.#stopWork()
      case 'SubmitShares.Success': {
        const { newSubmitsAcceptedCount: count, newSharesSum: work } = message
        this.#outbox.emit({ kind: 'sharesAccepted', count, work })
        return
      }
      case 'SubmitShares.Error': {
        const { sequenceNumber, errorCode: code } = message
        this.#outbox.emit({ kind: 'shareRefused', sequenceNumber, code })
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
    const start = channel.tip(prev)
    if (start === undefined) this.#stopWork()
    this.#outbox.emit({ kind: 'newPrevHash', prevHash: displayHash(prev.prevHash) })
    if (start === undefined) this.#ignore(prev, `job ${prev.jobId} is unknown`)
    this.#mine(upstream, start, now)
  }

  #mine(upstream: Upstream, start: Start | undefined, now: Millis): void {
    const { channel } = upstream
    if (start === undefined || channel === undefined) return
    const { message } = start.job
    const isFixed =
      ((upstream.flags ?? 0) & MINING_SUCCESS_FLAGS.REQUIRES_FIXED_VERSION) !== 0 ||
      (message.type === 'NewExtendedMiningJob' && !message.versionRollingAllowed)
    if (!this.#bench.isBusy) this.#rate.restart()
    const versionMask = isFixed ? 0 : upstream.capabilities.versionRollingMask
    this.#outbox.emit({ kind: 'work', work: this.#bench.start(channel, start, { versionMask, now }) })
  }

  #share(found: FoundShare, now: Millis): void {
    const channel = this.#upstream?.channel
    if (channel === undefined) return
    const outcome = this.#bench.take(channel, found, now)
    if (outcome === undefined) return
    if (outcome.kind === 'drop') {
      const { jobId, reason } = outcome
      this.#outbox.emit({ kind: 'shareDropped', jobId, reason })
      return
    }
    const { message } = outcome
    const { sequenceNumber, jobId } = message
    const isNamed = message.type === 'SubmitSharesExtended' && this.#talk.has(WORKER_TRACKING)
    this.#send(isNamed ? { ...message, userIdentity: this.#settings.worker ?? '' } : message)
    this.#outbox.emit({ kind: 'shareSubmitted', sequenceNumber, jobId })
  }

  #hashed(hashes: number, now: Millis): void {
    const hashrate = this.#rate.hashed(hashes, now)
    if (hashrate === undefined) return
    this.#outbox.emit({ kind: 'hashrateMeasured', hashrate })
    const channel = this.#upstream?.channel
    if (channel === undefined || !this.#rate.declare(hashrate)) return
    this.#send({
      type: 'UpdateChannel',
      channelId: channel.channelId,
      nominalHashRate: hashrate,
      maximumTarget: MAX_TARGET,
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
    if (this.#bench.stop()) this.#outbox.emit({ kind: 'work', work: undefined })
  }

  #ignore(message: Message, reason: string): void {
    this.#outbox.emit({ kind: 'messageIgnored', type: message.type, reason })
  }

  #misbehaved(upstream: Upstream, reason: string): void {
    this.#outbox.emit({ kind: 'peerMisbehaved', reason })
    this.#close(upstream, reason)
  }

  /** Forgets the server and closes its connection; what it still sends is ignored. */
  #close(upstream: Upstream, reason: string): void {
    this.#forget()
    this.#outbox.emit({ kind: 'close', session: upstream.session, reason })
  }

  #send(message: Message): void {
    if (this.#upstream !== undefined) this.#outbox.emit({ kind: 'send', to: this.#upstream.session, message })
  }
}
