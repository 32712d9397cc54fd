import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sha256, unhex } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { Pool, type PoolEffect } from '@sv2/roles/pool'
import { EDITIONS, fastSha256d } from '@sv2/runtime'
import type { Measurement } from './report.ts'

const COUNTS = [1_000, 10_000, 100_000] as const
const PER_CONNECTION = 1_000
const SHARES = 200_000

/** (f) Cost of the pool role alone, without sockets and ciphers, from 1,000 to 100,000 channels. */
export function measureChannels(): Measurement[] {
  // Compiled code and caches of the first run belong to no channel.
  new RoleBench(COUNTS[0]).shares()
  return COUNTS.map((channels) => {
    const bench = new RoleBench(channels)
    const { shareMicros, baselineMicros } = bench.shares()
    const tick = bench.ticks()
    const tip = bench.tip()
    return {
      part: 'channels',
      name: `${channels.toLocaleString('en-US')} channels`,
      values: {
        'share judged, µs': round(shareMicros),
        'double SHA-256 of a header, µs (baseline)': round(baselineMicros),
        'second of upkeep per channel, µs': round((tick * 1000) / channels),
        'new tip per channel (header-only), µs': round((tip * 1000) / channels),
        'heap per channel, bytes': Math.round(bench.heapPerChannel),
      },
    }
  })
}

/** This process was not started for measurements: it asks for the collector itself. */
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

class RoleBench {
  readonly #pool: Pool
  readonly #channels: { readonly session: number; readonly channelId: number }[] = []
  /** All channels have the same one. */
  #job: { readonly jobId: number; readonly version: number } | undefined
  readonly heapPerChannel: number
  #now = 1_750_000_000_000
  #height = 1
  #nonce = 0

