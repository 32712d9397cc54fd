import { type Sha256d, WITNESS_RESERVED_VALUE } from '@sv2/bitcoin'
import {
  type Message,
  PROTOCOL_NUMBERS,
  type RequestTransactionData,
  type SubmitSolution,
} from '@sv2/messages'
import type { NodeTemplate, Room } from '../ground/node-template.ts'
import { Outbox } from '../ground/outbox.ts'
import type { SinglePort } from '../ground/port.ts'
import {
  type Millis,
  NEVER,
  type Role,
  type SessionEffect,
  type SessionEvent,
  type SessionId,
} from '../ground/role.ts'
import { answerSetup, setupError } from '../ground/setup.ts'
import { Timers } from '../ground/timers.ts'
import { buildBlock } from './block.ts'
import type { KeepTemplate, ProviderFact, RoomWanted, SubmitBlock } from './facts.ts'
import { commonRoom, fitsBlock, fitsRoom, type Reserve, roomFor } from './selection.ts'
import { type Handout, prevHashOf, solvable } from './template.ts'
import { isSameBase, type PublishReason, reserveKey, Templates, type TemplatesSettings } from './templates.ts'

export interface ProviderSettings extends TemplatesSettings {
  /** When the node has given no work for this long, the work of clients is too old: they are sent away. */
  readonly workMaxAgeMs: number
}

export type ProviderEvent =
  | SessionEvent<SinglePort<'clients'>>
  /** The node has a template: a new tip, or other transactions. */
  | { readonly kind: 'nodeTemplate'; readonly template: NodeTemplate }
  /** The node gives no work: it is away, or it knows itself that its work is old. */
  | { readonly kind: 'nodeUnfit'; readonly cause: 'away' | 'behind' | 'unminable' }

export type ProviderEffect = SessionEffect | ProviderFact | SubmitBlock | KeepTemplate | RoomWanted

interface Client {
  readonly session: SessionId
  ready: boolean
  reserve: Reserve | undefined
  /** The template it was told last. */
  templateId: bigint
  /** The template that its last SetNewPrevHash was of. */
  tip: NodeTemplate | undefined
  /** How often it has told its constraints since a moment, up to an hour ago. */
  constraints: { count: number; since: Millis }
}

/** The node has given no work for so long that its last work is too old. */
const NOT_READY = 'node-not-ready'
/** A node that is behind the network is given so long to catch up: two blocks at once may look like that. */
const CATCH_UP_MS = 5_000
/** Constraints that one client may tell in an hour; each set takes a template of its own. */
const MAX_CONSTRAINTS = 16
const HOUR_MS = 3_600_000
/** Different constraints of all clients at one time; each takes templates of its own (see Handouts). */
const MAX_RESERVES = 64

/**
 * The server side of template distribution: one node's templates for many clients.
 *
 * Clients with the same reserve get the same template under the same id, made once. A new tip goes out at once, as a
 * future template and the SetNewPrevHash that names it (TP-09 … TP-11); a rise of the fees goes out when it is worth
 * it and not too soon after the last.
 */
export class Provider implements Role<ProviderEvent, ProviderEffect> {
  readonly #sha256d: Sha256d
  readonly #clients = new Map<SessionId, Client>()
  readonly #templates: Templates
  /** The greatest id that clients have. */
  #handed = -1n
  /** When clients are sent away, unless the node gives work again; undefined while it does. */
  #unfitAt: Millis | undefined
  readonly #workMaxAgeMs: number
  #now: Millis = 0
  /** The room that the node was asked for last. */
  #room: Room = commonRoom([])
  readonly #timers = new Timers('sendAway')
  readonly #outbox = new Outbox<ProviderEffect>()

  constructor(settings: ProviderSettings, deps: { readonly sha256d: Sha256d }) {
    this.#sha256d = deps.sha256d
    this.#workMaxAgeMs = settings.workMaxAgeMs
    this.#templates = this.#timers.add(new Templates(settings, deps))
  }

