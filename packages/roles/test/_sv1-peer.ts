import type { Port, SessionEvent, SessionId } from '@sv2/roles/ground'
import type { LinkEnd } from '@sv2/sim'
import { type Sv1ToMiner, sv1Server } from '@sv2/sv1'

/** A line as it stands in the text. */
export interface Line {
  readonly id: unknown
  readonly method?: string
  readonly params?: readonly unknown[]
  readonly result?: unknown
  readonly error?: unknown
}

const decoder = new TextDecoder()

/** A V1 connection played by the test, by the text of its lines. */
export class Sv1Peer implements LinkEnd {
  readonly session: SessionId
  closed: string | undefined
  /** Everything that arrived, line by line. */
  readonly lines: Line[] = []
  readonly #deliver: (event: SessionEvent<Port, unknown>) => void
  #taken = 0
  #id = 0

  constructor(session: SessionId, deliver: (event: SessionEvent<Port, unknown>) => void) {
    this.session = session
    this.#deliver = deliver
  }

  /** Sends lines, in order. */
  send(...lines: readonly (string | object)[]): void {
    for (const line of lines) {
      const text = typeof line === 'string' ? line : JSON.stringify(line)
      this.#deliver({ kind: 'message', session: this.session, message: sv1Server.decode(text) })
    }
  }

  /** Sends a request and answers its response. */
  request(method: string, ...params: readonly unknown[]): Line {
    this.#id++
    const id = `t${this.#id}`
    const from = this.lines.length
    this.send({ id, method, params })
    const answers = this.lines.slice(from).filter((line) => line.method === undefined && line.id === id)
    if (answers.length !== 1) throw new Error(`${answers.length} answers to ${method}`)
    return answers[0]!
  }

  /** Lines since the last call. */
  take(): Line[] {
    const taken = this.lines.slice(this.#taken)
    this.#taken = this.lines.length
    return taken
  }

  /** Methods of the notifications since the last call, and `answer` for answers. */
  takeKinds(): string[] {
    return this.take().map(({ method }) => method ?? 'answer')
  }

  /** Every notification of a method so far. */
  all(method: string): Line[] {
    return this.lines.filter((line) => line.method === method)
  }

  /** Drops the connection from the test's side. */
  disconnect(): void {
    this.closed ??= 'peer left'
    this.#deliver({ kind: 'closed', session: this.session })
  }

  arrive(message: unknown): void {
    const text = decoder.decode(sv1Server.encode(message as Sv1ToMiner))
    for (const line of text.trimEnd().split('\n')) this.lines.push(JSON.parse(line) as Line)
  }
}
