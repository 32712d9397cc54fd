import type { Duplex } from 'node:stream'
import { struct, type Value, words } from './capnp-build.ts'
import { Frames } from './capnp-frames.ts'
import { CapnpError, decodeMessage, type StructReader } from './capnp-read.ts'
import {
  bootstrap,
  call,
  finish,
  type ImportId,
  type Method,
  NO_IMPORT,
  type Outcome,
  readMessage,
  release,
} from './rpc-messages.ts'

/** Why a call has failed: `gone` with the connection, `unimplemented` by this peer, `late`, or what the peer says itself. */
export class LinkError extends Error {
  override readonly name = 'LinkError'
  readonly kind: 'gone' | 'unimplemented' | 'late' | 'failed'

  constructor(kind: LinkError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

/** What a method has answered. */
export interface Answer {
  /** Points to the content by its first pointer. */
  readonly payload: StructReader
  /**
   * Takes the object that a pointer of the answer names; undefined where it names none. The caller gives it back by
   * `release`. Those that nobody takes are given back when the reader of the answer has returned.
   */
  take(from: StructReader, pointer: number): ImportId | undefined
}

/** One call. */
export interface Calling<T> {
  readonly target: ImportId
  readonly method: Method
  readonly parameters: Value
  /** Objects of the peer that the parameters name. */
  readonly capabilities: readonly ImportId[]
  /** The peer has this long to answer. */
  readonly timeoutMs: number
  /** Reads the answer. What it needs of it later has to be copied or kept here. */
  read(answer: Answer): T
}

interface Question {
  /** Undefined once nobody waits for the answer any more. */
  settle: ((outcome: Outcome | LinkError) => void) | undefined
}

/** Calls without an answer; more of them mean a peer that answers nothing. */
const MAX_QUESTIONS = 1_024

/**
 * The client's end of a Cap'n Proto connection: calls methods of the peer's objects, offers none itself. Every call is
 * finished, and every object of an answer either taken or given back, so that the peer keeps nothing for us.
 */
export class RpcLink {
  readonly #stream: Duplex
  readonly #questions = new Map<number, Question>()
  #lastId = -1
  #gone: LinkError | undefined
  readonly #onGone: (error: LinkError) => void

  constructor(stream: Duplex, onGone: (error: LinkError) => void) {
    this.#stream = stream
    this.#onGone = onGone
    const frames = new Frames()
    stream.on('data', (chunk: Uint8Array) => this.#received(frames, chunk))
    stream.on('error', (error: Error) => this.#end(error.message))
    stream.on('close', () => this.#end('the connection was closed'))
  }

  /** Calls that the peer has not answered. */
  get open(): number {
    return this.#questions.size
  }

  /** The peer's first object. @throws {LinkError} */
  async bootstrap(timeoutMs: number): Promise<ImportId> {
    const first = await this.#ask(
      (id) => bootstrap(id),
      timeoutMs,
      ({ payload, take }) => take(payload, 0),
    )
    if (first === undefined) throw new LinkError('failed', 'the peer has no first object')
    return first
  }

  /** Calls a method. @throws {LinkError} */
  call<T>({ timeoutMs, read, ...calling }: Calling<T>): Promise<T> {
    return this.#ask((id) => call(id, calling), timeoutMs, read, calling.method.name)
  }

  /** Gives an object back. */
  release(id: ImportId): void {
    this.#send(release(id))
  }

  /** Calls a method without parameters, whose answer is not needed. */
  send({ target, method }: Pick<Calling<void>, 'target' | 'method'>): void {
    if (this.#gone !== undefined) return
    const id = this.#nextId()
    this.#questions.set(id, { settle: undefined })
    this.#send(call(id, { target, method, parameters: struct(words(0)), capabilities: [] }))
    this.#send(finish(id, { releases: true }))
  }

  /** Ends the connection, once what was sent is on its way; what is open fails. */
  close(): void {
    this.#end('it was closed here')
  }

  async #ask<T>(
    encode: (questionId: number) => Uint8Array,
    timeoutMs: number,
    read: (answer: Answer) => T,
    name = 'the first object',
  ): Promise<T> {
    if (this.#gone !== undefined) throw this.#gone
    if (this.#questions.size >= MAX_QUESTIONS)
      throw new LinkError('late', `${MAX_QUESTIONS} calls have no answer yet`)
    const id = this.#nextId()
    const outcome = await new Promise<Outcome | LinkError>((resolve) => {
      const timer = setTimeout(() => this.#giveUp(id, `${name}: no answer within ${timeoutMs} ms`), timeoutMs)
      const settle = (settled: Outcome | LinkError) => {
        clearTimeout(timer)
        resolve(settled)
      }
      this.#questions.set(id, { settle })
      this.#send(encode(id))
    })
    if (outcome instanceof LinkError) throw outcome
    if (outcome.kind === 'canceled') throw new LinkError('failed', `${name}: it was cancelled`)
    if (outcome.kind === 'exception')
      throw new LinkError(outcome.isUnimplemented ? 'unimplemented' : 'failed', `${name}: ${outcome.reason}`)
    return this.#read(outcome, read)
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) % 2 ** 31
    while (this.#questions.has(this.#lastId))
    return this.#lastId
  }

  /** Nobody waits for this answer any more: the peer may stop, and what it answers still is given back there. */
  #giveUp(id: number, reason: string): void {
    const question = this.#questions.get(id)
    question?.settle?.(new LinkError('late', reason))
    if (question !== undefined) question.settle = undefined
    this.#send(finish(id, { releases: true }))
  }

  #read<T>({ payload, capabilities }: Extract<Outcome, { kind: 'results' }>, read: (answer: Answer) => T): T {
    const left = capabilities.map((id) => (id === NO_IMPORT ? undefined : id))
    const take = (from: StructReader, pointer: number): ImportId | undefined => {
      const place = from.capability(pointer)
      if (place === undefined) return undefined
      const id = left[place]
      left[place] = undefined
      return id
    }
    try {
      return read({ payload, take })
    } finally {
      for (const id of left) if (id !== undefined) this.release(id)
    }
  }

  #received(frames: Frames, chunk: Uint8Array): void {
    if (this.#gone !== undefined) return
    try {
      for (const frame of frames.take(chunk)) this.#message(frame)
    } catch (error) {
      if (!(error instanceof CapnpError)) throw error
      this.#end(`what it sends is not what Cap'n Proto allows: ${error.message}`)
    }
  }

  #message(frame: Uint8Array): void {
    const message = readMessage(decodeMessage(frame))
    if (message.kind === 'abort') return this.#end(`the peer ended the connection: ${message.reason}`)
    // what was promised is called by its first number all the same
    if (message.kind === 'resolve' && message.given !== undefined) this.release(message.given)
    if (message.kind !== 'return') return
    const { questionId, outcome } = message
    const question = this.#questions.get(questionId)
    if (question === undefined) throw new CapnpError('an answer to nothing')
    this.#questions.delete(questionId)
    // a call that was given up has been finished then
    if (question.settle === undefined) return
    this.#send(finish(questionId, { releases: false }))
    question.settle(outcome)
  }

  #send(bytes: Uint8Array): void {
    if (this.#gone === undefined) this.#stream.write(bytes)
  }

  #end(reason: string): void {
    if (this.#gone !== undefined) return
    this.#gone = new LinkError('gone', reason)
    // what was written still goes out
    this.#stream.end()
    this.#stream.once('finish', () => this.#stream.destroy())
    for (const { settle } of [...this.#questions.values()]) settle?.(this.#gone)
    this.#questions.clear()
    this.#onGone(this.#gone)
  }
}
