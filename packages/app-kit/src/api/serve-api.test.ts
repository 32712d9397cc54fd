import { get } from 'node:http'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { auditRoutes } from '../audit/audit-routes.ts'
import { join, share } from '../stats/_stats-fixtures.ts'
import { AUDIT, LEDGER, testedApi } from './_api-fixtures.ts'
import { farmRoutes } from './farm-routes.ts'
import { poolRoutes } from './pool-routes.ts'
import { ApiRefusal } from './refusal.ts'
import { sriRoutes } from './sri-routes.ts'

const HOSTILE = `<img src=x onerror=alert(1)>\u0007${'é'.repeat(100)}`

function populated(
  sources: Parameters<typeof testedApi>[0] = {},
  settings: Parameters<typeof testedApi>[1] = {},
) {
  const coinbase = () => ({
    outputs: [{ script: '00', address: null, value_sat: 5, is_own: true }],
    tag: '/sv2/',
  })
  const api = testedApi({ ledger: LEDGER, audit: AUDIT, coinbase, ...sources }, settings)
  const { stats } = api
  join(stats, 1, { user: 'alice', worker: 'rig1' })
  join(stats, 2, { user: 'alice', worker: HOSTILE })
  join(stats, 3, { user: 'bob', edition: 'v1' })
  share(stats, 1)
  stats.fact({ kind: 'shareRefused', session: 2, channelId: 1, code: 'stale-share' })
  stats.fact({ kind: 'newTip', prevHash: 'aa', networkDifficulty: 1e6 })
  stats.fact({ kind: 'blockFound', session: 1, channelId: 1, hash: 'bb' })
  return api
}

async function read(api: ReturnType<typeof testedApi>, url: string) {
  const answer = await api.app.inject({ url })
  return { status: answer.statusCode, body: answer.json() }
}

const EXISTING: Readonly<Record<string, string>> = { account: 'alice', id: '1', client_id: '1', number: '1' }

describe('every resource', () => {
  const api = populated()
  const sources = { stats: api.stats } as never
  const all = [
    ...poolRoutes(sources),
    ...auditRoutes(undefined),
    ...farmRoutes(sources),
    ...sriRoutes(sources),
  ]
  const routes = all.filter(({ method }) => method === 'GET')

  test.each(routes.map((route) => [route.path, route] as const))(
    '%s answers in its shape',
    async (path, route) => {
      const known = path.startsWith('/api/v1/sv1/') ? { ...EXISTING, client_id: '3' } : EXISTING
      const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name]!)
      const { status, body } = await read(api, path.endsWith('/proof') ? `${url}?index=0` : url)
      expect(status).toBe(200)
      expect(z.prettifyError(route.answer.safeParse(body).error ?? { issues: [] })).toBe('')
    },
  )

  test('stands in the OpenAPI document, with its parameters and shapes', async () => {
    const { body } = await read(api, '/api/v1/openapi.json')
    expect(body.openapi).toBe('3.1.0')
    expect(Object.keys(body.paths)).toEqual([...new Set(all.map(({ path }) => path))])
    const workers = body.paths['/api/v1/accounts/{account}/workers'].get
    expect(
      workers.parameters.map(({ name, in: where }: { name: string; in: string }) => [name, where]),
    ).toEqual([
      ['account', 'path'],
      ['limit', 'query'],
      ['cursor', 'query'],
    ])
  })
})

