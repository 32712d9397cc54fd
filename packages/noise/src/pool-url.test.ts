import { expect, test } from 'vitest'
import { hex } from './_fixtures.ts'
import { formatPoolUrl, parsePoolUrl } from './pool-url.ts'

const CURRENT_TEXT = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh'
const DRAFT_TEXT = 'u95GEReVMjK6k5YqiSFNqqTnKU4ypU2Wm8awa6tmbmDmk1bWt'
const authorityKey = hex('76637000979c1c11af0c300bcd8c7fe48610fce9b9c11e3daee35ae0b08a7455')

test.each([
  [`stratum2+tcp://thepool.com:34254/${CURRENT_TEXT}`, 'thepool.com', 34254, 'current'],
  [`stratum2+tcp://thepool.com/${DRAFT_TEXT}`, 'thepool.com', undefined, 'draft'],
  [`stratum2+tcp://192.168.1.5:3333/${CURRENT_TEXT}`, '192.168.1.5', 3333, 'current'],
  [`stratum2+tcp://[2001:db8::1]:3333/${CURRENT_TEXT}`, '2001:db8::1', 3333, 'current'],
] as const)('%s reads and writes', (text, host, port, edition) => {
  expect(parsePoolUrl(text)).toEqual({ host, port, authorityKey, edition })
  expect(formatPoolUrl({ host, port, authorityKey, edition })).toBe(text)
})

test.each([
  ['another scheme', `stratum+tcp://a:1/${CURRENT_TEXT}`, 'pool-url'],
  ['no host', `stratum2+tcp://:1/${CURRENT_TEXT}`, 'pool-url'],
  ['no key', 'stratum2+tcp://a:1', 'pool-url'],
  ['an empty key', 'stratum2+tcp://a:1/', 'pool-url'],
  ['port 0', `stratum2+tcp://a:0/${CURRENT_TEXT}`, 'pool-url'],
  ['port 65536', `stratum2+tcp://a:65536/${CURRENT_TEXT}`, 'pool-url'],
  ['a port that is none', `stratum2+tcp://a:x/${CURRENT_TEXT}`, 'pool-url'],
  ['a user', `stratum2+tcp://me@a:1/${CURRENT_TEXT}`, 'pool-url'],
  ['a bare IPv6 address', `stratum2+tcp://::1:3333/${CURRENT_TEXT}`, 'pool-url'],
  ['a second path part', `stratum2+tcp://a:1/${CURRENT_TEXT}/x`, 'pool-url'],
  ['a damaged key', `stratum2+tcp://a:1/${CURRENT_TEXT}x`, 'authority-key-checksum'],
])('%s is refused', (_, text, code) => {
  expect(() => parsePoolUrl(text)).toThrow(code)
})
