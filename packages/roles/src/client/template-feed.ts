import { BitcoinError, parseOutputs } from '@sv2/bitcoin'
import { type Message, type NewTemplate, PROTOCOL_NUMBERS, type SetNewPrevHashTdp } from '@sv2/messages'
import { owned } from '../ground/owned.ts'
import { type Emit, type Millis, NEVER, type SessionEffect, type SessionId } from '../ground/role.ts'
import { type Identification, PROTOCOL_VERSION, setupRequest } from '../ground/setup.ts'
import { type Tip, tipOf } from '../mining/channel/job.ts'
import { type CoinbaseRoom, fitsRoom } from '../payouts/coinbase-room.ts'
import { type OpenSolution, OpenSolutions, type SolutionEffect } from './open-solutions.ts'

/** Templates kept; a provider that sends more than this without a new tip loses the oldest (TPC-06). */
const MAX_TEMPLATES = 64
/** Bytes of template outputs that still leave room for ours in the 64 kB of a job's coinbase suffix. */
const MAX_OUTPUT_BYTES = 60_000

export interface TemplateFeedSettings extends CoinbaseRoom {
  readonly identification: Identification
  readonly endpoint: { readonly host: string; readonly port: number }
  /** How long the last work of a provider that is away is mined. */
  readonly workMaxAgeMs: Millis
  /** Of an earlier run: the provider is told of them again. */
  readonly solutions?: readonly OpenSolution[]
}

/** What the feed tells its owner. */
export type TemplateNews =
  /** A template that waits for the next tip. */
  | { readonly kind: 'future'; readonly template: NewTemplate }
  /** A better template for the present tip. */
  | { readonly kind: 'update'; readonly template: NewTemplate }
  /** A new tip, or after a reconnect perhaps the old one, and the template to mine on it. */
  | { readonly kind: 'tip'; readonly template: NewTemplate; readonly tip: Tip }
  /** The provider can make no block of a template any more: its jobs are worth nothing. */
  | { readonly kind: 'gone'; readonly templateId: bigint }

export type TemplateFact =
  | { readonly kind: 'templatesConnected'; readonly session: SessionId }
  | { readonly kind: 'templatesLost'; readonly session: SessionId }
  | { readonly kind: 'templatesRefused'; readonly session: SessionId; readonly code: string }
  | { readonly kind: 'templateIgnored'; readonly templateId: bigint; readonly reason: string }

export type TemplateFeedEffect = SessionEffect | TemplateFact | SolutionEffect

/**
 * The client side of template distribution. It says what the coinbase needs, keeps templates until the tip that they
 * wait for, and carries solutions; a provider that was away gets the newest solutions again.
 */
export class TemplateFeed {
  readonly #settings: TemplateFeedSettings
  #room: CoinbaseRoom
  readonly #templates = new Map<bigint, NewTemplate>()
  /** What templates leave for the outputs of this node. */
  readonly #roomOf = new WeakMap<NewTemplate, CoinbaseRoom>()
  readonly #solutions: OpenSolutions
  #session: SessionId | undefined
  /** The session is set up and has told a tip; templates before that are not passed on. */
  #synced = false
  /** Since when no provider would tell of newer work; `NEVER` while one does, and once the loss was told. */
  #awaySince: Millis = NEVER
  #ready = false
  /** The provider is not told what room is needed, and so gives no templates. */
  #isHeld = false
  readonly #emit: Emit<TemplateFeedEffect>

  constructor(settings: TemplateFeedSettings, emit: Emit<TemplateFeedEffect>) {
    this.#emit = emit
    this.#settings = settings
    this.#room = settings
    this.#solutions = new OpenSolutions('SubmitSolution', { earlier: settings.solutions, emit })
  }

  /** What the provider keeps room for in the templates that come from now on. */
  get room(): CoinbaseRoom {
    return this.#room
  }

  /** Asks for more room where the present one is too small (JDC-12, JNC-03); whether it was. */
  needRoom(needed: CoinbaseRoom): boolean {
    const { room } = this
    if (fitsRoom(needed, room)) return false
    this.askRoom({
      outputSize: Math.max(needed.outputSize, room.outputSize),
      outputSigops: Math.max(needed.outputSigops, room.outputSigops),
    })
    return true
  }

