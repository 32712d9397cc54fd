import {
  concatBytes,
  difficultyToTarget,
  encodeHeader,
  meetsTarget,
  merkleRootFromPath,
  sha256d,
  unhex,
} from '@sv2/bitcoin'
import type { Edition } from '@sv2/messages'
import { V2ToV1, type V2ToV1Effect, type V2ToV1Settings } from '@sv2/roles/translator'
import { WireLink } from '@sv2/sim'
import {
  configureResult,
  LineSplitter,
  type Notify,
  type Submit,
  SV1_ERRORS,
  type Sv1ErrorNumber,
  type Sv1ToMiner,
  type Sv1ToServer,
  subscribeResult,
  sv1Client,
  sv1Server,
} from '@sv2/sv1'
import { filled, MINERS, NBITS_HARD, NOW, NTIME } from './_fixtures.ts'
import { TestMiner } from './_test-miner.ts'

/** What a job of a scripted pool says unless the test wants otherwise. */
export function aNotify(overrides: Partial<Notify> = {}): Notify {
  return {
    type: 'mining.notify',
    jobId: 'j1',
    prevHash: filled(0xaa),
    coinbase1: filled(1, 41),
    coinbase2: filled(2, 60),
    merkleBranch: [filled(0x11), filled(0x22)],
    version: 0x2000_0000,
    nbits: NBITS_HARD,
    ntime: NTIME,
    cleanJobs: true,
    ...overrides,
  }
}

/** The pool's end of one connection. */
export class PoolLine {
  readonly session: number
  readonly link: number
  /** Why the translator closed it, or that the pool did. */
  closed: string | undefined
  readonly heard: Sv1ToServer[] = []
  readonly #deliver: (bytes: Uint8Array) => void

  constructor(
    ids: { readonly session: number; readonly link: number },
    deliver: (bytes: Uint8Array) => void,
  ) {
    this.session = ids.session
    this.link = ids.link
    this.#deliver = deliver
  }

  say(...messages: readonly Sv1ToMiner[]): void {
    for (const message of messages) this.#deliver(sv1Server.encode(message))
  }

  /** Says something that need not be a message. */
  sayText(text: string): void {
    this.#deliver(new TextEncoder().encode(`${text}\n`))
  }

  answer(request: { readonly id?: string | undefined }, result: boolean | Sv1ErrorNumber): void {
    const refused = typeof result === 'number'
    this.say({
      type: 'response',
      id: request.id,
      result: refused ? null : result,
      error: refused ? SV1_ERRORS[result] : null,
    })
  }

  /** What came of one kind. */
  of<T extends Sv1ToServer['type']>(type: T): Extract<Sv1ToServer, { type: T }>[] {
    return this.heard.filter((message) => message.type === type) as Extract<Sv1ToServer, { type: T }>[]
  }
}

/** A Stratum V1 pool played by the test: it judges shares for real, unless it is told to keep silent. */
export class ScriptedPool {
  up = true
  extranonce1 = Uint8Array.of(0xe1, 0, 0, 1)
  extranonce2Size = 8
  /** What it lets miners roll; undefined refuses, `silent` answers nothing. */
  mask: number | undefined | 'silent' = 0x1fff_e000
  authorizes = true
  difficulty = 2 ** -28
  job: Notify | undefined = aNotify()
  /** How it answers shares; undefined: it does not. */
  verdict: 'judged' | Sv1ErrorNumber | undefined = 'judged'
  readonly lines: PoolLine[] = []
  readonly submits: { readonly share: Submit; readonly verdict: true | Sv1ErrorNumber }[] = []
  /** Jobs told, with what held then. */
  readonly #jobs = new Map<
    string,
    { readonly notify: Notify; readonly extranonce1: Uint8Array; readonly difficulty: number }
  >()
  readonly #seen = new Set<string>()

  /** The newest connection. */
  get line(): PoolLine {
    const line = this.lines.at(-1)
    if (line === undefined) throw new Error('nobody has connected')
    return line
  }

  /** Tells everybody a job. */
  notify(overrides: Partial<Notify> = {}): Notify {
    const notify = aNotify(overrides)
    this.job = notify
    for (const line of this.lines) if (line.closed === undefined) this.#tell(line, notify)
    return notify
  }

