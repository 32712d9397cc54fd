import { expect, test } from 'vitest'
import { join, share } from '../stats/_stats-fixtures.ts'
import { AUDIT, LEDGER, testedApi } from './_api-fixtures.ts'

/** Values that break programs. */
const ODD = [
  '',
  '0',
  '-1',
  '1',
  '1e308',
  '1e999',
  'NaN',
  'Infinity',
  '9007199254740993',
  '0x10',
  '1.5',
  'null',
  'undefined',
  'true',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '..',
  '../../etc/passwd',
  '%',
  '%00',
  '%2e%2e%2f',
  '%ff%fe',
  "' or 1=1 --",
  '<script>',
  '\u0000\u0007\u202e',
  'é'.repeat(127),
  'a'.repeat(255),
  'a'.repeat(5_000),
  'hour',
  'attention',
  ':',
  '5:',
  ':5',
  'NaN:NaN',
  '[]',
  '{}',
  'a&limit=5',
] as const

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
}

/** As a URL, whether it is one or not. */
function spelled(value: string, raw: boolean): string {
  if (raw) return value.replaceAll(/[^\x21-\x7e]/g, '?')
  return encodeURIComponent(value)
}

test('whatever is asked in whatever way, the answer is never a fault of ours, and always JSON', async () => {
  const coinbase = () => undefined
  const { app, stats, faults } = testedApi(
    { ledger: LEDGER, audit: AUDIT, coinbase },
    { token: 'a token of some length' },
  )
  join(stats, 1, { user: 'alice', worker: '__proto__' })
  join(stats, 2, { user: '__proto__', edition: 'v1' })
  share(stats, 1)
  const { paths } = (await app.inject({ url: '/api/v1/openapi.json' })).json() as {
    readonly paths: Readonly<
      Record<string, Readonly<Record<string, { readonly parameters: readonly Parameter[] }>>>
    >
  }
  const seen = new Map<number, number>()
  for (const [path, operations] of Object.entries(paths))
    for (const [method, { parameters }] of Object.entries(operations))
      for (const value of ODD)
        for (const raw of [false, true])
          for (const odd of [undefined, ...parameters]) {
            const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
              odd?.name === name ? spelled(value, raw) : name === 'account' ? 'alice' : '1',
            )
            const query =
              odd?.in === 'query' ? `?${odd.name}=${spelled(value, raw)}` : `?${spelled(value, raw)}`
            const headers = { authorization: 'Bearer a token of some length', 'last-event-id': 'x' }
            const answer = await app.inject({
              method: method.toUpperCase() as 'GET',
              url: `${url}${query}`,
              headers,
            })
            seen.set(answer.statusCode, (seen.get(answer.statusCode) ?? 0) + 1)
            expect(answer.statusCode, `${method} ${url}${query}`).toBeLessThan(500)
            expect(() => answer.json(), `${method} ${url}${query}`).not.toThrow()
          }
  expect(faults).toEqual([])
  // 429: what is open without the token may be asked once a second
  expect([...seen.keys()].sort()).toEqual([200, 400, 404, 414, 429])
}, 60_000)

test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'] as const)(
  '%s of a page is not a fault',
  async (method) => {
    const { app, faults } = testedApi()
    for (const url of ['/api/v1/pool', '/api/v1/miners', '/api/v1/', '/api', '/api/v1/pool/%ff'])
      expect(
        (await app.inject({ method, url, payload: method === 'POST' ? '{' : '' })).statusCode,
      ).toBeLessThan(500)
    expect(faults).toEqual([])
  },
)
