import type { Capabilities, Message, NewTemplate, SetNewPrevHashTdp } from '@sv2/messages'
import { Pool, type PoolSettings } from '@sv2/roles/pool'
import { V1ToV2, type V1ToV2Effect, type V1ToV2Event, type V1ToV2Settings } from '@sv2/roles/translator'
import type { Notify, Response, Sv1ToMiner, Sv1ToServer } from '@sv2/sv1'
import { Agenda } from './agenda.ts'
import { DrawnHash } from './drawn-hash.ts'
import { seededRandom } from './random.ts'
import { type Sv1Kind, Sv1StatisticalMiner } from './sv1-statistical-miner.ts'

export interface Sv1WorldSettings {
  readonly translator: V1ToV2Settings
  readonly pool: PoolSettings
  readonly capabilities: Capabilities
  readonly seed: number
  /** Milliseconds a line is on its way, either way. */
  readonly latencyMs: number
  /** Unix time of the start, ms. */
  readonly start: number
}

type Happening =
  | { readonly kind: 'login'; readonly miner: Sv1StatisticalMiner }
  | { readonly kind: 'share'; readonly miner: Sv1StatisticalMiner; readonly draw: number }
  | {
      readonly kind: 'up'
      readonly miner: Sv1StatisticalMiner
      readonly message: Sv1ToServer
      readonly luck: number
    }
  | { readonly kind: 'down'; readonly to: readonly number[]; readonly message: Sv1ToMiner }
  | { readonly kind: 'dialed'; readonly upstream: number }

/** A pool of the world; its sessions are numbered by the world. */
interface Upstream {
  readonly pool: Pool
  isUp: boolean
  dialed: boolean
  /** Of its connection with the translator, there and here; undefined while there is none. */
  session: number | undefined
}

const TEMPLATES = 1
const FIRST_V1 = 1_000_000
const DIAL_MS = 300
const SUBSCRIBE_ID = '1'
const SHARE_ID = '9'

/** The shipped translator and pools on virtual time, and V1 devices that draw their shares. */
export class Sv1World {
  readonly translator: V1ToV2
  readonly miners: Sv1StatisticalMiner[] = []
  now: number
  readonly #settings: Sv1WorldSettings
  readonly #hash = new DrawnHash()
  readonly #random: () => number
  readonly #agenda = new Agenda<Happening>()
  readonly #upstreams: readonly Upstream[]
  readonly #onFact: (fact: V1ToV2Effect) => void
  #events: (() => void)[] = []
  #running = false
  #sessions = 1_000
  #templateId = 0n
  #stopped = false

  constructor(settings: Sv1WorldSettings, onFact: (fact: V1ToV2Effect) => void = () => undefined) {
    this.#settings = settings
    this.#onFact = onFact
    this.#random = seededRandom(settings.seed)
    this.now = settings.start
    const { sha256d } = this.#hash
    const randomBytes = (count: number) => Uint8Array.from({ length: count }, () => this.#random() * 256)
    this.translator = new V1ToV2(settings.translator, { sha256d, randomBytes })
    this.#upstreams = settings.translator.work.upstreams.map(() => {
      const pool = new Pool(settings.pool, { sha256d })
      return { pool, isUp: true, dialed: false, session: undefined }
    })
    for (const upstream of this.#upstreams) this.#setUp(upstream)
  }

  /** Tells every pool of a template and its tip. */
  block(template: NewTemplate, tip: SetNewPrevHashTdp): void {
    this.#templateId++
    const templateId = this.#templateId
    for (const upstream of this.#upstreams) {
      this.#fromProvider(upstream, { ...template, templateId })
      this.#fromProvider(upstream, { ...tip, templateId })
    }
  }

  /** Devices log in, one after the other within so many milliseconds. */
  connect(kinds: readonly Sv1Kind[], withinMs: number): readonly Sv1StatisticalMiner[] {
    const miners = kinds.map((kind, at) => new Sv1StatisticalMiner(FIRST_V1 + this.miners.length + at, kind))
    this.miners.push(...miners)
    for (const miner of miners)
      this.#agenda.push(this.now + this.#random() * withinMs, { kind: 'login', miner })
    return miners
  }

