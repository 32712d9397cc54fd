import { createConnection } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Room } from '@sv2/roles/ground'
import { struct, type Value, words } from './capnp-build.ts'
import type { StructReader } from './capnp-read.ts'
import {
  type BlockRef,
  type CoinbaseParts,
  createOptions,
  method,
  readBlockRef,
  readCoinbase,
  setTimeoutMs,
  waitOptions,
} from './core-schema.ts'
import { type Answer, LinkError, RpcLink } from './rpc-link.ts'
import type { ImportId, Method } from './rpc-messages.ts'

/** A template that the node keeps until it is given back. */
export type CoreTemplate = ImportId

/** What a template is made of. */
export interface TemplateParts {
  /** 80 bytes. */
  readonly header: Uint8Array
  readonly coinbase: CoinbaseParts
  /** From the coinbase's side to the root, 32 bytes each. */
  readonly merklePath: readonly Uint8Array[]
  /** Serialized, with a coinbase of the node's own. */
  readonly block: Uint8Array
}

/** Threads of the node that work for us; each does one call after the other. */
const THREADS = ['waits', 'templates', 'calls'] as const
type Thread = (typeof THREADS)[number]

interface Objects {
  readonly mining: ImportId
  readonly rpc: ImportId
  readonly threads: Readonly<Record<Thread, ImportId>>
}

/** A call that does not wait is answered within this, ms. */
const CALL_MS = 30_000
/** A connection and its first objects are there within this, ms. A node that is starting keeps them waiting. */
const CONNECT_MS = 30_000
/** Beyond the time that a wait takes, a node that has not answered by then is gone, ms. */
const PATIENCE_MS = 30_000
/** In a call's parameters, the place of the thread in the table of objects. */
const THREAD: Value = struct(words(0), { kind: 'capability', index: 0 }, undefined)

/**
 * Bitcoin Core on its socket (`bitcoin-node -ipcbind=unix`): its mining interface, and its RPC through the same socket.
 * When the connection ends, all calls fail, and another one has to be made.
 */
export class CoreNode {
  readonly #link: RpcLink
  readonly #objects: Objects

  private constructor(link: RpcLink, objects: Objects) {
    this.#link = link
    this.#objects = objects
  }

  /**
   * Connects to a node.
   * @param onGone the connection has ended
   * @throws {LinkError}
   */
  static async connect(path: string, onGone: () => void = () => undefined): Promise<CoreNode> {
    const link = new RpcLink(await connected(path), onGone)
    try {
      return new CoreNode(link, await firstObjects(link))
    } catch (error) {
      link.close()
      throw error
    }
  }

  /** Calls that the node has not answered. */
  get open(): number {
    return this.#link.open
  }

