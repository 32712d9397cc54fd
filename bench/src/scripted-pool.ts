import { loadIdentity } from '@sv2/app-kit'
import type { Message, NewExtendedMiningJob } from '@sv2/messages'
import { formatPoolUrl } from '@sv2/noise'
import { NEVER, type Role, type SessionEffect, type SessionEvent, type SinglePort } from '@sv2/roles/ground'
import { Engine, listen, systemClock, systemNoise } from '@sv2/runtime'

type Event = SessionEvent<SinglePort<'miners'>> | { readonly kind: 'job' }

const PREV_HASH = new Uint8Array(32).fill(0xaa)

/** A pool that does nothing but hand out jobs when told to and take every share: what is measured lies before it. */
class ScriptedPool implements Role<Event, SessionEffect> {
  onShare: () => void = () => undefined
  readonly #target: Uint8Array
  readonly #channels: { readonly session: number; readonly channelId: number }[] = []
  #jobId = 0

  constructor(target: Uint8Array) {
    this.#target = target
  }

  nextDeadline(): number {
    return NEVER
  }

  handle(event: Event): readonly SessionEffect[] {
    if (event.kind === 'job') {
      this.#jobId++
      return this.#channels.map(({ session, channelId }) => say(session, this.#job(channelId)))
    }
    if (event.kind === 'closed') this.#channels.length = 0
    if (event.kind !== 'message') return []
    const { session, message } = event
    switch (message.type) {
      case 'SetupConnection':
        return [say(session, { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })]
      case 'RequestExtensions': {
        const { requestId } = message
        return [say(session, { type: 'RequestExtensions.Success', requestId, supportedExtensions: [] })]
      }
      case 'OpenExtendedMiningChannel':
        return this.#open(session, message.requestId, message.minExtranonceSize)
      case 'SubmitSharesExtended': {
        this.onShare()
        const { channelId, sequenceNumber: lastSequenceNumber } = message
        const answer = { lastSequenceNumber, newSubmitsAcceptedCount: 1, newSharesSum: 1n }
        return [say(session, { type: 'SubmitShares.Success', channelId, ...answer })]
      }
      default:
        return []
    }
  }

  #open(session: number, requestId: number, extranonceSize: number): SessionEffect[] {
    const channelId = this.#channels.length + 1
    this.#channels.push({ session, channelId })
    this.#jobId++
    const jobId = this.#jobId
    const minNtime = Math.floor(Date.now() / 1000)
    return [
      say(session, {
        type: 'OpenExtendedMiningChannel.Success',
        requestId,
        channelId,
        target: this.#target,
        extranoncePrefix: Uint8Array.of(1, 2, 3, 4),
        extranonceSize: Math.max(extranonceSize, 8),
        groupChannelId: 60_000,
      }),
      say(session, { ...this.#job(channelId), minNtime: undefined }),
      say(session, {
        type: 'SetNewPrevHash',
        channelId,
        jobId,
        prevHash: PREV_HASH,
        minNtime,
        nbits: 0x1d00ffff,
      }),
    ]
  }

  #job(channelId: number): NewExtendedMiningJob {
    return {
      type: 'NewExtendedMiningJob',
      channelId,
      jobId: this.#jobId,
      minNtime: Math.floor(Date.now() / 1000),
      version: 0x2000_0000,
      versionRollingAllowed: true,
      merklePath: Array.from({ length: 12 }, (_, step) => new Uint8Array(32).fill(step + 1)),
      coinbaseTxPrefix: new Uint8Array(60).fill(1),
      coinbaseTxSuffix: new Uint8Array(120).fill(2),
    }
  }
}

function say(to: number, message: Message): SessionEffect {
  return { kind: 'send', to, message }
}

/** A scripted pool behind an encrypted door of this process. */
export interface RunningScriptedPool {
  readonly port: number
  /** Where it is reached through another port of this machine. */
  urlAt(port: number): string
  /** Hands out a new job to every channel. */
  job(): void
  onShare(listener: () => void): void
}

/** Opens it, current edition; every share that meets the target is worth sending up. */
export async function startScriptedPool(dataDir: string, target: Uint8Array): Promise<RunningScriptedPool> {
  const role = new ScriptedPool(target)
  const engine = new Engine<Event, SessionEffect>(role, {
    clock: systemClock,
    observer: { onEffect: () => undefined },
  })
  const keys = { dataDir, secretKeyFile: undefined, certValiditySeconds: 3_600 }
  const { identity, authorityKey } = await loadIdentity('current', keys, systemNoise)
  const door = await listen(
    {
      host: '127.0.0.1',
      port: 0,
      edition: 'current',
      noise: true,
      draftCertificate: 'auto',
      maxConnections: 2_000,
      maxConnectionsPerIp: 2_000,
      connectionsPerMinutePerIp: 100_000,
      allowList: ['127.0.0.1'],
      handshakeTimeoutMs: 5_000,
      maxHandshakes: 2_000,
      maxPayloadBytes: 0xff_ffff,
      maxQueuedBytes: 64 * 1024 * 1024,
    },
    engine,
    { port: { kind: 'miners' }, noise: systemNoise, clock: systemClock, identities: { current: identity } },
  )
  return {
    port: door.port,
    urlAt: (port) => formatPoolUrl({ host: '127.0.0.1', port, authorityKey, edition: 'current' }),
    job: () => engine.tell({ kind: 'job' }),
    onShare: (listener) => {
      role.onShare = listener
    },
  }
}