  /** Asks for this room, more or less than before; the provider answers with another template. */
  askRoom(room: CoinbaseRoom): void {
    this.#room = room
    if (this.#ready) this.#tellRoom()
  }

  /** Tells no room, and so gets no templates, until `release`: what is needed is not known yet. */
  hold(): void {
    this.#isHeld = true
  }

  /** Tells the room that is needed now. */
  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    if (this.#ready) this.#tellRoom()
  }

  /** What a template leaves for the outputs of this node: what the provider had been told when the template came. */
  roomFor(template: NewTemplate): CoinbaseRoom {
    return this.#roomOf.get(template) ?? this.#settings
  }

  /** Asks for the transactions of a template; false when no provider is connected. */
  requestTransactions(templateId: bigint): boolean {
    if (this.#ready) this.#send({ type: 'RequestTransactionData', templateId })
    return this.#ready
  }

  owns(session: SessionId): boolean {
    return this.#session === session
  }

  opened(session: SessionId): void {
    this.#session = session
    this.#synced = false
    this.#ready = false
    this.#templates.clear()
    const { identification, endpoint } = this.#settings
    this.#send(setupRequest(identification, endpoint, { protocol: PROTOCOL_NUMBERS.templates, flags: 0 }))
  }

  closed(now: Millis): void {
    if (this.#session !== undefined) this.#emit({ kind: 'templatesLost', session: this.#session })
    if (this.#synced) this.#awaySince = now
    this.#session = undefined
    this.#ready = false
    this.#synced = false
  }

  /** When the work of a provider that is away becomes too old. */
  nextDeadline(): Millis {
    return this.#awaySince + this.#settings.workMaxAgeMs
  }

  /** Time has passed; whether the provider has been away for so long that its last work is too old to mine on. */
  tick(now: Millis): boolean {
    if (now < this.nextDeadline()) return false
    this.#awaySince = NEVER
    return true
  }

  /** A block: kept, sent at once, and again when the provider comes back, until it is decided (TPC-02). */
  submit(solution: OpenSolution): void {
    this.#solutions.add(solution)
    if (this.#ready) this.#send(solution.message)
  }

  /** Takes one message of the provider; answers what the owner has to know. */
  message(message: Message): TemplateNews | undefined {
    switch (message.type) {
      case 'SetupConnection.Success':
        this.#setUp(message.usedVersion)
        return undefined
      case 'SetupConnection.Error':
        this.#refused(message.errorCode)
        return undefined
      case 'NewTemplate':
        return this.#template(message)
      case 'SetNewPrevHashTdp':
        return this.#tip(message)
      case 'RequestTransactionData.Error':
        // also without a request: providers of this stack say so of what they can keep no longer
        if (message.errorCode !== 'template-id-not-found') return undefined
        return { kind: 'gone', templateId: message.templateId }
      default:
        return undefined
    }
  }

  #setUp(usedVersion: number): void {
    const session = this.#session
    if (session === undefined || this.#ready) return
    if (usedVersion !== PROTOCOL_VERSION) return this.#refused(`protocol version ${usedVersion}`)
    this.#ready = true
    this.#tellRoom()
    for (const message of this.#solutions.messages()) this.#send(message)
    this.#emit({ kind: 'templatesConnected', session })
  }

  #tellRoom(): void {
    if (this.#isHeld) return
    this.#send({
      type: 'CoinbaseOutputConstraints',
      coinbaseOutputMaxAdditionalSize: this.#room.outputSize,
      coinbaseOutputMaxAdditionalSigops: this.#room.outputSigops,
    })
  }

  #refused(code: string): void {
    const session = this.#session
    if (session === undefined) return
    this.#emit({ kind: 'templatesRefused', session, code })
    this.#emit({ kind: 'close', session, reason: 'setup refused' })
  }

  #template(message: NewTemplate): TemplateNews | undefined {
    const fault = templateFault(message)
    if (fault !== undefined) return this.#ignore(message.templateId, fault)
    const template = owned(message)
    this.#templates.set(template.templateId, template)
    this.#roomOf.set(template, this.#room)
    if (this.#templates.size > MAX_TEMPLATES) {
      for (const oldest of this.#templates.keys()) {
        this.#templates.delete(oldest)
        break
      }
    }
    if (!this.#synced) return undefined
    return { kind: template.futureTemplate ? 'future' : 'update', template }
  }

  #tip(message: SetNewPrevHashTdp): TemplateNews | undefined {
    const prev = owned(message)
    const template = this.#templates.get(prev.templateId)
    if (template === undefined) return this.#ignore(prev.templateId, 'SetNewPrevHash names no template')
    const tip = tipOf(prev)
    if (tip === undefined)
      return this.#ignore(prev.templateId, `nbits ${prev.nbits.toString(16)} is not a target`)
    this.#templates.clear()
    this.#templates.set(template.templateId, template)
    this.#synced = true
    this.#awaySince = NEVER
    this.#solutions.moved(tip.prevHash)
    return { kind: 'tip', template, tip }
  }

  #ignore(templateId: bigint, reason: string): undefined {
    this.#emit({ kind: 'templateIgnored', templateId, reason })
  }

  #send(message: Message): void {
    if (this.#session !== undefined) this.#emit({ kind: 'send', to: this.#session, message })
  }
}

/** What makes a template unusable: a prefix over 8 bytes (TP-18), outputs that are none or too long, a wild version. */
function templateFault(template: NewTemplate): string | undefined {
  if (template.coinbasePrefix.length > 8) return `coinbase_prefix of ${template.coinbasePrefix.length} bytes`
  const outputBytes = template.coinbaseTxOutputs.length
  if (outputBytes > MAX_OUTPUT_BYTES) return `coinbase_tx_outputs of ${outputBytes} bytes`
  try {
    parseOutputs(template.coinbaseTxOutputs, template.coinbaseTxOutputsCount)
    return undefined
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error
    return `coinbase_tx_outputs: ${error.message}`
  }
}