  /** The newest block; undefined while the node has none. */
  getTip(): Promise<BlockRef | undefined> {
    return this.#mining('getTip', {
      thread: 'calls',
      read: (results) => (results.bit(0) ? readBlockRef(results.struct(0)) : undefined),
    })
  }

  /** Waits until the newest block is another one, or the time is over. Answers the newest block. */
  waitTipChanged(tip: Uint8Array, timeoutMs: number): Promise<BlockRef> {
    return this.#mining('waitTipChanged', {
      thread: 'waits',
      data: words(1, (view) => setTimeoutMs(view, timeoutMs)),
      pointers: [{ kind: 'bytes', bytes: tip }],
      timeoutMs: timeoutMs + PATIENCE_MS,
      read: (results) => readBlockRef(results.struct(0)),
    })
  }

  /**
   * Makes a template.
   * @returns to be given back; undefined where the node is ending
   */
  createNewBlock(room: Room, use: { readonly useMempool: boolean }): Promise<CoreTemplate | undefined> {
    return this.#mining('createNewBlock', {
      thread: 'templates',
      // without the node's own waiting for its chain: what state that is in is looked at here
      data: words(1, (view) => view.setUint8(0, 1)),
      pointers: [createOptions(room, use)],
      read: (results, take) => take(results, 0),
    })
  }

  /** A template that has so much more fees than the other, or builds on a newer block; undefined where there is none. */
  waitNext(
    template: CoreTemplate,
    { timeoutMs, feeThreshold }: { readonly timeoutMs: number; readonly feeThreshold: bigint },
  ): Promise<CoreTemplate | undefined> {
    return this.#call({
      target: template,
      method: method('BlockTemplate', 'waitNext'),
      thread: 'templates',
      pointers: [waitOptions(timeoutMs, feeThreshold)],
      timeoutMs: timeoutMs + PATIENCE_MS,
      read: (results, take) => take(results, 0),
    })
  }

  /** All there is of a template, asked for at one time. */
  async parts(template: CoreTemplate): Promise<TemplateParts> {
    const ask = <T>(
      name: 'getBlockHeader' | 'getCoinbaseTx' | 'getCoinbaseMerklePath' | 'getBlock',
      read: (results: StructReader) => T,
    ) => this.#call({ target: template, method: method('BlockTemplate', name), thread: 'templates', read })
    const [header, coinbase, merklePath, block] = await Promise.all([
      ask('getBlockHeader', (results) => Uint8Array.from(results.bytes(0))),
      ask('getCoinbaseTx', (results) => readCoinbase(results.struct(0))),
      ask('getCoinbaseMerklePath', (results) => results.manyBytes(0).map((hash) => Uint8Array.from(hash))),
      ask('getBlock', (results) => results.bytes(0)),
    ])
    return { header, coinbase, merklePath, block }
  }

  /** Lets the node forget a template. */
  giveBack(template: CoreTemplate): void {
    this.#link.release(template)
  }

  /** Calls a method of the node's JSON-RPC. @param request the whole object. Answers the whole object. */
  executeRpc(request: string, timeoutMs: number): Promise<string> {
    return this.#call({
      target: this.#objects.rpc,
      method: method('Rpc', 'executeRpc'),
      thread: 'calls',
      pointers: [text(request), text('/'), text('')],
      timeoutMs,
      read: (results) => results.text(0),
    })
  }

  /** Ends the waits that the node does for us, and the connection. */
  close(): void {
    this.#link.send({ target: this.#objects.mining, method: method('Mining', 'interrupt') })
    this.#link.close()
  }

  #mining<T>(
    name: Parameters<typeof method<'Mining'>>[1],
    calling: Omit<Threaded<T>, 'target' | 'method'>,
  ): Promise<T> {
    return this.#call({ target: this.#objects.mining, method: method('Mining', name), ...calling })
  }

  #call<T>({ thread, ...calling }: Threaded<T>): Promise<T> {
    return threaded(this.#link, this.#objects.threads[thread], calling)
  }
}

/** A call that one of the node's threads does. */
interface Threaded<T> {
  readonly target: ImportId
  readonly method: Method
  readonly thread: Thread
  readonly data?: Uint8Array
  /** Of the parameters, behind the context. */
  readonly pointers?: readonly Value[]
  readonly timeoutMs?: number
  read(results: StructReader, take: Answer['take']): T
}

function threaded<T>(
  link: RpcLink,
  thread: ImportId,
  { target, method, data = words(0), pointers = [], timeoutMs = CALL_MS, read }: Omit<Threaded<T>, 'thread'>,
): Promise<T> {
  return link.call({
    target,
    method,
    parameters: struct(data, THREAD, ...pointers),
    capabilities: [thread],
    timeoutMs,
    read: ({ payload, take }) => read(payload.struct(0), take),
  })
}

/** The objects that a connection begins with. What was got on the way there ends with the connection. */
async function firstObjects(link: RpcLink): Promise<Objects> {
  const init = await link.bootstrap(CONNECT_MS)
  const object = (target: ImportId, called: Method, parameters: Value): Promise<ImportId> =>
    link.call({
      target,
      method: called,
      parameters,
      capabilities: [],
      timeoutMs: CONNECT_MS,
      read: ({ payload, take }) => there(take(payload.struct(0), 0), called),
    })
  const threadMap = await object(init, method('Init', 'construct'), struct(words(0), undefined))
  const thread = (name: string) =>
    object(threadMap, method('ThreadMap', 'makeThread'), struct(words(0), text(name)))
  const [waits, templates, calls] = await Promise.all(THREADS.map((name) => thread(`sv2-${name}`)))
  const threads = { waits: waits!, templates: templates!, calls: calls! }
  const made = (called: Method) =>
    threaded(link, threads.calls, {
      target: init,
      method: called,
      timeoutMs: CONNECT_MS,
      read: (results, take) => there(take(results, 0), called),
    })
  // the RPC first: it is what nodes before Core 32 lack
  const rpc = await made(method('Init', 'makeRpc'))
  return { rpc, mining: await made(method('Init', 'makeMining')), threads }
}

function there(object: ImportId | undefined, { name }: Method): ImportId {
  if (object === undefined) throw new LinkError('failed', `${name}: the node answers nothing`)
  return object
}

function text(value: string): Value {
  return { kind: 'text', text: value }
}

function connected(path: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path })
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', (error: Error) => reject(new LinkError('gone', error.message)))
  })
}