  /** A pool goes down or comes back. */
  setUpstream(place: number, isUp: boolean): void {
    const upstream = this.#upstreams[place]
    if (upstream === undefined) throw new RangeError(`no upstream ${place}`)
    upstream.isUp = isUp
    const { session } = upstream
    if (isUp || session === undefined) return
    upstream.session = undefined
    this.#toPool(upstream, { kind: 'closed', session })
    this.#tell({ kind: 'closed', session })
    this.#agenda.push(this.now + DIAL_MS, { kind: 'dialed', upstream: place })
  }

  /** Devices stop finding shares; what is on its way arrives. */
  stop(): void {
    this.#stopped = true
  }

  /** Lets time pass. */
  advance(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const tick = Math.min(
        this.translator.nextDeadline(),
        ...this.#upstreams.map(({ pool }) => pool.nextDeadline()),
      )
      const at = Math.min(tick, this.#agenda.next)
      if (at > end) break
      this.now = Math.max(this.now, at)
      if (tick <= this.#agenda.next) this.#tick()
      else this.#happen(this.#agenda.take())
    }
    this.now = end
  }

  #tick(): void {
    if (this.translator.nextDeadline() <= this.now) this.#tell({ kind: 'tick' })
    for (const upstream of this.#upstreams)
      if (upstream.pool.nextDeadline() <= this.now) this.#toPool(upstream, { kind: 'tick' })
  }

  #happen(happening: Happening): void {
    switch (happening.kind) {
      case 'login':
        return this.#login(happening.miner)
      case 'share':
        if (this.#stopped || happening.draw !== happening.miner.draws || happening.miner.closed !== undefined)
          return
        this.#find(happening.miner)
        return this.#next(happening.miner)
      case 'up':
        if (happening.miner.closed !== undefined) return
        this.#hash.draw(happening.luck)
        return this.#tell({ kind: 'message', session: happening.miner.session, message: happening.message })
      case 'down':
        for (const session of happening.to) this.#arrive(this.miners[session - FIRST_V1]!, happening.message)
        return
      case 'dialed':
        return this.#dialed(happening.upstream)
    }
  }

  #login(miner: Sv1StatisticalMiner): void {
    const { session, kind, user } = miner
    const { capabilities } = this.#settings
    this.#tell({ kind: 'opened', session, port: { kind: 'v1' }, capabilities })
    const { userAgent } = kind
    this.#send(miner, { type: 'mining.subscribe', id: SUBSCRIBE_ID, userAgent })
    this.#send(miner, { type: 'mining.authorize', id: '2', user, password: 'x' })
    if (kind.suggests !== undefined)
      this.#send(miner, { type: 'mining.suggest_difficulty', id: '3', difficulty: kind.suggests })
  }

