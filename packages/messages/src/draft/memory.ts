import { ChannelMemory } from './channel-memory.ts'

/** Which kind of channel a request asked for. */
export type RequestKind = 'standard' | 'extended'

/** Unanswered open requests remembered per connection; the oldest goes first. */
const MAX_REQUESTS = 65_536

const NO_NOTES: readonly string[] = []

/** What one draft connection remembers. A client uses the channels, a server the open requests. */
export class DraftMemory {
  readonly channels: ChannelMemory
  #requests: Map<number, RequestKind> | undefined
  #notes: string[] = []

  constructor() {
    this.channels = new ChannelMemory()
    this.#requests = undefined
  }

  /** Keeps what is odd about the peer. */
  note(text: string): void {
    this.#notes.push(text)
  }

  takeNotes(): readonly string[] {
    if (this.#notes.length === 0) return NO_NOTES
    const notes = this.#notes
    this.#notes = []
    return notes
  }

  /** An open request came; its refusal will need the number of its kind. */
  requested(requestId: number, kind: RequestKind): void {
    this.#requests ??= new Map()
    this.#requests.delete(requestId)
    this.#requests.set(requestId, kind)
    if (this.#requests.size <= MAX_REQUESTS) return
    const [oldest] = this.#requests.keys()
    if (oldest !== undefined) this.#requests.delete(oldest)
  }

  /** An open request was answered. */
  answered(requestId: number): void {
    this.#requests?.delete(requestId)
  }

  /** The kind of an unanswered request; standard for one that is not remembered. */
  requestKind(requestId: number): RequestKind {
    return this.#requests?.get(requestId) ?? 'standard'
  }
}
