import { concatBytes, encodeCompactSize, encodeOutput, sha256, sha256d, type TxOutput } from '@sv2/bitcoin'
import type { Edition, Message, MessageNamed, NewTemplate, SetNewPrevHashTdp } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import type { JobClientEffect, JobClientFact } from '@sv2/roles/negotiator'
import { JobClient } from '@sv2/roles/negotiator'
import { WireLink, type WirePeer } from '@sv2/sim'
import { aTemplate, aTip, EASY_TARGET, filled, NOW } from './_fixtures.ts'
import { clientSettings, FRONT, type JobClientOverrides } from './_job-client-settings.ts'

export { OWN_SCRIPT } from './_job-client-settings.ts'

/** What a pool of these tests is paid to. */
export const POOL_SCRIPT: Uint8Array = concatBytes(Uint8Array.of(0, 20), filled(0x51, 20))
/** Transactions of every template; opaque to the client. */
export const TRANSACTIONS: readonly Uint8Array[] = [filled(0x61, 100), filled(0x62, 200), filled(0x63, 300)]
export const EXCESS: Uint8Array = filled(0, 32)

/** A negotiator client on virtual time; template provider, pools, servers and miners are played by the test. */
export class JobClientWorld {
  readonly link: WireLink<JobClientEffect>
  readonly client: JobClient
  templates: WirePeer | undefined
  /** Constraints that the provider was told. */
  readonly constraints: MessageNamed<'CoinbaseOutputConstraints'>[] = []
  /** How often it was asked for transactions. */
  transactionsAsked = 0
  #random = 0

  constructor(overrides: JobClientOverrides = {}) {
    this.client = new JobClient(clientSettings(overrides), {
      sha256,
      sha256d,
      randomBytes: (count) => filled(++this.#random & 0xff, count),
      front: FRONT,
    })
    this.link = new WireLink<JobClientEffect>(this.client as never, NOW)
    this.link.tell({ kind: 'tick' })
  }

  /** Connects a template provider, which knows a tip unless told otherwise. */
  provide(edition: Edition = current, tip: Partial<SetNewPrevHashTdp> = {}): WirePeer {
    const templates = this.link.connect({
      port: { kind: 'templates' },
      edition,
      protocol: 'templates',
      plays: 'server',
    })
    templates.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
    this.templates = templates
    this.tip({}, tip)
    return templates
  }

  /** A new tip, or the first one. */
  tip(template: Partial<NewTemplate> = {}, tip: Partial<SetNewPrevHashTdp> = {}): void {
    const sent = aTemplate(template)
    this.templates?.send(sent, aTip({ templateId: sent.templateId, ...tip }))
    this.answerTemplates()
  }

  /** A better template for the present tip. */
  update(templateId: bigint, template: Partial<NewTemplate> = {}): void {
    this.templates?.send(aTemplate({ templateId, futureTemplate: false, ...template }))
    this.answerTemplates()
  }

  /** The provider hands out the transactions it was asked for; answers the solutions it was told. */
  answerTemplates(): Message[] {
    const others: Message[] = []
    for (const message of this.templates?.received() ?? []) {
      if (message.type === 'CoinbaseOutputConstraints') this.constraints.push(message)
      if (message.type === 'SubmitSolution') others.push(message)
      if (message.type !== 'RequestTransactionData') continue
      this.transactionsAsked++
      this.templates?.send({
        type: 'RequestTransactionData.Success',
        templateId: message.templateId,
        excessData: EXCESS,
        transactionList: [...TRANSACTIONS],
      })
    }
    return others
  }

  /** Facts since the last call. */
  told<K extends JobClientFact['kind']>(kind: K): Extract<JobClientFact, { kind: K }>[] {
    return this.link.factsOf(kind as never) as unknown as Extract<JobClientFact, { kind: K }>[]
  }
}

/** What a scripted pool and its server are like. */
export interface PairHabits {
  readonly edition?: Edition
  readonly place?: number
  /** Bytes of extranonce granted; as many as asked for when missing. */
  readonly extranonceSize?: number
  readonly outputs?: readonly TxOutput[]
  readonly asyncMining?: boolean
  /** The tokens that come with consent are those that were shown. */
  readonly keepsToken?: boolean
  readonly flags?: number
  /** Extensions that pool and server agree to. */
  readonly extensions?: readonly number[] | undefined
  /** Of them, those of the pool; all of them when missing. */
  readonly poolExtensions?: readonly number[]
}

/** A pool and its server, played by the test. They answer what they are asked only as far as they are told to. */
export class ScriptedPair {
  readonly world: JobClientWorld
  readonly habits: PairHabits
  readonly edition: Edition
  readonly pool: WirePeer
  server: WirePeer
  /** Everything each of them was told. */
  readonly poolLog: Message[] = []
  readonly serverLog: Message[] = []
  #tokens = 0
  #jobs = 40
  /** So much of the server's log has been looked through for requests for tokens. */
  #answered = 0

