import { MAX_TARGET, targetToDifficulty } from '@sv2/bitcoin'
import type { Capabilities, Message } from '@sv2/messages'
import type { SessionEffect } from '@sv2/roles/ground'
import { Pool, type PoolEffect, type PoolSettings } from '@sv2/roles/pool'
import { Agenda } from './agenda.ts'
import { DrawnHash } from './drawn-hash.ts'
import { seededRandom } from './random.ts'
import { StatisticalMiner, type TargetHabit } from './statistical-miner.ts'

export interface WorldSettings {
  readonly pool: PoolSettings
  readonly capabilities: Capabilities
  readonly seed: number
  /** Milliseconds a message is on its way, either way. */
  readonly latencyMs: number
  /** Unix time of the start, ms. */
  readonly start: number
}

/** What was counted on the devices' side. */
export interface Tally {
  found: number
  acknowledged: number
  refused: number
  /** Sum of new_shares_sum. */
  work: bigint
  messages: number
}

type Happening =
  | { readonly kind: 'share'; readonly miner: StatisticalMiner; readonly draw: number }
  | {
      readonly kind: 'up'
      readonly miner: StatisticalMiner
      readonly message: Message
      readonly luck: number
    }
  | { readonly kind: 'down'; readonly to: number | readonly number[]; readonly message: Message }

/** The devices behind one connection. */
interface Connection {
  readonly channels: Map<number, StatisticalMiner>
  readonly groups: Map<number, StatisticalMiner[]>
  /** By request id. */
  readonly miners: StatisticalMiner[]
}

const TEMPLATES = 1
const H_PER_MS = 2 ** 32

/** The shipped pool on virtual time, with devices that draw their shares. One thread, no sockets, no clock. */
export class MiningWorld {
  readonly tally: Tally = { found: 0, acknowledged: 0, refused: 0, work: 0n, messages: 0 }
  readonly pool: Pool
  now: number
  readonly #settings: WorldSettings
  readonly #hash = new DrawnHash()
  readonly #random: () => number
  readonly #agenda = new Agenda<Happening>()
  readonly #connections = new Map<number, Connection>()
  readonly #facts: (fact: PoolEffect) => void
  #stopped = false

  constructor(settings: WorldSettings, onFact: (fact: PoolEffect) => void = () => undefined) {
    this.#settings = settings
    this.#facts = onFact
    this.#random = seededRandom(settings.seed)
    this.now = settings.start
    this.pool = new Pool(settings.pool, { sha256d: this.#hash.sha256d })
    const { capabilities } = settings
    this.#perform(
      this.pool.handle(
        { kind: 'opened', session: TEMPLATES, port: { kind: 'templates' }, capabilities },
        this.now,
      ),
    )
    this.fromProvider({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
  }

  /** A message of the template provider, at once. */
  fromProvider(message: Message): void {
    this.#deliver(TEMPLATES, message)
  }

  /**
   * Connects devices: one connection, a channel each.
   * @param declared factor between the hash rate they declare and the one they have
   */
  connect(
    count: number,
    devices: {
      readonly kind: 'standard' | 'extended'
      readonly speed: number
      readonly habit: TargetHabit
      readonly declared?: number
    },
  ): readonly StatisticalMiner[] {
    const session = this.#connections.size + TEMPLATES + 1
    const miners = Array.from({ length: count }, () => new StatisticalMiner({ session, ...devices }))
    this.#connections.set(session, { channels: new Map(), groups: new Map(), miners })
    const { capabilities } = this.#settings
    this.#perform(
      this.pool.handle({ kind: 'opened', session, port: { kind: 'miners' }, capabilities }, this.now),
    )
    this.#deliver(session, setup())
    const nominalHashRate = devices.speed * H_PER_MS * 1000 * (devices.declared ?? 1)
    for (const index of miners.keys()) {
      const open = { requestId: index, userIdentity: 'sim', nominalHashRate, maxTarget: MAX_TARGET }
      this.#deliver(
        session,
        devices.kind === 'standard'
          ? { type: 'OpenStandardMiningChannel', ...open }
          : { type: 'OpenExtendedMiningChannel', ...open, minExtranonceSize: 8 },
      )
    }
    return miners
  }

  /** Changes what a device gets done. */
  setSpeed(miner: StatisticalMiner, speed: number): void {
    miner.speed = speed
    miner.draws++
    this.#next(miner)
  }

  /** Devices stop finding shares; what is on its way arrives. */
  stop(): void {
    this.#stopped = true
  }

  /** Lets time pass. */
  advance(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const tick = this.pool.nextDeadline()
      const at = Math.min(tick, this.#agenda.next)
      if (at > end) break
      this.now = Math.max(this.now, at)
      if (tick <= this.#agenda.next) this.#perform(this.pool.handle({ kind: 'tick' }, this.now))
      else this.#happen(this.#agenda.take())
    }
    this.now = end
  }

  #happen(happening: Happening): void {
    if (happening.kind === 'down') return this.#arrive(happening.to, happening.message)
    if (happening.kind === 'up') {
      this.#hash.draw(happening.luck)
      return this.#deliver(happening.miner.session, happening.message)
    }
    const { miner } = happening
    if (this.#stopped || happening.draw !== miner.draws) return
    this.#find(miner)
    this.#next(miner)
  }

  #find(miner: StatisticalMiner): void {
    if (miner.jobId === undefined) return
    this.tally.found++
    miner.sequenceNumber++
    const share = {
      channelId: miner.channelId,
      sequenceNumber: miner.sequenceNumber,
      jobId: miner.jobId,
      nonce: miner.sequenceNumber,
      ntime: Math.max(miner.ntime, Math.floor(this.now / 1000)),
      version: 0x2000_0000,
    }
    const message: Message =
      miner.kind === 'standard'
        ? { type: 'SubmitSharesStandard', ...share }
        : { type: 'SubmitSharesExtended', ...share, extranonce: new Uint8Array(miner.extranonceSize) }
    // a hair above: the target was rounded down to 256 bits
    const luck = (miner.difficulty / (1 - this.#random())) * 1.000_000_1
    this.#agenda.push(this.now + this.#settings.latencyMs, { kind: 'up', miner, message, luck })
  }

  #next(miner: StatisticalMiner): void {
    if (this.#stopped || miner.jobId === undefined || miner.speed === 0) return
    const wait = miner.wait(this.#random())
    this.#agenda.push(this.now + wait, { kind: 'share', miner, draw: miner.draws })
  }

  #deliver(session: number, message: Message): void {
    this.#perform(this.pool.handle({ kind: 'message', session, message }, this.now))
  }

  #perform(effects: readonly PoolEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send') this.#send(effect)
      else this.#facts(effect)
    }
  }

  #send({ to, message }: Extract<SessionEffect, { kind: 'send' }>): void {
    if (to === TEMPLATES) return
    this.tally.messages += typeof to === 'number' ? 1 : to.length
    this.#agenda.push(this.now + this.#settings.latencyMs, { kind: 'down', to, message })
  }

