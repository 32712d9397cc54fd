import type { Message, PushSolution } from '@sv2/messages'
import { DECLARATION_SETUP_FLAGS, PROTOCOL_NUMBERS } from '@sv2/messages'
import { type OpenSolution, OpenSolutions, type SolutionEffect } from '../client/open-solutions.ts'
import type { NumberedPort } from '../ground/port.ts'
import type { Emit, SessionEffect, SessionId } from '../ground/role.ts'
import { type Identification, PROTOCOL_VERSION, setupRequest } from '../ground/setup.ts'
import type { PoolFact } from './facts.ts'

/** A door of the pool's own making: the connection to one of its negotiator servers. */
export type NegotiatorPort = NumberedPort<'negotiator'>

/**
 * The pool's connections to the servers that know what its miners' own jobs are made of: each is told of every block
 * found on such a job, now or when it is there again (POOL-62).
 */
export class SolutionLinks {
  readonly #identification: Identification
  readonly #servers: readonly { readonly host: string; readonly port: number }[]
  readonly #links = new Map<SessionId, { readonly server: number; ready: boolean }>()
  readonly #solutions: OpenSolutions
  readonly #emit: Emit<SessionEffect | PoolFact | SolutionEffect>

  constructor(
    identification: Identification,
    servers: readonly { readonly host: string; readonly port: number }[],
    {
      earlier,
      emit,
    }: {
      readonly earlier: readonly OpenSolution[]
      readonly emit: Emit<SessionEffect | PoolFact | SolutionEffect>
    },
  ) {
    this.#emit = emit
    this.#identification = identification
    this.#servers = servers
    this.#solutions = new OpenSolutions('PushSolution', { earlier, emit })
  }

  owns(session: SessionId): boolean {
    return this.#links.has(session)
  }

  opened(session: SessionId, server: number): void {
    const endpoint = this.#servers[server]
    if (endpoint === undefined) throw new RangeError(`no negotiator server ${server}`)
    this.#links.set(session, { server, ready: false })
    const protocol = PROTOCOL_NUMBERS.negotiation
    const flags = DECLARATION_SETUP_FLAGS.DECLARE_TX_DATA
    this.#send(session, setupRequest(this.#identification, endpoint, { protocol, flags }))
  }

  closed(session: SessionId): void {
    const link = this.#links.get(session)
    this.#links.delete(session)
    if (link?.ready === true) this.#emit({ kind: 'negotiatorLost', session, negotiator: link.server })
  }

  /** Takes one message of a server; the pool ignores all others. */
  message(session: SessionId, message: Message): void {
    const link = this.#links.get(session)
    if (link === undefined || link.ready) return
    const { server: negotiator } = link
    if (message.type === 'SetupConnection.Success' && message.usedVersion === PROTOCOL_VERSION) {
      link.ready = true
      this.#emit({ kind: 'negotiatorConnected', session, negotiator })
      for (const message of this.#solutions.messages()) this.#send(session, message)
      return
    }
    if (message.type !== 'SetupConnection.Error' && message.type !== 'SetupConnection.Success') return
    const code =
      message.type === 'SetupConnection.Error' ? message.errorCode : `version ${message.usedVersion}`
    this.#emit({ kind: 'negotiatorRefused', session, negotiator, code })
    this.#emit({ kind: 'close', session, reason: 'setup refused' })
  }

  /** There is another tip: it may be one of ours. */
  moved(prevHash: Uint8Array): void {
    this.#solutions.moved(prevHash)
  }

  /** Tells every server of a block. Answers how many are there to hear it now. */
  push(solution: PushSolution, hash: string): number {
    this.#solutions.add({ hash, prevHash: solution.prevHash, message: solution })
    const ready = [...this.#links].filter(([, link]) => link.ready).map(([session]) => session)
    for (const session of ready) this.#send(session, solution)
    return ready.length
  }

  #send(session: SessionId, message: Message): void {
    this.#emit({ kind: 'send', to: session, message })
  }
}