  /** A miner's side connects; `hear` takes its bytes, and `deliver` the pool's messages as they are read there. */
  connect(
    ids: { readonly session: number; readonly link: number },
    deliver: (message: unknown) => void,
  ): { readonly line: PoolLine; readonly hear: (bytes: Uint8Array) => void } {
    const toMiner = new LineSplitter({ maxLength: 1 << 20 })
    const toPool = new LineSplitter()
    const line = new PoolLine(ids, (bytes) => {
      for (const text of toMiner.push(bytes)) deliver(sv1Client.decode(text))
    })
    this.lines.push(line)
    const hear = (bytes: Uint8Array): void => {
      for (const text of toPool.push(bytes)) this.hear(line, sv1Server.decode(text))
    }
    return { line, hear }
  }

  hear(line: PoolLine, message: Sv1ToServer): void {
    line.heard.push(message)
    switch (message.type) {
      case 'mining.configure': {
        const { mask } = this
        if (mask === 'silent') return
        const result = configureResult({ versionRolling: mask === undefined ? false : { mask } })
        return line.say({ type: 'response', id: message.id, result, error: null })
      }
      case 'mining.subscribe': {
        const { extranonce1, extranonce2Size } = this
        const result = subscribeResult({ extranonce1, extranonce2Size })
        return line.say({ type: 'response', id: message.id, result, error: null })
      }
      case 'mining.authorize':
        line.answer(message, this.authorizes ? true : 24)
        line.say({ type: 'mining.set_difficulty', difficulty: this.difficulty })
        return this.job === undefined ? undefined : this.#tell(line, this.job)
      case 'mining.submit':
        return this.#submitted(line, message)
      case 'mining.extranonce.subscribe':
        return line.answer(message, true)
      default:
    }
  }

  #tell(line: PoolLine, notify: Notify): void {
    const { extranonce1, difficulty } = this
    this.#jobs.set(notify.jobId, { notify, extranonce1, difficulty })
    line.say(notify)
  }

  #submitted(line: PoolLine, share: Submit): void {
    const verdict = this.#judge(share)
    this.submits.push({ share, verdict })
    if (this.verdict === undefined) return
    line.answer(share, this.verdict === 'judged' ? verdict : this.verdict)
  }

  #judge(share: Submit): true | Sv1ErrorNumber {
    const job = this.#jobs.get(share.jobId)
    if (job === undefined) return 21
    const extranonce2 = unhex(share.extranonce2)
    if (extranonce2.length !== this.extranonce2Size) return 20
    const { notify } = job
    if (share.ntime < notify.ntime) return 20
    const coinbase = concatBytes(notify.coinbase1, job.extranonce1, extranonce2, notify.coinbase2)
    const mask = typeof this.mask === 'number' ? this.mask : 0
    if (mask === 0 && share.versionBits !== undefined) return 20
    const bits = share.versionBits ?? notify.version
    const header = encodeHeader({
      version: ((notify.version & ~mask) | (bits & mask)) >>> 0,
      prevHash: notify.prevHash,
      merkleRoot: merkleRootFromPath(sha256d(coinbase), notify.merkleBranch, sha256d),
      ntime: share.ntime,
      nbits: notify.nbits,
      nonce: share.nonce,
    })
    const key = String(header)
    if (this.#seen.has(key)) return 22
    this.#seen.add(key)
    return meetsTarget(sha256d(header), difficultyToTarget(job.difficulty)) ? true : 23
  }
}

export interface TranslatorOverrides extends Partial<Omit<V2ToV1Settings, 'miners' | 'pools'>> {
  readonly miners?: Partial<V2ToV1Settings['miners']>
  readonly pool?: Partial<V2ToV1Settings['pools'][number]>
}