  #arrive(to: number | readonly number[], message: Message): void {
    if (typeof to !== 'number') {
      for (const session of to) this.#receive(session, message)
    } else this.#receive(to, message)
  }

  #receive(session: number, message: Message): void {
    const connection = this.#connections.get(session)
    if (connection === undefined) return
    switch (message.type) {
      case 'OpenStandardMiningChannel.Success':
      case 'OpenExtendedMiningChannel.Success':
        return this.#opened(connection, message)
      case 'SubmitShares.Success':
        this.tally.acknowledged += message.newSubmitsAcceptedCount
        this.tally.work += message.newSharesSum
        return
      case 'SubmitShares.Error':
        this.tally.refused++
        return
      case 'SetTarget': {
        const difficulty = targetToDifficulty(message.maximumTarget)
        for (const miner of minersOf(connection, message.channelId))
          if (miner.tell(difficulty)) this.#next(miner)
        return
      }
      case 'NewMiningJob':
      case 'NewExtendedMiningJob':
        if (message.minNtime !== undefined) this.#start(connection, message, message.minNtime)
        return
      case 'SetNewPrevHash':
        return this.#start(connection, message, message.minNtime)
      default:
        return
    }
  }

  #opened(
    connection: Connection,
    opened: Extract<Message, { readonly target: Uint8Array; readonly groupChannelId: number }>,
  ): void {
    const miner = connection.miners[opened.requestId]
    if (miner === undefined) return
    miner.channelId = opened.channelId
    miner.extranonceSize = 'extranonceSize' in opened ? opened.extranonceSize : 0
    miner.told = targetToDifficulty(opened.target)
    connection.channels.set(opened.channelId, miner)
    const group = connection.groups.get(opened.groupChannelId)
    if (group === undefined) connection.groups.set(opened.groupChannelId, [miner])
    else group.push(miner)
  }

  #start(
    connection: Connection,
    job: { readonly channelId: number; readonly jobId: number },
    ntime: number,
  ): void {
    for (const miner of minersOf(connection, job.channelId)) {
      const isFirst = miner.jobId === undefined
      if (miner.start(job.jobId, ntime) || isFirst) this.#next(miner)
    }
  }
}

function minersOf(connection: Connection, id: number): readonly StatisticalMiner[] {
  const miner = connection.channels.get(id)
  return miner === undefined ? (connection.groups.get(id) ?? []) : [miner]
}

function setup(): Message {
  return {
    type: 'SetupConnection',
    protocol: 0,
    minVersion: 2,
    maxVersion: 2,
    flags: 0,
    endpointHost: '',
    endpointPort: 0,
    vendor: 'sim',
    hardwareVersion: '',
    firmware: '',
    deviceId: '',
  }
}