  /** Live numbers for metrics. */
  get counts(): { readonly clients: number; readonly templates: number; readonly templateBytes: number } {
    const { count, bytes } = this.#templates.kept
    return { clients: this.#clients.size, templates: count, templateBytes: bytes }
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  handle(event: ProviderEvent, now: Millis): readonly ProviderEffect[] {
    this.#now = now
    switch (event.kind) {
      case 'nodeTemplate':
        this.#unfitAt = undefined
        this.#timers.stop('sendAway')
        this.#publish(this.#templates.update(event.template, now))
        break
      case 'nodeUnfit':
        this.#unfit(event.cause)
        break
      case 'tick':
        this.#sendAway()
        this.#publish(this.#templates.updateFees(now))
        break
      case 'opened':
        this.#opened(event.session)
        break
      case 'closed':
        this.#closed(event.session)
        break
      case 'message': {
        const client = this.#clients.get(event.session)
        if (client !== undefined) this.#message(client, event.message)
      }
    }
    return this.#outbox.take()
  }

  #unfit(cause: 'away' | 'behind' | 'unminable'): void {
    const patienceMs = { away: this.#workMaxAgeMs, behind: CATCH_UP_MS, unminable: 0 }[cause]
    this.#unfitAt = Math.min(this.#unfitAt ?? NEVER, this.#now + patienceMs)
    this.#timers.set('sendAway', this.#unfitAt)
    this.#sendAway()
  }

  /** Sends clients away whose work is too old, so that they go to another provider. */
  #sendAway(): void {
    if (!this.#timers.isDue('sendAway', this.#now)) return
    this.#timers.stop('sendAway')
    const ready = [...this.#clients.values()].filter((client) => client.ready)
    if (ready.length === 0) return
    for (const { session } of ready) this.#outbox.emit({ kind: 'close', session, reason: NOT_READY })
    this.#outbox.emit({ kind: 'clientsSentAway', count: ready.length })
  }

  #opened(session: SessionId): void {
    this.#clients.set(session, {
      session,
      ready: false,
      reserve: undefined,
      templateId: -1n,
      tip: undefined,
      constraints: { count: 0, since: this.#now },
    })
  }

  #closed(session: SessionId): void {
    const client = this.#clients.get(session)
    if (client === undefined) return
    this.#clients.delete(session)
    this.#retire(client.reserve)
    this.#wantRoom()
    this.#outbox.emit({ kind: 'clientDisconnected', session })
  }

  /** Templates for a reserve that no client has any more are the first to go. */
  #retire(reserve: Reserve | undefined): void {
    if (reserve === undefined || this.#reserves().has(reserveKey(reserve))) return
    this.#templates.retire(reserve, this.#now)
  }

  /** Tells the node's side where the clients need another room than before. */
  #wantRoom(): void {
    const reserves = [...this.#clients.values()].flatMap(({ reserve }) => reserve ?? [])
    const room = commonRoom(reserves)
    if (room.weight === this.#room.weight && room.sigops === this.#room.sigops) return
    this.#room = room
    this.#outbox.emit({ kind: 'roomWanted', room })
  }

  /** The different reserves of the clients there are. */
  #reserves(): Set<string> {
    const reserves = new Set<string>()
    for (const { reserve } of this.#clients.values())
      if (reserve !== undefined) reserves.add(reserveKey(reserve))
    return reserves
  }

  #publish(reason: PublishReason | undefined): void {
    if (reason !== undefined) this.#serve([...this.#clients.values()], reason)
  }