  constructor(channels: number) {
    this.#pool = makePool()
    this.#handle({
      kind: 'opened',
      session: 0,
      port: { kind: 'templates' },
      capabilities: EDITIONS.current.capabilities,
    })
    this.#message(0, { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
    this.tip()
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    for (let session = 1; this.#channels.length < channels; session++) this.#connect(session)
    collectGarbage()
    this.heapPerChannel = (process.memoryUsage().heapUsed - before) / channels
  }

  shares(): { readonly shareMicros: number; readonly baselineMicros: number } {
    const header = new Uint8Array(80)
    const baseline = performance.now()
    for (let n = 0; n < SHARES; n++) {
      header[0] = n & 0xff
      fastSha256d(header)
    }
    const baselineMicros = ((performance.now() - baseline) * 1000) / SHARES
    // The first share of a channel on a job computes its merkle root; that is the new tip's cost, not the share's.
    this.#submit(Math.max(SHARES / 4, this.#channels.length))
    const started = performance.now()
    this.#submit(SHARES)
    return { shareMicros: ((performance.now() - started) * 1000) / SHARES, baselineMicros }
  }

  /** Milliseconds of one second of upkeep: acknowledgements and vardiff. */
  ticks(): number {
    const started = performance.now()
    for (let n = 0; n < 10; n++) {
      this.#now += 1_000
      this.#handle({ kind: 'tick' })
    }
    return (performance.now() - started) / 10
  }

  /** Milliseconds for a new tip to all. */
  tip(): number {
    this.#height++
    const started = performance.now()
    const templateId = BigInt(this.#height)
    this.#message(0, {
      type: 'NewTemplate',
      templateId,
      futureTemplate: true,
      version: 0x20000000,
      coinbaseTxVersion: 2,
      coinbasePrefix: Uint8Array.of(3, 1, 2, 3),
      coinbaseTxInputSequence: 0xffffffff,
      coinbaseTxValueRemaining: 312_500_000n,
      coinbaseTxOutputsCount: 0,
      coinbaseTxOutputs: new Uint8Array(0),
      coinbaseTxLocktime: 0,
      merklePath: Array.from({ length: 12 }, (_, n) => sha256(Uint8Array.of(n))),
    })
    const effects = this.#message(0, {
      type: 'SetNewPrevHashTdp',
      templateId,
      prevHash: new Uint8Array(32).fill(this.#height),
      headerTimestamp: Math.floor(this.#now / 1000),
      nbits: 0x1d00ffff,
      target: new Uint8Array(32),
    })
    for (const effect of effects) this.#learn(effect)
    this.#tellAll()
    return performance.now() - started
  }

  /** Jobs go out in slices: what one event left untold is told by the ticks that the role asks for at once. */
  #tellAll(): void {
    while (this.#pool.nextDeadline() <= this.#now)
      for (const effect of this.#handle({ kind: 'tick' })) this.#learn(effect)
  }

  #connect(session: number): void {
    this.#handle({
      kind: 'opened',
      session,
      port: { kind: 'miners' },
      capabilities: EDITIONS.current.capabilities,
    })
    this.#message(session, {
      type: 'SetupConnection',
      protocol: 0,
      minVersion: 2,
      maxVersion: 2,
      flags: 1,
      endpointHost: '',
      endpointPort: 0,
      vendor: '',
      hardwareVersion: '',
      firmware: '',
      deviceId: '',
    })
    const maxTarget = new Uint8Array(32).fill(0xff)
    for (let requestId = 0; requestId < PER_CONNECTION; requestId++) {
      const effects = this.#message(session, {
        type: 'OpenStandardMiningChannel',
        requestId,
        userIdentity: 'bench',
        nominalHashRate: 0,
        maxTarget,
      })
      for (const effect of effects) {
        if (effect.kind === 'channelOpened') {
          this.#channels.push({ session, channelId: effect.channelId })
        }
      }
      for (const effect of effects) this.#learn(effect)
    }
    this.#tellAll()
  }

  /** The job of the newest tip, for the shares to come. */
  #learn(effect: PoolEffect): void {
    if (effect.kind === 'send' && effect.message.type === 'NewMiningJob') this.#job = effect.message
  }

  #submit(shares: number): void {
    const ntime = Math.floor(this.#now / 1000)
    const { jobId = 0, version = 0 } = this.#job ?? {}
    let accepted = 0
    for (let n = 0; n < shares; n++) {
      const channel = this.#channels[n % this.#channels.length]!
      this.#nonce++
      const [effect] = this.#message(channel.session, {
        type: 'SubmitSharesStandard',
        channelId: channel.channelId,
        sequenceNumber: this.#nonce,
        jobId,
        nonce: this.#nonce,
        ntime,
        version,
      })
      if (effect?.kind === 'shareAccepted') accepted++
    }
    // refused ones cost less: few hashes are above the easiest of all targets
    if (accepted < shares * 0.999) throw new Error(`only ${accepted} of ${shares} shares were accepted`)
  }

  #message(session: number, message: Message): readonly PoolEffect[] {
    return this.#handle({ kind: 'message', session, message })
  }

  #handle(event: Parameters<Pool['handle']>[0]): readonly PoolEffect[] {
    return this.#pool.handle(event, this.#now)
  }
}

function makePool(): Pool {
  return new Pool(
    {
      miners: {
        extranonce: { serverId: Uint8Array.of(0, 0), leaseBytes: 4 },
        maxChannels: 1_000_000,
        maxChannelsPerConnection: 100_000,
        sharesPerMinute: 6,
        shareBatchSize: 10,
        shareBatchMs: 1_000,
        difficultySteps: 4,
        minDifficulty: 1e-12,
        startDifficulty: 1e-11,
        vardiff: false,
        extendedChannelsOnly: false,
        openChannelWithinMs: 3_600_000,
        onlyRefusalsMs: 3_600_000,
        extensions: { supported: new Set(), required: new Set() },
      },
      versionRolling: true,
      rollableExtranonceSize: 8,
      fullExtranonceSize: 32,
      templates: {
        identification: { vendor: 'bench', hardwareVersion: '', firmware: '', deviceId: '' },
        endpoint: { host: '', port: 0 },
        outputSize: 51,
        workMaxAgeMs: 120_000,
        outputSigops: 4,
      },
      payout: { mode: 'pool', script: unhex(`0014${'11'.repeat(20)}`) },
      coinbaseTag: new Uint8Array(0),
      jobRefreshMs: 3_600_000,
    },
    { sha256d: fastSha256d },
  )
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}