  constructor(world: JobClientWorld, habits: PairHabits = {}) {
    this.world = world
    this.habits = habits
    this.edition = habits.edition ?? current
    const { place = 0 } = habits
    const plays = 'server'
    const { edition } = this
    const port = { kind: 'pool', index: place }
    this.pool = world.link.connect({ port, edition, protocol: 'mining', plays })
    this.pool.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: habits.flags ?? 0 })
    this.#agreeTo(this.takePool(), this.pool, habits.poolExtensions)
    this.server = this.connectServer()
  }

  #agreeTo(messages: readonly Message[], peer: WirePeer, extensions = this.habits.extensions ?? []): void {
    for (const message of messages) {
      if (message.type !== 'RequestExtensions') continue
      const { requestId, requestedExtensions } = message
      const supportedExtensions = extensions.filter((id) => requestedExtensions.includes(id))
      peer.send(
        supportedExtensions.length > 0
          ? { type: 'RequestExtensions.Success', requestId, supportedExtensions }
          : {
              type: 'RequestExtensions.Error',
              requestId,
              unsupportedExtensions: requestedExtensions,
              requiredExtensions: [],
            },
      )
    }
  }

  /** The server comes, or comes back. */
  connectServer(edition = this.edition): WirePeer {
    const { place = 0 } = this.habits
    const port = { kind: 'negotiator', index: place }
    this.#answered = this.serverLog.length
    this.server = this.world.link.connect({ port, edition, protocol: 'negotiation', plays: 'server' })
    this.server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
    this.#agreeTo(this.takeServer(), this.server)
    return this.server
  }

  /** What the pool was told since the last call. */
  takePool(): Message[] {
    const received = this.pool.received()
    this.poolLog.push(...received)
    return received
  }

  /** What the server was told since the last call. */
  takeServer(): Message[] {
    const received = this.server.received()
    this.serverLog.push(...received)
    return received
  }

  /** Opens the channel and gives tokens as often as asked. */
  open(): void {
    for (const message of this.takePool()) {
      if (message.type !== 'OpenExtendedMiningChannel') continue
      this.pool.send({
        type: 'OpenExtendedMiningChannel.Success',
        requestId: message.requestId,
        channelId: 7,
        target: EASY_TARGET,
        extranonceSize: this.habits.extranonceSize ?? message.minExtranonceSize,
        extranoncePrefix: filled(0xd0 + (this.habits.place ?? 0), 4),
        groupChannelId: 6,
      })
    }
    this.giveTokens()
  }

  /** Answers what tokens it was asked for. */
  giveTokens(): void {
    const { outputs = [{ value: 0n, script: POOL_SCRIPT }], asyncMining = true } = this.habits
    this.takeServer()
    const asked = this.serverLog.slice(this.#answered)
    this.#answered = this.serverLog.length
    for (const message of asked) {
      if (message.type !== 'AllocateMiningJobToken') continue
      this.server.send({
        type: 'AllocateMiningJobToken.Success',
        requestId: message.requestId,
        miningJobToken: this.nextToken(),
        coinbaseTxOutputs:
          outputs.length === 0
            ? new Uint8Array(0)
            : concatBytes(encodeCompactSize(outputs.length), ...outputs.map(encodeOutput)),
        coinbaseOutputMaxAdditionalSize: 31,
        asyncMiningAllowed: asyncMining,
      })
    }
  }

  nextToken(): Uint8Array {
    this.#tokens++
    return Uint8Array.of(this.#tokens, this.habits.place ?? 0)
  }

  /** The newest proposal; undefined when there is none. */
  get proposal(): MessageNamed<'DeclareMiningJob'> | MessageNamed<'CommitMiningJob'> | undefined {
    this.takeServer()
    const found = this.serverLog.findLast(
      ({ type }) => type === 'DeclareMiningJob' || type === 'CommitMiningJob',
    )
    return found as MessageNamed<'DeclareMiningJob'> | MessageNamed<'CommitMiningJob'> | undefined
  }

  /** The newest declaration. */
  get declared(): MessageNamed<'DeclareMiningJob'> {
    const { proposal } = this
    if (proposal?.type !== 'DeclareMiningJob') throw new Error('nothing declared')
    return proposal
  }

  /** Flags that the server was set up with. */
  get serverFlags(): number {
    const setup = this.serverLog.find(({ type }) => type === 'SetupConnection')
    if (setup?.type !== 'SetupConnection') throw new Error('no setup')
    return setup.flags
  }

  /** The server agrees to the newest proposal. Answers the token it gives. */
  agree(): Uint8Array {
    this.giveTokens()
    const { proposal } = this
    if (proposal === undefined) throw new Error('nothing was proposed')
    const { requestId } = proposal
    const newMiningJobToken = this.habits.keepsToken === true ? proposal.miningJobToken : this.nextToken()
    this.server.send({
      type: proposal.type === 'DeclareMiningJob' ? 'DeclareMiningJob.Success' : 'CommitMiningJob.Success',
      requestId,
      newMiningJobToken,
    })
    this.giveTokens()
    return newMiningJobToken
  }

  /** The server refuses the newest proposal. */
  disagree(errorCode: string): void {
    const { proposal } = this
    if (proposal === undefined) throw new Error('nothing was proposed')
    this.server.send({
      type: proposal.type === 'DeclareMiningJob' ? 'DeclareMiningJob.Error' : 'CommitMiningJob.Error',
      requestId: proposal.requestId,
      errorCode,
      errorDetails: new Uint8Array(0),
    })
  }

  /** Every SetCustomMiningJob so far. */
  get customJobs(): MessageNamed<'SetCustomMiningJob'>[] {
    this.takePool()
    return this.poolLog.filter(
      (message): message is MessageNamed<'SetCustomMiningJob'> => message.type === 'SetCustomMiningJob',
    )
  }

  /** The pool takes the newest custom job. Answers its number. */
  acknowledge(
    coinbase: { readonly prefix: Uint8Array; readonly suffix: Uint8Array } | undefined = undefined,
  ): number {
    const job = this.customJobs.at(-1)
    if (job === undefined) throw new Error('no custom job')
    this.#jobs++
    this.pool.send({
      type: 'SetCustomMiningJob.Success',
      channelId: job.channelId,
      requestId: job.requestId,
      jobId: this.#jobs,
      coinbaseTxPrefix: coinbase?.prefix,
      coinbaseTxSuffix: coinbase?.suffix,
    })
    return this.#jobs
  }

  /** The pool refuses the newest custom job. */
  refuse(errorCode: string): void {
    const job = this.customJobs.at(-1)
    if (job === undefined) throw new Error('no custom job')
    const { channelId, requestId } = job
    this.pool.send({ type: 'SetCustomMiningJob.Error', channelId, requestId, errorCode })
  }

  /** The pool acknowledges all shares so far. */
  acknowledgeShares(): void {
    const { shares } = this
    const last = shares.at(-1)
    if (last === undefined) throw new Error('no shares')
    this.pool.send({
      type: 'SubmitShares.Success',
      channelId: last.channelId,
      lastSequenceNumber: last.sequenceNumber,
      newSubmitsAcceptedCount: shares.length,
      newSharesSum: 1n,
    })
  }

  /** Shares that came up. */
  get shares(): MessageNamed<'SubmitSharesExtended'>[] {
    this.takePool()
    return this.poolLog.filter(
      (message): message is MessageNamed<'SubmitSharesExtended'> => message.type === 'SubmitSharesExtended',
    )
  }
}

/** A client with a template and a pool that has opened a channel and given tokens; a first job is proposed. */
export function working(
  habits: PairHabits = {},
  overrides: ConstructorParameters<typeof JobClientWorld>[0] = {},
  tip: Partial<SetNewPrevHashTdp> = {},
): { readonly world: JobClientWorld; readonly pair: ScriptedPair } {
  const world = new JobClientWorld(overrides)
  world.provide(habits.edition ?? current, tip)
  const pair = new ScriptedPair(world, habits)
  pair.open()
  world.answerTemplates()
  return { world, pair }
}

/** For whom the miners work, and why, as the facts told it. */
export function moves(world: JobClientWorld) {
  return world.told('workFrom').map(({ name, reason }) => [name, reason])
}

/** Two pools; the first is worked for and has agreed to a job. */
export function twoPools(patience: ConstructorParameters<typeof JobClientWorld>[0] = {}) {
  const world = new JobClientWorld({ pairs: 2, ...patience })
  world.provide()
  const first = new ScriptedPair(world, { place: 0 })
  first.open()
  world.answerTemplates()
  first.agree()
  first.acknowledge()
  return { world, first }
}

/** The second pool, as soon as it is wanted. */
export function secondPool(world: JobClientWorld): ScriptedPair {
  const pair = new ScriptedPair(world, { place: 1 })
  pair.open()
  world.answerTemplates()
  return pair
}
