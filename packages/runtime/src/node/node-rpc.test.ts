import { writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { NodeRpcError, nodeRpc } from './node-rpc.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const close of cleanUp.splice(0)) await close()
})

/** A server that answers like this; the URL. */
async function serving(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  const { port } = server.address() as { port: number }
  return `http://127.0.0.1:${port}`
}

const rpcAt = (url: string, cookieFile?: string) =>
  nodeRpc({ url, cookieFile, user: 'miner', password: 'se:cret' })

/** What a call fails with. */
async function failure(url: string, timeoutMs?: number): Promise<NodeRpcError> {
  const error: unknown = await rpcAt(url)
    .call('getblockcount', [], timeoutMs)
    .catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(NodeRpcError)
  return error as NodeRpcError
}

describe('a call', () => {
  test('is a POST with the method, its parameters, and the login; its result may be null', async () => {
    const seen: unknown[] = []
    const url = await serving((request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += chunk))
      request.on('end', () => {
        seen.push([request.method, request.headers.authorization, JSON.parse(body)])
        response.end('{"result":null,"error":null,"id":1}')
      })
    })
    expect(await rpcAt(url).call('submitblock', ['00', { ä: 1 }])).toBeNull()
    const login = `Basic ${Buffer.from('miner:se:cret').toString('base64')}`
    expect(seen).toEqual([
      ['POST', login, { jsonrpc: '1.0', id: 1, method: 'submitblock', params: ['00', { ä: 1 }] }],
    ])
  })

  test('logs in with the cookie of the moment', async () => {
    const logins: (string | undefined)[] = []
    const url = await serving((request, response) => {
      logins.push(request.headers.authorization)
      response.end('{"result":1}')
    })
    const cookie = join(tmpdir(), `sv2-cookie-${process.pid}`)
    const rpc = rpcAt(url, cookie)
    for (const secret of ['one', 'two']) {
      writeFileSync(cookie, `__cookie__:${secret}\n`)
      expect(await rpc.call('getblockcount', [])).toBe(1)
    }
    const basic = (secret: string) => `Basic ${Buffer.from(`__cookie__:${secret}`).toString('base64')}`
    expect(logins).toEqual([basic('one'), basic('two')])
    await expect(rpcAt(url, `${cookie}-missing`).call('getblockcount', [])).rejects.toThrow('is the node at')
  })

  test('has satoshi exactly, up to all there will be', async () => {
    const url = await serving((_, response) => response.end('{"result":{"value":2100000000000000}}'))
    expect(await rpcAt(url).call('getblocktemplate', [])).toEqual({ value: 2_100_000_000_000_000 })
  })
})

describe('a node that', () => {
  test.each([
    [401, '', 'refuses user and password'],
    [403, '', 'forbids getblockcount'],
    [503, 'Work queue depth exceeded', 'is too busy for getblockcount'],
    [500, '<html>', 'Internal Server Error'],
  ])('answers HTTP %i with what is no JSON is named by it', async (status, text, message) => {
    const error = await failure(await serving((_, response) => response.writeHead(status).end(text)))
    expect(error.code).toBe(status)
    expect(error.message).toContain(message)
  })

  test('answers an error is named by its own code', async () => {
    const url = await serving((_, response) =>
      response
        .writeHead(500)
        .end('{"result":null,"error":{"code":-28,"message":"Loading block index…"},"id":1}'),
    )
    const error = await failure(url)
    expect([error.code, error.message]).toEqual([-28, `node ${url}: getblockcount: Loading block index…`])
  })

  test.each([
    ['no JSON', 'hello', 'the answer is no JSON'],
    ['no object', '17', 'the answer has no result'],
    ['null', 'null', 'the answer has no result'],
    ['no result', '{}', 'the answer has no result'],
    ['an error that is no object', '{"error":"x"}', 'undefined'],
  ])('answers %s has answered, though nothing of use', async (_, text, message) => {
    const error = await failure(await serving((_request, response) => response.end(text)))
    expect(error.code).toBe(-32_700)
    expect(error.message).toContain(message)
  })

  test('says nothing is given up after the time', async () => {
    const error = await failure(await serving(() => undefined), 50)
    expect(error.code).toBeUndefined()
    expect(error.message).toContain('cannot be reached: no answer within 50 ms')
  })

  test('hangs up in the middle of its answer is not there', async () => {
    const url = await serving((_, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('{"result":')
      setImmediate(() => response.destroy())
    })
    expect((await failure(url)).code).toBeUndefined()
  })

  test('is not there is said to be away', async () => {
    const error = await failure('http://127.0.0.1:9')
    expect(error.code).toBeUndefined()
    expect(error.message).toContain('cannot be reached: connect ECONNREFUSED')
  })
})
