import { once } from 'node:events'
import { connect } from 'node:net'
import { Child } from './child.ts'
import { type ChannelKind, Miner, type OpenedChannel } from './miner.ts'
import type { Measurement } from './report.ts'
import { poolConfig, startTemplateSource } from './templates.ts'

/** Shares of one run, and how many may be unanswered at one time. */
const SHARES = 400_000
const WARM_UP = 60_000
const IN_FLIGHT = 20_000
/** How often it is looked whether all shares are counted, at most. */
const COUNTED_LOOKS = 15

/** What one run came to. */
export interface Run {
  readonly perSecond: number
  readonly perSecondAndCore: number
  readonly cpuMicros: number
}

/** (a) Shares judged by a pool process, against the least a V1 pool does for the same share. */
export async function measureShares(dataDir: string): Promise<Measurement[]> {
  const baseline = await sv1Baseline()
  const rows: Measurement[] = [row('SV1 JSON loop, 1 connection (baseline)', baseline, baseline)]
  for (const [edition, kind] of [
    ['current', 'standard'],
    ['current', 'extended'],
    ['draft', 'standard'],
  ] as const) {
    for (const [connections, channels] of [
      [1, 1_000],
      [1_000, 1],
    ] as const) {
      const run = await judgedShares({
        edition,
        kind,
        connections,
        channels,
        dataDir: `${dataDir}/${edition}-${kind}-${connections}`,
      })
      const name = kind === 'extended' ? `${edition}, a new extranonce each` : edition
      rows.push(row(`${name}, ${connections} connection(s) × ${channels} channel(s)`, run, baseline))
    }
  }
  return rows
}

function row(name: string, run: Run, baseline: Run): Measurement {
  return {
    part: 'share',
    name,
    values: {
      'shares/s': Math.round(run.perSecond),
      'shares/s and core': Math.round(run.perSecondAndCore),
      'CPU µs/share': round(run.cpuMicros),
      'against SV1': `${round(baseline.cpuMicros / run.cpuMicros)} ×`,
    },
  }
}

/** The load of one run, and the pool that it meets. */
export interface ShareLoad {
  readonly edition: 'current' | 'draft'
  /** Standard channels when missing. On extended ones each share has an extranonce of its own. */
  readonly kind?: ChannelKind
  readonly connections: number
  /** Of each connection. */
  readonly channels: number
  readonly dataDir: string
  /** Sections of the pool's configuration, in place of the usual ones. */
  readonly pool?: object
}

/** Shares judged by a pool process. */
export async function judgedShares(load: ShareLoad): Promise<Run> {
  const { edition, kind = 'standard', connections, channels, dataDir, pool = {} } = load
  const source = await startTemplateSource()
  const config = { ...(poolConfig(source, edition, dataDir) as object), ...pool }
  const child = Child.start('app-process.ts', { app: 'pool', config })
  const { urls } = await child.next<{ urls: string[] }>('urls')
  await new Promise((resolve) => setTimeout(resolve, 500))
  const loads: Load[] = []
  for (let n = 0; n < connections; n++) {
    const miner = await Miner.connect(urls[0]!)
    loads.push(new Load(miner, await miner.open(channels, { kind })))
  }
  await sendAll(loads, WARM_UP)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const before = await child.usage()
  const started = performance.now()
  await sendAll(loads, SHARES)
  const seconds = (performance.now() - started) / 1000
  // worker processes tell what they have counted every two seconds
  const counted = async () => ((await child.counts()).accepted ?? 0) - before.accepted
  for (let looks = 0; looks < COUNTED_LOOKS && (await counted()) < SHARES * 0.999; looks++)
    await new Promise((resolve) => setTimeout(resolve, 200))
  const after = await child.usage()
  for (const { miner } of loads) miner.end()
  child.stop()
  const judged = after.accepted - before.accepted
  if (judged < SHARES * 0.999) throw new Error(`only ${judged} of ${SHARES} shares were accepted`)
  return result(judged, seconds, after.cpuMicros - before.cpuMicros)
}

