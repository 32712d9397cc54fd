/** An error answer of a node. */
export class RpcFailure extends Error {
  override readonly name = 'RpcFailure'
  readonly code: number
  readonly status: number

  constructor(answer: { readonly code: number; readonly message: string; readonly status: number }) {
    super(answer.message)
    this.code = answer.code
    this.status = answer.status
  }
}

/** A node to test, embedded or real. */
export type TestedNode = {
  readonly url: string
  /** `user:password`. */
  readonly login: string
  readonly stop: () => Promise<void>
}

/** POSTs a body as it is. */
export function post(node: TestedNode, body: string, signal?: AbortSignal): Promise<Response> {
  return fetch(node.url, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(node.login).toString('base64')}`,
      'content-type': 'application/json',
    },
    body,
    ...(signal === undefined ? {} : { signal }),
  })
}

/** Calls a method and returns its result. @throws {RpcFailure} on an error answer. */
// The result's shape is what each test asserts, so it is left open here.
// biome-ignore lint/suspicious/noExplicitAny: see above
export async function rpc(node: TestedNode, method: string, ...params: readonly unknown[]): Promise<any> {
  const response = await post(node, JSON.stringify({ id: 1, method, params }))
  const text = await response.text()
  // what the HTTP server says itself is no JSON: 503 "Work queue depth exceeded"
  if (!text.startsWith('{')) throw new Error(`${method}: HTTP ${response.status} ${text}`)
  const answer = JSON.parse(text) as {
    result: unknown
    error: { code: number; message: string } | null
  }
  if (answer.error !== null) throw new RpcFailure({ ...answer.error, status: response.status })
  return answer.result
}
