import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeHeightPush } from '@sv2/bitcoin'
import { encodeMessage, struct, type Value, words } from './capnp-build.ts'
import { Frames } from './capnp-frames.ts'
import { decodeMessage, type StructReader } from './capnp-read.ts'
import { method } from './core-schema.ts'

type Interface = Parameters<typeof method>[0]

/** One call, as the node sees it. */
export interface Seen {
  readonly name: string
  readonly parameters: StructReader
}

/** What a method does instead of answering as usual; `undefined`: as usual. */
type Script = (seen: Seen) => 'silent' | 'unimplemented' | 'garbage' | 'end' | Error | Value | undefined

/** A block that a template has. */
export interface ScriptedTemplate {
  readonly transactions: readonly Uint8Array[]
  readonly fees: number
}

const METHODS = new Map<string, string>()
for (const [on, names] of Object.entries({
  Init: ['construct', 'makeMining', 'makeRpc'],
  ThreadMap: ['makeThread'],
  Mining: ['getTip', 'waitTipChanged', 'createNewBlock', 'interrupt'],
  BlockTemplate: ['getBlockHeader', 'getBlock', 'getCoinbaseTx', 'getCoinbaseMerklePath', 'waitNext'],
  Rpc: ['executeRpc'],
}))
  for (const name of names) {
    const { interfaceId, methodId } = method(on as Interface, name as never)
    METHODS.set(`${interfaceId}/${methodId}`, `${on}.${name}`)
  }

/**
 * A node that speaks as much of Core's mining interface as is asked for, on a socket in a folder of its own: what it hands out,
 * it counts, so that a test sees what a client keeps.
 */
