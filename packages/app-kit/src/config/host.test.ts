import { expect, test } from 'vitest'
import { hostSchema, isPublic } from './host.ts'

test.each(['pool.example', 'localhost', '192.0.2.1', '::1', '0.0.0.0', 'pool_1'])('%s is a host', (host) => {
  expect(hostSchema().safeParse(host).success).toBe(true)
})

test.each(['pool.example:3333', 'stratum2+tcp://pool.example', 'http://x', '[::1]', 'a/b', 'me@x', ' x', ''])(
  '%j is none',
  (host) => {
    expect(hostSchema().safeParse(host).success).toBe(false)
  },
)

test.each([
  ['127.0.0.1', false],
  ['10.1.2.3', false],
  ['172.31.0.1', false],
  ['192.168.1.1', false],
  ['fd00::1', false],
  ['pool', false],
  ['umbrel.local', false],
  ['8.8.8.8', true],
  ['172.32.0.1', true],
  ['2001:db8::1', true],
  ['pool.example', true],
])('%s is public: %s', (host, said) => {
  expect(isPublic(host)).toBe(said)
})
