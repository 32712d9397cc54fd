import { encodeMessage, struct, type Value, words } from './capnp-build.ts'
import { CapnpError, type StructReader } from './capnp-read.ts'

// Messages of Cap'n Proto's RPC, as far as a client needs them that is never called itself. Places of members: rpc.capnp.

/** A method of an interface. */
export interface Method {
  readonly interfaceId: bigint
  readonly methodId: number
  /** For messages to people. */
  readonly name: string
}

/** A remote object, by its number in the peer's table of what we hold of it. */
export type ImportId = number

/** What the peer sends, as far as it is looked at. */
export type Received =
  | { readonly kind: 'return'; readonly questionId: number; readonly outcome: Outcome }
  /** A promised object has become another one. */
  | { readonly kind: 'resolve'; readonly given: ImportId | undefined }
  | { readonly kind: 'abort'; readonly reason: string }
  | { readonly kind: 'nothing' }

export type Outcome =
  /** `payload` has the content behind its first pointer. */
  | { readonly kind: 'results'; readonly payload: StructReader; readonly capabilities: readonly ImportId[] }
  | { readonly kind: 'exception'; readonly reason: string; readonly isUnimplemented: boolean }
  | { readonly kind: 'canceled' }

/** Numbers of the kinds of message. */
const KIND = {
  unimplemented: 0,
  abort: 1,
  call: 2,
  return: 3,
  finish: 4,
  resolve: 5,
  release: 6,
  bootstrap: 8,
  disembargo: 13,
}
/** Number of an exception: the peer has no such method. */
const UNIMPLEMENTED = 3
/** Kinds of capabilities in a table. */
const CAPABILITY = { none: 0, senderHosted: 1, senderPromise: 2, receiverHosted: 3 }

/** Asks for the peer's first object. */
export function bootstrap(questionId: number): Uint8Array {
  const asked = struct(
    words(1, (view) => view.setUint32(0, questionId, true)),
    undefined,
  )
  return message(KIND.bootstrap, asked)
}

/**
 * Calls a method.
 * @param capabilities objects of the peer that the parameters name by their places here
 */
export function call(
  questionId: number,
  {
    target,
    method,
    parameters,
    capabilities,
  }: {
    readonly target: ImportId
    readonly method: Method
    readonly parameters: Value
    readonly capabilities: readonly ImportId[]
  },
): Uint8Array {
  const table = capabilities.map((id) =>
    struct(
      words(1, (view) => {
        view.setUint16(0, CAPABILITY.receiverHosted, true)
        view.setUint32(4, id, true)
      }),
      undefined,
    ),
  )
  const data = words(3, (view) => {
    view.setUint32(0, questionId, true)
    view.setUint16(4, method.methodId, true)
    view.setBigUint64(8, method.interfaceId, true)
  })
  const to = struct(
    words(1, (view) => view.setUint32(0, target, true)),
    undefined,
  )
  const payload = struct(words(0), parameters, { kind: 'structs', elements: table })
  return message(KIND.call, struct(data, to, payload, undefined))
}

/** Ends a call: its answer is not needed any more, nor are the objects in it where `releases` says so. */
export function finish(questionId: number, { releases }: { readonly releases: boolean }): Uint8Array {
  const data = words(1, (view) => {
    view.setUint32(0, questionId, true)
    // its default is true, and bits are stored as what they differ from that
    view.setUint8(4, releases ? 0 : 1)
  })
  return message(KIND.finish, struct(data))
}

/** Gives an object back that the peer has handed out once. */
export function release(id: ImportId): Uint8Array {
  const data = words(1, (view) => {
    view.setUint32(0, id, true)
    view.setUint32(4, 1, true)
  })
  return message(KIND.release, struct(data))
}

/**
 * Reads a message of the peer.
 * @throws {CapnpError} for one that a client that offers nothing does not get
 */
export function readMessage(root: StructReader): Received {
  switch (root.uint16(0)) {
    case KIND.return: {
      const read = root.struct(0)
      return { kind: 'return', questionId: read.uint32(0), outcome: outcomeOf(read) }
    }
    case KIND.resolve: {
      const read = root.struct(0)
      return { kind: 'resolve', given: read.uint16(4) === 0 ? importOf(read.struct(0)) : undefined }
    }
    case KIND.abort:
      return { kind: 'abort', reason: root.struct(0).text(0) }
    case KIND.unimplemented:
    case KIND.disembargo:
    case KIND.release:
    case KIND.finish:
      return { kind: 'nothing' }
    default:
      throw new CapnpError(`a message of kind ${root.uint16(0)}, which no client gets`)
  }
}

function outcomeOf(read: StructReader): Outcome {
  switch (read.uint16(6)) {
    case 0: {
      const payload = read.struct(0)
      const capabilities = payload.structs(1).map((entry) => importOf(entry) ?? NO_IMPORT)
      return { kind: 'results', payload, capabilities }
    }
    case 1: {
      const exception = read.struct(0)
      const isUnimplemented = exception.uint16(4) === UNIMPLEMENTED
      return { kind: 'exception', reason: exception.text(0), isUnimplemented }
    }
    case 2:
      return { kind: 'canceled' }
    default:
      throw new CapnpError('an answer that is somewhere else')
  }
}

/** In the place of an entry of a table that is not an object of the peer. */
export const NO_IMPORT: ImportId = -1

function importOf(descriptor: StructReader): ImportId | undefined {
  const kind = descriptor.uint16(0)
  const isTheirs = kind === CAPABILITY.senderHosted || kind === CAPABILITY.senderPromise
  return isTheirs ? descriptor.uint32(4) : undefined
}

function message(kind: number, content: Value): Uint8Array {
  return encodeMessage(
    struct(
      words(1, (view) => view.setUint16(0, kind, true)),
      content,
    ),
  )
}
