import type { Message, PushSolution } from '@sv2/messages'
import { DECLARATION_SETUP_FLAGS, PROTOCOL_NUMBERS } from '@sv2/messages'
import { type OpenSolution, OpenSolutions, type SolutionEffect } from '../open-solutions.ts'
import type { SessionEffect, SessionId } from '../role.ts'
import { type Identification, PROTOCOL_VERSION, setupRequest } from '../setup.ts'
import type { PoolFact } from './facts.ts'

/** A door of the pool's own making: the connection to one of its negotiator servers. */
export type NegotiatorPort = `negotiator ${number}`

/** Which server a port leads to; undefined for another port. */
export function negotiatorOf(port: string): number | undefined {
  const [, digits] = /^negotiator (\d+)$/.exec(port) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/**
 * The pool's connections to the servers that know what its miners' own jobs are made of: each is told of every block
 * found on such a job, now or when it is there again (POOL-62).
 */
export class SolutionLinks {
  readonly #identification: Identification
  readonly #servers: readonly { readonly host: string; readonly port: number }[]
  readonly #links = new Map<SessionId, { readonly server: number; ready: boolean }>()
  readonly #solutions: OpenSolutions
  #out: (SessionEffect | PoolFact)[] = []

  constructor(
    identification: Identification,
    servers: readonly { readonly host: string; readonly port: number }[],
    earlier?: readonly OpenSolution[],
  ) {
    this.#identification = identification
    this.#servers = servers
    this.#solutions = new OpenSolutions('PushSolution', earlier)
  }

  /** Hands over what is to be done, in order. */
  take(): (SessionEffect | PoolFact)[] {
    const out = this.#out
    this.#out = []
    return out
  }

  /** Hands over what is to be done on the disk, before anything else. */
  takeSolutions(): SolutionEffect[] {
    return this.#solutions.take()
  }

  owns(session: SessionId): boolean {
    return this.#links.has(session)
  }

  opened(session: SessionId, server: number): void {
    const endpoint = this.#servers[server]
    if (endpoint === undefined) throw new RangeError(`no negotiator server ${server}`)
    this.#links.set(session, { server, ready: false })
    const what = { protocol: PROTOCOL_NUMBERS.negotiation, flags: DECLARATION_SETUP_FLAGS.DECLARE_TX_DATA }
    this.#send(session, setupRequest(this.#identification, endpoint, what))
  }

  closed(session: SessionId): void {
    const link = this.#links.get(session)
    this.#links.delete(session)
    if (link?.ready === true) this.#out.push({ kind: 'negotiatorLost', session, negotiator: link.server })
  }

  /** Takes one message of a server; whatever else it says is nothing to the pool. */
  message(session: SessionId, message: Message): void {
    const link = this.#links.get(session)
    if (link === undefined || link.ready) return
    const { server: negotiator } = link
    if (message.type === 'SetupConnection.Success' && message.usedVersion === PROTOCOL_VERSION) {
      link.ready = true
      this.#out.push({ kind: 'negotiatorConnected', session, negotiator })
      for (const message of this.#solutions.messages()) this.#send(session, message)
      return
    }
    if (message.type !== 'SetupConnection.Error' && message.type !== 'SetupConnection.Success') return
    const code =
      message.type === 'SetupConnection.Error' ? message.errorCode : `version ${message.usedVersion}`
    this.#out.push(
      { kind: 'negotiatorRefused', session, negotiator, code },
      { kind: 'close', session, reason: 'setup refused' },
    )
  }

  /** There is another tip: it may be one of ours. */
  moved(prevHash: Uint8Array): void {
    this.#solutions.moved(prevHash)
  }

  /** Tells every server of a block. */
  push(solution: PushSolution, hash: string): void {
    this.#solutions.add({ hash, prevHash: solution.prevHash, message: solution })
    const ready = [...this.#links].filter(([, link]) => link.ready).map(([session]) => session)
    for (const session of ready) this.#send(session, solution)
    this.#out.push({ kind: 'solutionPushed', negotiators: ready.length, solution })
  }

  #send(session: SessionId, message: Message): void {
    this.#out.push({ kind: 'send', to: session, message })
  }
}