  /** Sends clients the present template; those on another tip get it as a future one, and the tip. */
  #serve(clients: readonly Client[], reason: PublishReason | 'client'): void {
    const node = this.#templates.published
    if (node === undefined) return
    const alike = new Map<Handout, Client[]>()
    for (const client of clients) {
      const handout = this.#templateFor(client, node)
      if (handout === undefined) continue
      const others = alike.get(handout)
      if (others === undefined) alike.set(handout, [client])
      else others.push(client)
    }
    for (const [handout, takers] of alike) this.#hand(handout, takers, reason)
    this.#trim()
  }

  /** Tells the clients that may work on a dropped template, with the one code there is for that. */
  #trim(): void {
    const dropped = this.#templates.trim()
    if (dropped.length === 0) return
    const to = [...this.#clients.values()].filter(({ ready }) => ready).map(({ session }) => session)
    for (const templateId of dropped) this.#outbox.emit({ kind: 'send', to, message: notFound(templateId) })
    this.#outbox.emit({ kind: 'templatesDropped', count: dropped.length })
  }

  #templateFor(client: Client, node: NodeTemplate): Handout | undefined {
    const { reserve, tip, templateId } = client
    if (reserve === undefined) return undefined
    if (!fitsBlock(node, reserve)) {
      const { outputSize, outputSigops } = reserve
      const where =
        node.made === undefined ? 'fit into no block' : 'need more room than the node is asked for'
      this.#misbehaved(client, `outputs of ${outputSize} bytes and ${outputSigops} sigops ${where}`)
      return undefined
    }
    // a template with room for it is on its way
    if (node.made !== undefined && !fitsRoom(node.made.room, roomFor(reserve))) return undefined
    const futureTemplate = tip === undefined || !isSameBase(tip, node)
    return this.#templates.make(node, { reserve, futureTemplate, after: templateId }, this.#now)
  }

  #hand(handout: Handout, clients: readonly Client[], reason: PublishReason | 'client'): void {
    const { message, node, transactions, left } = handout
    const to = clients.map((client) => client.session)
    this.#outbox.emit({ kind: 'send', to, message })
    if (message.futureTemplate) this.#outbox.emit({ kind: 'send', to, message: prevHashOf(handout) })
    if (message.templateId > this.#handed) {
      this.#handed = message.templateId
      this.#outbox.emit({ kind: 'keepTemplate', template: solvable(handout) })
    }
    for (const client of clients) {
      client.templateId = message.templateId
      if (message.futureTemplate) client.tip = node
    }
    this.#outbox.emit({
      kind: 'templateSent',
      templateId: message.templateId,
      reason,
      height: node.height,
      transactions: transactions.length,
      left,
      value: message.coinbaseTxValueRemaining,
      clients: clients.length,
    })
  }

  #message(client: Client, message: Message): void {
    if (!client.ready) return this.#setup(client, message)
    switch (message.type) {
      case 'CoinbaseOutputConstraints':
        return this.#constraints(client, {
          outputSize: message.coinbaseOutputMaxAdditionalSize,
          outputSigops: message.coinbaseOutputMaxAdditionalSigops,
        })
      case 'RequestTransactionData':
        return this.#transactionData(client, message)
      case 'SubmitSolution':
        return this.#solution(client, message)
      // no extension is known here: not even the one that negotiates extensions (EXT-03, EXT-22)
      case 'RequestExtensions':
      case 'ChannelEndpointChanged':
      case 'Opaque':
        return
      default:
        this.#misbehaved(client, `unexpected ${message.type}`)
    }
  }

  #setup(client: Client, message: Message): void {
    const { session } = client
    if (message.type !== 'SetupConnection')
      return this.#misbehaved(client, `${message.type} before SetupConnection`)
    const isUnfit = this.#unfitAt !== undefined && this.#now >= this.#unfitAt
    const answer = isUnfit
      ? setupError(0, NOT_READY)
      : answerSetup(message, {
          protocols: [PROTOCOL_NUMBERS.templates],
          supportedFlags: 0,
          successFlags: 0,
        })
    this.#outbox.emit({ kind: 'send', to: session, message: answer })
    if (answer.type === 'SetupConnection.Success') {
      client.ready = true
      this.#outbox.emit({
        kind: 'clientConnected',
        session,
        vendor: message.vendor,
        firmware: message.firmware,
      })
      return
    }
    this.#outbox.emit({ kind: 'setupRefused', session, code: answer.errorCode, flags: answer.flags })
    this.#outbox.emit({ kind: 'close', session, reason: answer.errorCode })
  }

  #constraints(client: Client, reserve: Reserve): void {
    if (this.#now >= client.constraints.since + HOUR_MS) client.constraints = { count: 0, since: this.#now }
    client.constraints.count++
    if (client.constraints.count > MAX_CONSTRAINTS)
      return this.#misbehaved(client, `constraints told more than ${MAX_CONSTRAINTS} times in an hour`)
    const before = client.reserve
    client.reserve = reserve
    if (this.#reserves().size > MAX_RESERVES)
      return this.#misbehaved(client, `more than ${MAX_RESERVES} different constraints at one time`)
    this.#retire(before)
    this.#wantRoom()
    this.#outbox.emit({ kind: 'constraintsSet', session: client.session, ...reserve })
    this.#serve([client], 'client')
  }

  #transactionData(client: Client, request: RequestTransactionData): void {
    const { templateId } = request
    const kept = this.#templates.get(templateId)
    if (kept === undefined || this.#templates.isStale(kept)) {
      const errorCode = kept === undefined ? 'template-id-not-found' : 'stale-template-id'
      this.#outbox.emit({ kind: 'send', to: client.session, message: { ...notFound(templateId), errorCode } })
      this.#outbox.emit({ kind: 'transactionDataRefused', session: client.session, code: errorCode })
      return
    }
    this.#outbox.emit({
      kind: 'send',
      to: client.session,
      message: {
        type: 'RequestTransactionData.Success',
        templateId,
        excessData: kept.segwit ? WITNESS_RESERVED_VALUE : new Uint8Array(0),
        transactionList: kept.template.transactions,
      },
    })
  }

  #solution(client: Client, solution: SubmitSolution): void {
    const { templateId } = solution
    const kept = this.#templates.get(templateId)
    if (kept === undefined) {
      const reason = 'its template is not kept any more'
      this.#outbox.emit({ kind: 'solutionRefused', session: client.session, templateId, reason })
      return
    }
    const built = buildBlock(kept.template, solution, this.#sha256d)
    if (built.kind === 'refused') {
      this.#outbox.emit({
        kind: 'solutionRefused',
        session: client.session,
        templateId,
        reason: built.reason,
      })
      return
    }
    this.#outbox.emit(built)
  }

  #misbehaved(client: Client, reason: string): void {
    const { session } = client
    this.#outbox.emit({ kind: 'peerMisbehaved', session, reason })
    this.#outbox.emit({ kind: 'close', session, reason })
  }
}

function notFound(templateId: bigint) {
  return { type: 'RequestTransactionData.Error', templateId, errorCode: 'template-id-not-found' } as const
}