describe('what is told', () => {
  test('an account has its hash rate, its odds and its books', async () => {
    const { body } = await read(populated(), '/api/v1/accounts/alice')
    expect(body).toMatchObject({
      account: 'alice',
      workers: 2,
      shares: { accepted: 1, refused: 1, best: 10, blocks: 1 },
      books: { balance_sat: 10 },
    })
    const perDay = (body.hashrate.hour * 86_400) / (1e6 * 2 ** 32)
    expect(body.odds_per_day).toBeCloseTo(perDay, 12)
  })

  test('an account that only the ledger knows is told too', async () => {
    const { status, body } = await read(testedApi({ ledger: LEDGER }), '/api/v1/accounts/alice')
    expect([status, body.books.expected_sat, body.workers]).toEqual([200, 500, 0])
  })

  test('without a ledger there is 404, and blocks are those that were found', async () => {
    const api = populated({ ledger: undefined, audit: undefined, coinbase: undefined })
    for (const path of [
      'distribution',
      'audit/segments',
      'audit/segments/0/records',
      'accounts/alice/earnings',
      'accounts/alice/coinbase',
    ])
      expect(await read(api, `/api/v1/${path}`)).toEqual({ status: 404, body: { error: 'not found' } })
    const { body } = await read(api, '/api/v1/blocks')
    expect(body.items).toMatchObject([{ hash: 'bb', state: 'found', account: 'alice', total_sat: null }])
  })

  test('machines that are silent come first, then those whose shares are refused', async () => {
    const { clock, stats, ...api } = populated()
    clock.now += 400_000
    share(stats, 1)
    share(stats, 2)
    const { body } = await read({ clock, stats, ...api }, '/api/v1/miners')
    expect(body.items.map(({ id }: { id: number }) => id)).toEqual([3, 2, 1])
    expect(body.items[0]).toMatchObject({ version: 'v1', kind: 'bitaxe bitaxe/2', users: ['bob'] })
  })

  test('names are told byte for byte, and found by them', async () => {
    const api = populated()
    const { body } = await read(api, '/api/v1/accounts/alice/workers')
    expect(body.items.map(({ worker }: { worker: string }) => worker)).toEqual(['rig1', HOSTILE])
    const of = `/api/v1/accounts/alice/history?worker=${encodeURIComponent(HOSTILE)}`
    expect((await read(api, of)).status).toBe(200)
    const long = '\u0001ü<'.repeat(85).slice(0, 255)
    join(api.stats, 9, { user: long })
    expect((await read(api, `/api/v1/accounts/${encodeURIComponent(long.slice(0, 100))}`)).status).toBe(404)
    expect((await read(api, `/api/v1/accounts/${encodeURIComponent(long)}`)).body.account).toBe(long)
  })

  test("SRI's interface asks for a thousand miners at once, and others for more: at most a thousand are told", async () => {
    const api = populated()
    for (const [limit, told] of [
      [1_000, 1_000],
      [5_000, 1_000],
      [2, 2],
    ])
      expect((await read(api, `/api/v1/sv1/clients?limit=${limit}`)).body).toMatchObject({
        limit: told,
        total: 1,
      })
  })

  test('a pool that works for no upstream has neither server nor upstreams', async () => {
    const api = populated({ isFarm: false })
    for (const path of ['server', 'server/channels', 'upstreams'])
      expect((await read(api, `/api/v1/${path}`)).status).toBe(404)
    expect((await read(api, '/api/v1/global')).body).toMatchObject({
      server: null,
      sv2_clients: { total_clients: 2 },
      sv1_clients: null,
    })
  })
})

