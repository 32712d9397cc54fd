import type { Worker } from 'node:worker_threads'
import type { NodeTemplate } from '@sv2/roles/ground'
import { startThread } from '../start-thread.ts'
import { UnminableTemplate } from './block-template.ts'
import { NodeRpcError, type NodeRpcSettings } from './node-rpc.ts'
import { TemplateUnpacker } from './packed-template.ts'
import { OddAnswer } from './read-answer.ts'
import type { TemplateSource } from './template-source.ts'
import type { FromTemplates, ToTemplates } from './template-thread.ts'

interface Waiting {
  resolve(template: NodeTemplate): void
  reject(error: unknown): void
}

/**
 * Templates that are asked for and read in a thread of their own, so that what clients ask never waits behind a full block's
 * JSON. A thread that ends is started again with the next template.
 */
export class ThreadedTemplates implements TemplateSource {
  readonly #node: NodeRpcSettings
  readonly #waiting = new Map<number, Waiting>()
  #thread: Worker | undefined
  #lastId = 0

  constructor(node: NodeRpcSettings) {
    this.#node = node
  }

  read(rules: readonly string[]): Promise<NodeTemplate> {
    this.#thread ??= this.#start()
    const id = ++this.#lastId
    this.#thread.postMessage({ id, rules } satisfies ToTemplates)
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  stop(): void {
    void this.#thread?.terminate()
  }

  #start(): Worker {
    const thread = startThread(import.meta.url, './template-thread', this.#node)
    const unpacker = new TemplateUnpacker()
    thread.on('message', (message: FromTemplates) => this.#heard(message, unpacker))
    thread.on('error', (error) => this.#ended(thread, error))
    thread.on('exit', () => this.#ended(thread, new Error('the thread that reads templates has ended')))
    return thread
  }

  #heard(message: FromTemplates, unpacker: TemplateUnpacker): void {
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('failed' in message) return waiting?.reject(errorOf(message.failed))
    waiting?.resolve(unpacker.unpack(message.packed))
  }

  #ended(thread: Worker, error: Error): void {
    if (this.#thread !== thread) return
    this.#thread = undefined
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

function errorOf({ kind, message, code }: Extract<FromTemplates, { failed: unknown }>['failed']): Error {
  switch (kind) {
    case 'rpc':
      return new NodeRpcError(message, { code, cause: undefined })
    case 'odd':
      return new OddAnswer(message)
    case 'unminable':
      return new UnminableTemplate(message)
    case 'defect':
      return new Error(message)
  }
}