/** Shares of one connection, a fresh nonce each, over all its channels in turn. */
export class Load {
  readonly miner: Miner
  readonly #channels: readonly OpenedChannel[]
  #sent = 0
  /** Answered, one way or the other; and of them those that were accepted. */
  acknowledged = 0
  accepted = 0
  onAnswer: () => void = () => undefined

  constructor(miner: Miner, channels: readonly OpenedChannel[]) {
    this.miner = miner
    this.#channels = channels
    miner.onMessage = (message) => {
      // One hash in 65,536 is above even the easiest target of the difficulty ladder; it is judged all the same.
      if (message.type === 'SubmitShares.Error') this.acknowledged++
      else if (message.type === 'SubmitShares.Success') {
        this.acknowledged += message.newSubmitsAcceptedCount
        this.accepted += message.newSubmitsAcceptedCount
      } else return
      this.onAnswer()
    }
  }

  send(count: number): void {
    const frames: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      const channel = this.#channels[this.#sent % this.#channels.length]!
      const { extranonceSize, ...rest } = channel
      const share = { sequenceNumber: this.#sent, nonce: this.#sent, ...rest }
      frames.push(
        this.miner.speller.encode(
          extranonceSize === 0
            ? { type: 'SubmitSharesStandard', ...share }
            : { type: 'SubmitSharesExtended', ...share, extranonce: numbered(extranonceSize, this.#sent) },
        ),
      )
      this.#sent++
    }
    this.miner.socket.write(this.miner.transport.seal(frames))
  }

  get unanswered(): number {
    return this.#sent - this.acknowledged
  }
}

function numbered(size: number, n: number): Uint8Array {
  const extranonce = new Uint8Array(size)
  new DataView(extranonce.buffer).setUint32(size - 4, n)
  return extranonce
}

/** Sends so many shares over all of them, and waits for the answers. */
export async function sendAll(loads: readonly Load[], shares: number): Promise<void> {
  const each = Math.ceil(shares / loads.length)
  const window = Math.max(20, Math.floor(IN_FLIGHT / loads.length))
  const batch = Math.max(10, Math.floor(window / 4))
  await Promise.all(
    loads.map(
      (load) =>
        new Promise<void>((resolve) => {
          let left = each
          const goal = load.acknowledged + load.unanswered + each
          const more = (): void => {
            while (left > 0 && load.unanswered + batch <= window) {
              const count = Math.min(batch, left)
              left -= count
              load.send(count)
            }
            if (load.acknowledged >= goal) resolve()
          }
          load.onAnswer = more
          more()
        }),
    ),
  )
}

/** The least a V1 pool does in this runtime for a share. */
export async function sv1Baseline(): Promise<Run> {
  const child = Child.start('sv1-process.ts', null)
  const { port } = await child.next<{ port: number }>('port')
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  let sent = 0
  let answered = 0
  let wake = (): void => undefined
  socket.on('data', (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 0x0a) answered++
    wake()
  })
  const run = (shares: number): Promise<void> =>
    new Promise((resolve) => {
      const goal = sent + shares
      wake = () => {
        while (sent < goal && sent - answered < IN_FLIGHT) {
          let text = ''
          for (let i = 0; i < 500; i++) text += submitLine(sent++)
          socket.write(text)
        }
        if (answered >= goal) resolve()
      }
      wake()
    })
  await run(WARM_UP)
  const before = await child.usage()
  const started = performance.now()
  await run(SHARES)
  const seconds = (performance.now() - started) / 1000
  const after = await child.usage()
  socket.destroy()
  child.stop()
  return result(after.accepted - before.accepted, seconds, after.cpuMicros - before.cpuMicros)
}

/** A line as real miners send it. */
export function submitLine(n: number): string {
  const nonce = (n >>> 0).toString(16).padStart(8, '0')
  return `{"id":${n},"method":"mining.submit","params":["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.rig01","3a7f","0000000000000001","66d1f2a0","${nonce}","00c00000"]}\n`
}

function result(shares: number, seconds: number, cpuMicros: number): Run {
  return {
    perSecond: shares / seconds,
    perSecondAndCore: (shares * 1e6) / cpuMicros,
    cpuMicros: cpuMicros / shares,
  }
}

/** Three digits. */
export function round(value: number): number {
  return Number(value.toPrecision(3))
}