export class ScriptedCore {
  readonly folder = mkdtempSync(join(tmpdir(), 'sv2-ipc-'))
  readonly path = join(this.folder, 'node.sock')
  readonly calls: Seen[] = []
  /** What the chain says of itself besides. */
  chain: Readonly<Record<string, unknown>> = {}
  script: Script = () => undefined
  template: ScriptedTemplate = { transactions: [], fees: 0 }
  /** The next look for fees finds that they rose. */
  feesRose = false
  height = 100
  connections = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** What clients hold: kind of object, by its number. */
  readonly #held = new Map<number, string>()
  #lastObject = 0
  #wakes: (() => void)[] = []

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(): Promise<ScriptedCore> {
    const core = new ScriptedCore()
    await core.listen()
    return core
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.path, resolve))
  }

  /** Ends the process, as far as clients see it. */
  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async stop(): Promise<void> {
    await this.end()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Objects of this kind that clients hold. */
  held(kind: string): number {
    return [...this.#held.values()].filter((each) => each === kind).length
  }

  count(name: string): number {
    return this.calls.filter((call) => call.name === name).length
  }

  /** A block is found. */
  newTip(): void {
    this.height++
    for (const wake of this.#wakes.splice(0)) wake()
  }

  tipHash(): Uint8Array {
    return new Uint8Array(32).fill(this.height)
  }

  #serve(socket: Socket): void {
    this.connections++
    this.#sockets.add(socket)
    const frames = new Frames()
    socket.on('data', (chunk) => {
      for (const frame of frames.take(chunk)) this.#message(socket, decodeMessage(frame))
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#held.clear()
    })
  }

  #message(socket: Socket, root: StructReader): void {
    const content = root.struct(0)
    switch (root.uint16(0)) {
      case 8:
        return this.#give(socket, content.uint32(0), 'Init', 'bare')
      case 2:
        return this.#call(socket, content)
      case 6:
        this.#held.delete(content.uint32(0))
    }
  }

  #call(socket: Socket, call: StructReader): void {
    const id = call.uint32(0)
    const interfaceId = BigInt.asUintN(64, call.int64(8))
    const name = METHODS.get(`${interfaceId}/${call.uint16(4)}`) ?? 'unknown'
    const seen = { name, parameters: call.struct(1).struct(0) }
    this.calls.push(seen)
    const scripted = this.script(seen)
    if (scripted === 'silent') return
    if (scripted === 'end') return void socket.destroy()
    if (scripted === 'garbage') return void socket.write(Buffer.alloc(64, 0xff))
    if (scripted === 'unimplemented') return this.#refuse(socket, id, 'Method not implemented.', 3)
    if (scripted instanceof Error) return this.#refuse(socket, id, scripted.message, 0)
    if (scripted !== undefined) return this.#return(socket, id, scripted)
    this.#usual(socket, id, seen)
  }

  #usual(socket: Socket, id: number, { name, parameters }: Seen): void {
    const { transactions, fees } = this.template
    switch (name) {
      case 'Init.construct':
        return this.#give(socket, id, 'ThreadMap')
      case 'Init.makeMining':
        return this.#give(socket, id, 'Mining')
      case 'Init.makeRpc':
        return this.#give(socket, id, 'Rpc')
      case 'ThreadMap.makeThread':
        return this.#give(socket, id, 'Thread')
      case 'Mining.createNewBlock':
        return this.#give(socket, id, 'BlockTemplate')
      case 'BlockTemplate.waitNext':
        if (!this.feesRose) return this.#return(socket, id, struct(words(0), undefined))
        this.feesRose = false
        return this.#give(socket, id, 'BlockTemplate')
      case 'Mining.getTip':
        return this.#return(socket, id, struct(bits(1), this.#blockRef()))
      case 'Mining.waitTipChanged': {
        const answer = () => this.#return(socket, id, struct(words(0), this.#blockRef()))
        if (Buffer.compare(parameters.bytes(1), this.tipHash()) !== 0) return answer()
        this.#wakes.push(answer)
        return
      }
      case 'Rpc.executeRpc':
        return this.#return(
          socket,
          id,
          struct(words(0), { kind: 'text', text: this.#rpc(parameters.text(1)) }),
        )
      case 'BlockTemplate.getBlockHeader':
        return this.#return(socket, id, data(this.#header()))
      case 'BlockTemplate.getBlock':
        return this.#return(socket, id, data(block(this.#header(), transactions)))
      case 'BlockTemplate.getCoinbaseMerklePath':
        return this.#return(socket, id, struct(words(0), undefined))
      case 'BlockTemplate.getCoinbaseTx':
        return this.#return(socket, id, struct(words(0), this.#coinbase(fees)))
    }
  }

  #rpc(request: string): string {
    const { method: name } = JSON.parse(request) as { method: string }
    const known = { chain: 'regtest', blocks: this.height, headers: this.height, ...this.chain }
    const result = name === 'getblockchaininfo' ? known : null
    return JSON.stringify({ id: 1, result, error: null })
  }

  #blockRef(): Value {
    return struct(
      words(1, (view) => view.setInt32(0, this.height, true)),
      { kind: 'bytes', bytes: this.tipHash() },
    )
  }

  #header(): Uint8Array {
    const header = new Uint8Array(80)
    const view = new DataView(header.buffer)
    view.setUint32(0, 0x2000_0000, true)
    header.set(this.tipHash(), 4)
    view.setUint32(68, 1_700_000_000, true)
    view.setUint32(72, 0x207fffff, true)
    return header
  }

  #coinbase(fees: number): Value {
    const fields = words(3, (view) => {
      view.setUint32(0, 2, true)
      view.setUint32(4, 0xffff_fffe, true)
      view.setBigInt64(8, 5_000_000_000n + BigInt(fees), true)
      view.setUint32(16, this.height, true)
    })
    const bytes = (value: Uint8Array): Value => ({ kind: 'bytes', bytes: value })
    return struct(fields, bytes(encodeHeightPush(this.height + 1)), bytes(new Uint8Array(32)), undefined)
  }

  /** Answers with a new object. */
  #give(socket: Socket, id: number, kind: string, shape: 'bare' | 'member' = 'member'): void {
    const object = ++this.#lastObject
    this.#held.set(object, kind)
    const pointer: Value = { kind: 'capability', index: 0 }
    this.#return(socket, id, shape === 'bare' ? pointer : struct(words(0), pointer), object)
  }

  #return(socket: Socket, id: number, content: Value, object?: number): void {
    const descriptor = words(1, (view) => {
      view.setUint16(0, 1, true)
      view.setUint32(4, object ?? 0, true)
    })
    const table = object === undefined ? [] : [struct(descriptor, undefined)]
    const payload = struct(words(0), content, { kind: 'structs', elements: table })
    socket.write(answer(id, 0, payload))
  }

  #refuse(socket: Socket, id: number, reason: string, type: number): void {
    const fields = words(1, (view) => view.setUint16(4, type, true))
    socket.write(answer(id, 1, struct(fields, { kind: 'text', text: reason }, undefined)))
  }
}

function answer(id: number, kind: number, content: Value): Uint8Array {
  const fields = words(2, (view) => {
    view.setUint32(0, id, true)
    view.setUint16(6, kind, true)
  })
  return encodeMessage(
    struct(
      words(1, (view) => view.setUint16(0, 3, true)),
      struct(fields, content),
    ),
  )
}

function data(bytes: Uint8Array): Value {
  return struct(words(0), { kind: 'bytes', bytes })
}

function bits(value: number): Uint8Array {
  return words(1, (view) => view.setUint8(0, value))
}

function block(header: Uint8Array, transactions: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([header, Uint8Array.of(1 + transactions.length), payment(0xff), ...transactions])
}

/** A transaction with one input, whose outpoint has this mark, and one output. */
export function payment(mark: number, value = 1n): Uint8Array {
  const bytes = new Uint8Array(60)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 2, true)
  bytes[4] = 1
  bytes.fill(mark, 5, 37)
  bytes[46] = 1
  view.setBigUint64(47, value, true)
  return bytes
}
