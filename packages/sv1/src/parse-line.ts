import { idSource, MAX_ID_LENGTH, type RequestId } from './request-id.ts'
import type { Malformed } from './to-server.ts'

/** A line that is a JSON object, with nothing known about its members. */
export interface ParsedLine {
  readonly id: RequestId
  /** Undefined in an answer. */
  readonly method: string | undefined
  /** The members as parsed. */
  readonly body: Body
}

/** The members that a request or an answer has. */
export interface Body {
  readonly id?: unknown
  readonly method?: unknown
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: unknown
  readonly 'reject-reason'?: unknown
}

/** Parses one line as far as requests and answers are alike. */
export function parseLine(line: string): ParsedLine | Malformed {
  let body: Body
  try {
    body = JSON.parse(line)
  } catch {
    return malformed(undefined, undefined, 'no JSON')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return malformed(undefined, undefined, 'no JSON object')
  }
  const { method } = body
  const id = body.id === undefined ? undefined : idSource(line)
  const name = typeof method === 'string' ? method : undefined
  if (id !== undefined && id.length > MAX_ID_LENGTH) {
    return malformed(undefined, name, `an id of more than ${MAX_ID_LENGTH} characters`)
  }
  if (name !== undefined) return { id, method: name, body }
  if (method !== undefined && method !== null) return malformed(id, undefined, 'method is not a string')
  if (body.result === undefined && body.error === undefined) return malformed(id, undefined, 'no method')
  return { id, method: undefined, body }
}

/** The parameters of a request; missing ones are none. Undefined when they are no list. */
export function paramsOf({ params }: Body): readonly unknown[] | undefined {
  if (Array.isArray(params)) return params
  return params === undefined || params === null ? [] : undefined
}

/** A message about a line that says less than its sender meant. */
export function malformed(id: RequestId, method: string | undefined, reason: string): Malformed {
  return method === undefined
    ? { type: 'malformed', id, reason }
    : { type: 'malformed', id, method: method.slice(0, LONGEST_NAME), reason }
}

/** No method has a longer name; what a stranger calls one need not be carried along whole. */
const LONGEST_NAME = 64