  #find(miner: Sv1StatisticalMiner): void {
    if (miner.jobId === undefined) return
    miner.found++
    const message: Sv1ToServer = {
      type: 'mining.submit',
      id: SHARE_ID,
      worker: miner.user,
      jobId: miner.jobId,
      extranonce2: miner.extranonce2,
      ntime: miner.ntime,
      nonce: miner.found,
      versionBits: undefined,
    }
    // a hair above: the target was rounded down to 256 bits
    this.#send(miner, message, (miner.difficulty / (1 - this.#random())) * 1.000_000_1)
  }

  #next(miner: Sv1StatisticalMiner): void {
    if (this.#stopped || miner.jobId === undefined || !Number.isFinite(miner.difficulty)) return
    const wait = miner.wait(this.#random())
    this.#agenda.push(this.now + wait, { kind: 'share', miner, draw: miner.draws })
  }

  #send(miner: Sv1StatisticalMiner, message: Sv1ToServer, luck = 0): void {
    this.#agenda.push(this.now + this.#settings.latencyMs, { kind: 'up', miner, message, luck })
  }

  #arrive(miner: Sv1StatisticalMiner, message: Sv1ToMiner): void {
    switch (message.type) {
      case 'response':
        return this.#answered(miner, message)
      case 'mining.set_difficulty':
        if (miner.tell(message.difficulty)) this.#next(miner)
        return
      case 'mining.notify':
        return this.#start(miner, message)
      default:
        return
    }
  }

  #answered(miner: Sv1StatisticalMiner, { id, result, error }: Response): void {
    if (id === SUBSCRIBE_ID) miner.extranonce2 = '00'.repeat((result as [unknown, string, number])[2])
    if (id !== SHARE_ID) return
    if (result === true) {
      miner.accepted++
      miner.firstAccepted ??= this.now
    } else if (error?.[0] === 21) miner.stale++
    else miner.rejected++
  }

  #start(miner: Sv1StatisticalMiner, job: Notify): void {
    const isFirst = miner.jobId === undefined
    if (miner.start(job) || isFirst) this.#next(miner)
  }

  #dialed(place: number): void {
    const upstream = this.#upstreams[place]!
    if (!upstream.dialed || upstream.session !== undefined) return
    if (!upstream.isUp) {
      this.#agenda.push(this.now + DIAL_MS, { kind: 'dialed', upstream: place })
      return this.#tell({ kind: 'unreachable', upstream: place })
    }
    this.#sessions++
    const session = this.#sessions
    upstream.session = session
    const { capabilities } = this.#settings
    this.#toPool(upstream, { kind: 'opened', session, port: { kind: 'miners' }, capabilities })
    this.#tell({ kind: 'opened', session, port: { kind: 'upstream', index: place }, capabilities })
  }

  #setUp(upstream: Upstream): void {
    const { capabilities } = this.#settings
    this.#toPool(upstream, { kind: 'opened', session: TEMPLATES, port: { kind: 'templates' }, capabilities })
    this.#fromProvider(upstream, { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
  }

  #fromProvider(upstream: Upstream, message: Message): void {
    this.#toPool(upstream, { kind: 'message', session: TEMPLATES, message })
  }

  #toPool(upstream: Upstream, event: Parameters<Pool['handle']>[0]): void {
    this.#queue(() => {
      for (const effect of upstream.pool.handle(event, this.now)) {
        if (effect.kind !== 'send' || effect.to === TEMPLATES) continue
        const { message } = effect
        const { session } = upstream
        if (session !== undefined) this.#tell({ kind: 'message', session, message })
      }
    })
  }

  #tell(event: V1ToV2Event): void {
    this.#queue(() => {
      for (const effect of this.translator.handle(event, this.now)) this.#perform(effect)
    })
  }

  /** Roles are told one thing after the other. */
  #queue(event: () => void): void {
    this.#events.push(event)
    if (this.#running) return
    this.#running = true
    for (let at = 0; at < this.#events.length; at++) this.#events[at]!()
    this.#events = []
    this.#running = false
  }

  #perform(effect: V1ToV2Effect): void {
    switch (effect.kind) {
      case 'send':
        return this.#carry(effect.to, effect.message)
      case 'close':
        return this.#cut(effect.session, effect.reason)
      case 'dial':
        this.#upstreams[effect.upstream]!.dialed = true
        return this.#agenda.push(this.now + DIAL_MS, { kind: 'dialed', upstream: effect.upstream })
      case 'hangUp':
        this.#upstreams[effect.upstream]!.dialed = false
        return
      default:
        return this.#onFact(effect)
    }
  }

  #carry(to: number | readonly number[], message: Message | Sv1ToMiner): void {
    const sessions = typeof to === 'number' ? [to] : to
    const [first = 0] = sessions
    if (first < FIRST_V1) {
      const upstream = this.#upstreams.find(({ session }) => session === first)
      if (upstream !== undefined)
        this.#toPool(upstream, { kind: 'message', session: first, message: message as Message })
      return
    }
    const down = { kind: 'down', to: sessions, message: message as Sv1ToMiner } as const
    this.#agenda.push(this.now + this.#settings.latencyMs, down)
  }

  #cut(session: number, reason: string): void {
    if (session >= FIRST_V1) {
      this.miners[session - FIRST_V1]!.closed = reason
      return this.#tell({ kind: 'closed', session })
    }
    const place = this.#upstreams.findIndex((each) => each.session === session)
    const upstream = this.#upstreams[place]
    if (upstream === undefined) return
    upstream.session = undefined
    this.#toPool(upstream, { kind: 'closed', session })
    this.#tell({ kind: 'closed', session })
    this.#agenda.push(this.now + DIAL_MS, { kind: 'dialed', upstream: place })
  }
}
