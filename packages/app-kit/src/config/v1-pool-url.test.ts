import { expect, test } from 'vitest'
import { v1PoolUrl } from './v1-pool-url.ts'

test.each([
  ['stratum+tcp://pool.example:3333', { host: 'pool.example', port: 3333, tls: false }],
  ['stratum+ssl://pool.example:443', { host: 'pool.example', port: 443, tls: true }],
  ['stratum+tcp://[::1]:3333/', { host: '::1', port: 3333, tls: false }],
])('%s names a V1 pool', (text, expected) => {
  expect(v1PoolUrl.parse(text)).toEqual(expected)
})

test.each([
  'pool.example:3333',
  'stratum+tcp://pool.example',
  'stratum2+tcp://pool.example:3333',
  'stratum+tcp://:3333',
  'stratum+tcp://pool.example:99999',
  'stratum+tcp://alice:x@pool.example:3333',
  'stratum+tcp://pool.example:3333/alice',
  '',
])('%j is refused', (text) => {
  expect(v1PoolUrl.safeParse(text).success).toBe(false)
})
