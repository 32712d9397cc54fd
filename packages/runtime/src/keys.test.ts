import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigError } from './config/problems.ts'
import { systemNoise } from './doors.ts'
import { keyFile, loadIdentity } from './keys.ts'

let dataDir = ''
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sv2-keys-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

describe.each(['current', 'draft'] as const)('keys of edition %s', (edition) => {
  const load = (secretKeyFile?: string) =>
    loadIdentity(edition, { dataDir, secretKeyFile, certValiditySeconds: 3600 }, systemNoise)

  test('are made on the first start, for the owner alone, and loaded on the next', () => {
    const first = load()
    expect(first.made).toBe(true)
    expect(statSync(keyFile(dataDir, edition)).mode & 0o777).toBe(0o600)
    const second = load()
    expect(second.made).toBe(false)
    expect(second.authorityKey).toEqual(first.authorityKey)
  })

  test('the static key is new with each start', () => {
    expect(load().identity.staticPair.key).not.toEqual(load().identity.staticPair.key)
  })

  test('a folder that is not there is made', () => {
    const deep = join(dataDir, 'a', 'b')
    loadIdentity(edition, { dataDir: deep, secretKeyFile: undefined, certValiditySeconds: 60 }, systemNoise)
    expect(statSync(deep).mode & 0o777).toBe(0o700)
  })

  test('a file that the operator names is never made', () => {
    const file = join(dataDir, 'mine.key')
    expect(() => load(file)).toThrow(ConfigError)
    expect(() => load(file)).toThrow(`authority_secret_key_file = ${file}: cannot be read`)
  })

  test('a file that holds no key is named, and its content is not printed', () => {
    const file = join(dataDir, 'mine.key')
    writeFileSync(file, 'almost-a-secret\n')
    expect(() => load(file)).toThrow(`authority_secret_key_file = ${file}: is no secret key`)
    expect(() => load(file)).not.toThrow('almost-a-secret')
  })

  test('a key file with a typing error is noticed', () => {
    load()
    const file = keyFile(dataDir, edition)
    const text = readFileSync(file, 'utf8')
    const last = text.at(-2) === 'z' ? 'y' : 'z'
    writeFileSync(file, `${text.slice(0, -2)}${last}\n`)
    expect(() => load()).toThrow(/is no secret key/)
  })
})