/** Settings of a translator for so many pools, all but what matters left alone. */
export function v2ToV1Settings(pools: number, over: TranslatorOverrides = {}): V2ToV1Settings {
  const { miners, pool, ...rest } = over
  return {
    miners: { ...MINERS, extranonce: { serverId: new Uint8Array(0), leaseBytes: 2 }, ...miners },
    pools: Array.from({ length: pools }, (_, index) => ({
      host: `${index}.pool.test`,
      port: 3333,
      user: `me${index}`,
      password: 'x',
      versionRolling: true,
      extranonceSubscribe: true,
      ...pool,
    })),
    returnAfterMs: 30_000,
    aggregate: true,
    maxPoolConnections: 100,
    userAgent: 'test/1',
    followReconnect: 'same-domain',
    ...rest,
  }
}

/** A translator on virtual time between devices, through the bytes of an edition, and V1 pools, through lines. */
export class TranslatorWorld extends WireLink<V2ToV1Effect> {
  readonly pools: readonly ScriptedPool[]
  readonly dialed = new Map<number, number>()
  readonly redials: Extract<V2ToV1Effect, { kind: 'redial' }>[] = []
  readonly #lines = new Map<number, { readonly line: PoolLine; readonly hear: (bytes: Uint8Array) => void }>()
  #session = 1_000_000

  constructor(pools: readonly ScriptedPool[], over: TranslatorOverrides = {}) {
    const role = new V2ToV1(v2ToV1Settings(pools.length, over), { sha256d })
    super(role as never, NOW)
    this.pools = pools
    this.deliver({ kind: 'tick' })
    this.connectPools()
  }

  get translator(): V2ToV1 {
    return this.role as never
  }

  miner(edition: Edition, flags = 0): TestMiner {
    return new TestMiner(this, edition, flags)
  }

  /** Makes the connections that are dialed and not there; those to a pool that is down fail. */
  connectPools(): void {
    for (const [link, index] of [...this.dialed]) {
      const isThere = [...this.#lines.values()].some(({ line }) => line.link === link)
      if (isThere) continue
      if (this.pools[index]!.up) this.#open(link, this.pools[index]!)
      else this.tell({ kind: 'unreachable', link })
    }
  }

  /** The pool ends a connection. */
  drop(line: PoolLine): void {
    line.closed = 'the pool left'
    this.#lines.delete(line.session)
    this.deliver({ kind: 'closed', session: line.session })
  }

  override perform(effects: readonly V2ToV1Effect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'dial':
          this.dialed.set(effect.link, effect.pool)
          break
        case 'hangUp':
          this.dialed.delete(effect.link)
          break
        case 'redial':
          this.redials.push(effect)
          break
        case 'send': {
          const known = typeof effect.to === 'number' ? this.#lines.get(effect.to) : undefined
          if (known === undefined) super.perform([effect])
          else known.hear(sv1Client.encode(effect.message as never))
          break
        }
        case 'close': {
          const known = this.#lines.get(effect.session)
          if (known === undefined) {
            super.perform([effect])
            break
          }
          known.line.closed = effect.reason
          this.#lines.delete(effect.session)
          this.deliver({ kind: 'closed', session: effect.session })
          break
        }
        default:
          super.perform([effect])
      }
    }
  }

  #open(link: number, pool: ScriptedPool): void {
    this.#session++
    const session = this.#session
    const known = pool.connect({ session, link }, (message) =>
      this.deliver({ kind: 'message', session, message: message as never }),
    )
    this.#lines.set(session, known)
    this.deliver({
      kind: 'opened',
      session,
      port: { kind: 'pool', index: link },
      capabilities: V1_CAPABILITIES,
    })
  }
}

/** What a V1 connection can do. */
export const V1_CAPABILITIES = {
  versionRollingMask: 0,
  maxExtranonceSize: 8,
  takesGroupJobs: true,
  groupsExtendedChannels: true,
  extensions: false,
  jobDialogue: 'declare',
} as const

/** A translator with one pool that has connected. */
export function aTranslator(over: TranslatorOverrides & { readonly difficulty?: number } = {}): {
  readonly world: TranslatorWorld
  readonly pool: ScriptedPool
} {
  const { difficulty, ...rest } = over
  const pool = new ScriptedPool()
  if (difficulty !== undefined) pool.difficulty = difficulty
  return { world: new TranslatorWorld([pool], rest), pool }
}
