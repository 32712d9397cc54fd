import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigError } from './config/problems.ts'
import { loadTokenKey, tokenMac } from './token-key.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'token-key-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a key is made once, for its owner alone', () => {
  const file = join(folder, 'new', 'token.key')
  const key = loadTokenKey(file)
  expect(key).toHaveLength(32)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(loadTokenKey(file)).toEqual(key)
  expect(readFileSync(file, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
})

test('a file that is no key is refused by its name', () => {
  const file = join(folder, 'token.key')
  for (const text of ['', 'ab', `${'0'.repeat(63)}g`, '0'.repeat(66)]) {
    writeFileSync(file, text)
    expect(() => loadTokenKey(file)).toThrow(ConfigError)
  }
  expect(() => loadTokenKey(folder)).toThrow(ConfigError)
})

test('the MAC is HMAC-SHA-256 (RFC 4231, test case 2)', () => {
  const mac = tokenMac(new TextEncoder().encode('Jefe'))
  const made = mac(new TextEncoder().encode('what do ya want for nothing?'))
  expect(Buffer.from(made).toString('hex')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
})
