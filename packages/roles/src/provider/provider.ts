import { equalBytes, MAX_BLOCK_WEIGHT, type Sha256d, WITNESS_RESERVED_VALUE } from '@sv2/bitcoin'
import type { Message, RequestTransactionData, SubmitSolution } from '@sv2/messages'
import {
  type Millis,
  NEVER,
  type Role,
  type SessionEffect,
  type SessionEvent,
  type SessionId,
} from '../role.ts'
import { answerSetup } from '../setup.ts'
import { buildBlock } from './block.ts'
import type { ProviderFact, SubmitBlock } from './facts.ts'
import { Handouts } from './handouts.ts'
import type { NodeTemplate } from './node-template.ts'
import type { Reserve } from './selection.ts'
import { type Handout, makeHandout, prevHashOf } from './template.ts'

export interface ProviderSettings {
  /** Rise of the fees, in satoshi, that is worth a new template on the same tip (TP-03). */
  readonly feeThreshold: bigint
  /** Fee updates come no closer together than this; a new tip never waits. */
  readonly minIntervalMs: number
  /** Greater than every id of an earlier run of this provider (TP-12). */
  readonly firstTemplateId: bigint
}

export type ProviderEvent =
  | SessionEvent<'clients'>
  /** The node has a template: a new tip, or other transactions. */
  | { readonly kind: 'nodeTemplate'; readonly template: NodeTemplate }

export type ProviderEffect = SessionEffect | ProviderFact | SubmitBlock

interface Client {
  readonly session: SessionId
  ready: boolean
  reserve: Reserve | undefined
  /** Tip the client was told last. */
  prevHash: Uint8Array | undefined
}

/** SetupConnection.protocol of template distribution. */
const TEMPLATE_DISTRIBUTION = 2

/**
 * The server side of template distribution: one node's templates for many clients.
 *
 * Clients with the same reserve get the same template under the same id, made once. A new tip goes out at once, as a
 * future template and the SetNewPrevHash that names it (TP-09 … TP-11); a rise of the fees goes out when it is worth
 * it and not too soon after the last.
 */
export class Provider implements Role<ProviderEvent, ProviderEffect> {
  readonly #settings: ProviderSettings
  readonly #sha256d: Sha256d
  readonly #clients = new Map<SessionId, Client>()
  readonly #handouts = new Handouts()
  /** The newest template by reserve, of the tip and fees last handed out. */
  #current = new Map<string, Handout>()
  #templateId: bigint
  /** What the node says now. */
  #node: NodeTemplate | undefined
  /** What was last handed out to everybody. */
  #published: NodeTemplate | undefined
  #publishedAt: Millis = 0
  #out: ProviderEffect[] = []

  constructor(settings: ProviderSettings, deps: { readonly sha256d: Sha256d }) {
    this.#settings = settings
    this.#sha256d = deps.sha256d
    this.#templateId = settings.firstTemplateId
  }

  /** Live numbers for metrics. */
  get counts(): { readonly clients: number; readonly templates: number } {
    return { clients: this.#clients.size, templates: this.#handouts.size }
  }

  nextDeadline(): Millis {
    return this.#feesRose() ? this.#publishedAt + this.#settings.minIntervalMs : NEVER
  }

  handle(event: ProviderEvent, now: Millis): readonly ProviderEffect[] {
    switch (event.kind) {
      case 'nodeTemplate':
        this.#nodeTemplate(event.template, now)
        break
      case 'tick':
        this.#updateFees(now)
        break
      case 'opened':
        this.#clients.set(event.session, {
          session: event.session,
          ready: false,
          reserve: undefined,
          prevHash: undefined,
        })
        break
      case 'closed':
        if (this.#clients.delete(event.session))
          this.#out.push({ kind: 'clientDisconnected', session: event.session })
        break
      case 'message': {
        const client = this.#clients.get(event.session)
        if (client !== undefined) this.#message(client, event.message, now)
      }
    }
    const out = this.#out
    this.#out = []
    return out
  }