describe('pages', () => {
  test('of 250 workers are whole, without a worker twice, while others come and go', async () => {
    const { stats, clock, ...api } = testedApi()
    for (let n = 1; n <= 90; n++) join(stats, n, { user: 'a', worker: `w${n}` })
    const seen: string[] = []
    let next: string | null = ''
    while (next !== null) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`
      const { body } = await read({ stats, clock, ...api }, `/api/v1/accounts/a/workers?limit=20${cursor}`)
      seen.push(...body.items.map(({ worker }: { worker: string }) => worker))
      next = body.next
      join(stats, 1_000 + seen.length, { user: 'b', worker: 'x' })
    }
    expect([seen.length, new Set(seen).size]).toEqual([90, 90])
  })

  test('of machines are whole in either order', async () => {
    const api = testedApi()
    for (let n = 1; n <= 45; n++) join(api.stats, n, { user: 'a' })
    for (const sort of ['id', 'attention']) {
      const first = await read(api, `/api/v1/miners?sort=${sort}&limit=40`)
      const second = await read(api, `/api/v1/miners?sort=${sort}&limit=40&cursor=${first.body.next}`)
      const ids = [...first.body.items, ...second.body.items].map(({ id }: { id: number }) => id)
      expect([new Set(ids).size, second.body.next]).toEqual([45, null])
    }
  })
})

describe('who may do what', () => {
  const remove = (api: ReturnType<typeof testedApi>, authorization?: string) =>
    api.app.inject({
      method: 'DELETE',
      url: '/api/v1/miners/1',
      headers: { ...(authorization && { authorization }) },
    })

  test('a connection is closed with the token alone', async () => {
    const api = populated({}, { token: 'a token of some length' })
    for (const wrong of [undefined, 'Bearer no', 'a token of some length', 'Bearer '])
      expect((await remove(api, wrong)).statusCode).toBe(401)
    expect(api.disconnected).toEqual([])
    expect((await remove(api, 'Bearer a token of some length')).json()).toEqual({ id: 1 })
    expect(api.disconnected).toEqual([1])
  })

  test('a test of the notices takes the token, and tells what each target said', async () => {
    const notices = {
      test: async () => [
        { target: 'ntfy x', error: undefined },
        { target: 'y', error: 'no' },
      ],
    }
    const api = populated({ notices }, { token: 'a token of some length' })
    const ask = (authorization: string) =>
      api.app.inject({ method: 'POST', url: '/api/v1/notices/test', headers: { authorization } })
    expect((await ask('Bearer x')).statusCode).toBe(401)
    expect((await ask('Bearer a token of some length')).json()).toEqual({
      items: [
        { target: 'ntfy x', error: null },
        { target: 'y', error: 'no' },
      ],
    })
  })

  test('a payment is booked with the token, and a refusal says why', async () => {
    const booked: string[] = []
    const bookPayment = async (bytes: Uint8Array) => {
      if (bytes[0] !== 2) throw new ApiRefusal(409, 'the transaction pays no account')
      booked.push(Buffer.from(bytes).toString('hex'))
      return { txid: 'aa', booked: 'now' as const, paid: [], to_pool_sat: 0 }
    }
    const api = populated({ bookPayment }, { token: 'a token of some length' })
    const pay = (payload: object, authorization = 'Bearer a token of some length') =>
      api.app.inject({ method: 'POST', url: '/api/v1/payments', headers: { authorization }, payload })
    expect((await pay({ transaction: '02ff' }, 'Bearer x')).statusCode).toBe(401)
    for (const payload of [{}, { transaction: '0' }, { transaction: 'xy' }, { transaction: '02', more: 1 }])
      expect((await pay(payload)).statusCode).toBe(400)
    const refused = await pay({ transaction: '01' })
    expect([refused.statusCode, refused.json()]).toEqual([409, { error: 'the transaction pays no account' }])
    expect(booked).toEqual([])
    expect((await pay({ transaction: '02ff' })).statusCode).toBe(200)
    expect(booked).toEqual(['02ff'])
    expect(api.faults).toEqual([])
  })

  test('an address is set without the token, and no more often than once a second', async () => {
    const asked: unknown[] = []
    const setAddress = async (signed: { readonly name: string; readonly address: string }) => {
      asked.push(signed)
      return { account: signed.name, address: signed.address, signed_at: 5 }
    }
    const api = populated({ setAddress }, { token: 'a token of some length' })
    const set = (payload: object) =>
      api.app.inject({ method: 'POST', url: '/api/v1/accounts/bob/address', payload })
    const payload = { address: 'bc1q', signed_at: 5, signature: 'AA==', previous_signature: 'BB==' }
    expect((await set(payload)).statusCode).toBe(200)
    expect(asked).toEqual([{ name: 'bob', address: 'bc1q', signedAt: 5, signatures: ['AA==', 'BB=='] }])
    expect((await set(payload)).statusCode).toBe(429)
    api.clock.now += 1_000
    expect((await set({ address: 'bc1q' })).statusCode).toBe(400)
    expect(asked).toHaveLength(1)
  })

  test('without a token nothing can be changed', async () => {
    const api = populated()
    expect((await remove(api, 'Bearer undefined')).statusCode).toBe(401)
    expect((await remove(api, 'Bearer ')).statusCode).toBe(401)
  })

  test('pages of other hosts read nothing, unless they are named', async () => {
    const headers = { origin: 'https://evil.example' }
    const closed = await populated().app.inject({ url: '/api/v1/pool', headers })
    expect(closed.headers['access-control-allow-origin']).toBeUndefined()
    const open = populated({}, { corsOrigins: ['https://farm.example'] })
    const named = await open.app.inject({ url: '/api/v1/pool', headers: { origin: 'https://farm.example' } })
    expect(named.headers).toMatchObject({
      'access-control-allow-origin': 'https://farm.example',
      vary: 'Origin',
    })
    const other = await open.app.inject({ url: '/api/v1/pool', headers })
    expect(other.headers['access-control-allow-origin']).toBeUndefined()
  })

  test('an address that asks too often is told to wait, and is served again a second later', async () => {
    const api = populated({}, { maxRequestsPerSecond: 3 })
    const statuses = []
    for (let n = 0; n < 5; n++) statuses.push((await read(api, '/api/v1/pool')).status)
    expect(statuses).toEqual([200, 200, 200, 429, 429])
    api.clock.now += 1_000
    expect((await read(api, '/api/v1/pool')).status).toBe(200)
  })
})

describe('live events', () => {
  /** Reads from a running server until a text came. */
  async function heard(api: ReturnType<typeof testedApi>, until: string, lastId?: string): Promise<string> {
    await api.app.listen({ host: '127.0.0.1', port: 0 }).catch(() => undefined)
    const address = api.app.server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    return new Promise((resolve, reject) => {
      const headers = lastId === undefined ? {} : { 'last-event-id': lastId }
      const request = get({ host: '127.0.0.1', port, path: '/api/v1/events', headers }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
          if (!text.includes(until)) return
          request.destroy()
          resolve(text)
        })
      })
      request.on('error', reject)
    })
  }

  test('tell what happens, and a reader that comes back what it missed', async () => {
    const api = testedApi()
    join(api.stats, 1, { user: 'alice', worker: 'rig1' })
    const first = heard(api, 'event: block')
    const told = setInterval(() => {
      api.stats.fact({ kind: 'blockFound', session: 1, channelId: 1, hash: 'bb' })
    }, 5)
    const text = await first
    clearInterval(told)
    const [, id = ''] = /id: (\S+)\nevent: block/.exec(text) ?? []
    expect(text).toContain('event: shares\ndata: {')
    api.stats.closed(1)
    const missed = await heard(api, 'event: workerGone', id)
    expect(missed).toContain('"account":"alice","worker":"rig1"')
    const [run = ''] = id.split('-')
    const all = await heard(api, 'event: workerGone', `${run}x-5`)
    expect(all).toContain(`id: ${run}-1\n`)
    await api.app.close()
  })

  test('names of miners cannot make lines of the stream', async () => {
    const api = testedApi()
    join(api.stats, 1, { user: 'a', worker: 'x\n\nevent: block\ndata: {}' })
    api.stats.closed(1)
    const text = await heard(api, 'event: shares', 'other-0')
    expect(text).not.toContain('\nevent: block')
    await api.app.close()
  })
})