  #nodeTemplate(template: NodeTemplate, now: Millis): void {
    const tip = this.#published
    this.#node = template
    if (tip !== undefined && equalBytes(tip.prevHash, template.prevHash)) return this.#updateFees(now)
    this.#publish(template, 'tip', now)
  }

  #updateFees(now: Millis): void {
    if (this.#node === undefined || !this.#feesRose()) return
    if (now < this.#publishedAt + this.#settings.minIntervalMs) return
    this.#publish(this.#node, 'fees', now)
  }

  #feesRose(): boolean {
    if (this.#node === undefined || this.#published === undefined) return false
    return this.#node.coinbaseValue - this.#published.coinbaseValue >= this.#settings.feeThreshold
  }

  #publish(template: NodeTemplate, reason: 'tip' | 'fees', now: Millis): void {
    for (const handout of this.#current.values()) this.#handouts.supersede(handout.message.templateId, now)
    this.#handouts.sweep(now)
    this.#current = new Map()
    this.#published = template
    this.#publishedAt = now
    const byReserve = new Map<string, Client[]>()
    for (const client of this.#clients.values()) {
      if (client.reserve === undefined) continue
      const key = reserveKey(client.reserve)
      const alike = byReserve.get(key)
      if (alike === undefined) byReserve.set(key, [client])
      else alike.push(client)
    }
    for (const clients of byReserve.values()) this.#serve(clients, reason, now)
  }

  /** Sends clients of one reserve the current template; those on another tip get it as a future one and the tip. */
  #serve(clients: readonly Client[], reason: 'tip' | 'fees' | 'client', now: Millis): void {
    const reserve = clients[0]?.reserve
    const node = this.#published
    if (reserve === undefined || node === undefined) return
    const behind = clients.filter(
      ({ prevHash }) => prevHash === undefined || !equalBytes(prevHash, node.prevHash),
    )
    const onTip = clients.filter((client) => !behind.includes(client))
    if (behind.length > 0) {
      const handout = this.#handout(node, { reserve, futureTemplate: true }, now)
      const to = behind.map((client) => client.session)
      this.#out.push(
        { kind: 'send', to, message: handout.message },
        { kind: 'send', to, message: prevHashOf(handout) },
      )
      for (const client of behind) client.prevHash = node.prevHash
      this.#sent(handout, reason, behind.length)
    }
    if (onTip.length > 0) {
      const handout = this.#handout(node, { reserve, futureTemplate: false }, now)
      const to = onTip.map((client) => client.session)
      this.#out.push({ kind: 'send', to, message: handout.message })
      this.#sent(handout, reason, onTip.length)
    }
  }

  /** The template of the present node template for a reserve; made once per kind. */
  #handout(
    node: NodeTemplate,
    what: { readonly reserve: Reserve; readonly futureTemplate: boolean },
    now: Millis,
  ): Handout {
    const key = `${reserveKey(what.reserve)}/${what.futureTemplate}`
    const known = this.#current.get(key)
    if (known !== undefined) return known
    this.#templateId++
    const handout = makeHandout(node, what.reserve, {
      templateId: this.#templateId,
      futureTemplate: what.futureTemplate,
      now,
      sha256d: this.#sha256d,
    })
    this.#current.set(key, handout)
    this.#handouts.add(handout)
    return handout
  }

  #sent(handout: Handout, reason: 'tip' | 'fees' | 'client', clients: number): void {
    this.#out.push({
      kind: 'templateSent',
      templateId: handout.message.templateId,
      reason,
      height: handout.node.height,
      transactions: handout.transactions.length,
      left: handout.node.transactions.length - handout.transactions.length,
      value: handout.message.coinbaseTxValueRemaining,
      clients,
    })
  }

  #message(client: Client, message: Message, now: Millis): void {
    if (!client.ready) return this.#setup(client, message)
    switch (message.type) {
      case 'CoinbaseOutputConstraints':
        return this.#constraints(
          client,
          {
            outputSize: message.coinbaseOutputMaxAdditionalSize,
            outputSigops: message.coinbaseOutputMaxAdditionalSigops,
          },
          now,
        )
      case 'RequestTransactionData':
        return this.#transactionData(client, message)
      case 'SubmitSolution':
        return this.#solution(client, message)
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
    const answer = answerSetup(message, {
      protocols: [TEMPLATE_DISTRIBUTION],
      supportedFlags: 0,
      successFlags: () => 0,
    })
    this.#out.push({ kind: 'send', to: session, message: answer })
    if (answer.type === 'SetupConnection.Success') {
      client.ready = true
      this.#out.push({ kind: 'clientConnected', session, vendor: message.vendor, firmware: message.firmware })
      return
    }
    this.#out.push(
      { kind: 'setupRefused', session, code: answer.errorCode, flags: answer.flags },
      { kind: 'close', session, reason: answer.errorCode },
    )
  }

  #constraints(client: Client, reserve: Reserve, now: Millis): void {
    if (4 * reserve.outputSize > MAX_BLOCK_WEIGHT) {
      return this.#misbehaved(client, `coinbase outputs of ${reserve.outputSize} bytes fit into no block`)
    }
    client.reserve = reserve
    this.#out.push({ kind: 'constraintsSet', session: client.session, ...reserve })
    this.#serve([client], 'client', now)
  }

  #transactionData(client: Client, request: RequestTransactionData): void {
    const { templateId } = request
    const handout = this.#handouts.get(templateId)
    const code =
      handout === undefined
        ? 'template-id-not-found'
        : this.#isStale(handout)
          ? 'stale-template-id'
          : undefined
    if (handout === undefined || code !== undefined) {
      const errorCode = code ?? 'template-id-not-found'
      this.#out.push(
        {
          kind: 'send',
          to: client.session,
          message: { type: 'RequestTransactionData.Error', templateId, errorCode },
        },
        { kind: 'transactionDataRefused', session: client.session, code: errorCode },
      )
      return
    }
    this.#out.push({
      kind: 'send',
      to: client.session,
      message: {
        type: 'RequestTransactionData.Success',
        templateId,
        excessData: handout.node.segwit ? WITNESS_RESERVED_VALUE : new Uint8Array(0),
        transactionList: handout.transactions.map((tx) => tx.data),
      },
    })
  }

  #isStale(handout: Handout): boolean {
    return this.#published !== undefined && !equalBytes(handout.node.prevHash, this.#published.prevHash)
  }

  #solution(client: Client, solution: SubmitSolution): void {
    const { templateId } = solution
    const handout = this.#handouts.get(templateId)
    if (handout === undefined) {
      const reason = 'its template is not kept any more'
      this.#out.push({ kind: 'solutionRefused', session: client.session, templateId, reason })
      return
    }
    const built = buildBlock(handout, solution, this.#sha256d)
    if (built.kind === 'refused') {
      this.#out.push({ kind: 'solutionRefused', session: client.session, templateId, reason: built.reason })
      return
    }
    this.#out.push(built)
  }

  #misbehaved(client: Client, reason: string): void {
    const { session } = client
    this.#out.push({ kind: 'peerMisbehaved', session, reason }, { kind: 'close', session, reason })
  }
}

function reserveKey(reserve: Reserve): string {
  return `${reserve.outputSize}/${reserve.outputSigops}`
}
