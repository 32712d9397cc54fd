import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeAuthorityKey, formatPoolUrl } from '@sv2/noise'
import { anIdentity } from '@sv2/runtime/testing/fixtures'
import { afterAll, describe, expect, test } from 'vitest'
import { upstreamSchema, upstreamSettings } from './upstream.ts'

const schema = upstreamSchema({ description: 'A server', defaultPort: 3_333 })
const key = { current: anIdentity('current').authorityKey, draft: anIdentity('draft').authorityKey }

const folder = mkdtempSync(join(tmpdir(), 'sv2-upstream-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A file with this text. */
function fileOf(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

function settings(config: Record<string, unknown>) {
  return upstreamSettings(schema.parse(config), { protocol: 'mining', defaultPort: 3_333 })
}

function problems(config: Record<string, unknown>) {
  return (schema.safeParse(config).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  )
}

describe('an upstream', () => {
  test.each(['current', 'draft'] as const)('is named by the URL of a server of edition %s', (edition) => {
    const url = formatPoolUrl({ host: 'pool.example', port: 34, authorityKey: key[edition], edition })
    expect(settings({ url })).toMatchObject({
      host: 'pool.example',
      port: 34,
      edition,
      noise: true,
      authorityKey: key[edition],
      clockToleranceSeconds: 600,
    })
  })

  test('is named by its parts, the port by default', () => {
    const authority_key = encodeAuthorityKey({ edition: 'draft', key: key.draft })
    expect(settings({ host: 'pool.example', authority_key })).toMatchObject({
      host: 'pool.example',
      port: 3_333,
      edition: 'draft',
    })
  })

  test.each(['current', 'draft'] as const)(
    'takes a key of edition %s from a file, and the edition with it',
    (edition) => {
      const text = encodeAuthorityKey({ edition, key: key[edition] })
      const authority_key_file = fileOf(`${edition}.pub`, `${text}\n`)
      expect(settings({ host: 'pool.example', authority_key_file })).toMatchObject({
        edition,
        authorityKey: key[edition],
      })
    },
  )

  test('a key file that is missing, no key, or one key too many is a problem', () => {
    const missing = join(folder, 'missing.pub')
    expect(problems({ host: 'a', authority_key_file: missing })).toEqual([
      expect.stringMatching(/^authority_key_file: cannot be read: ENOENT/),
    ])
    const wrong = fileOf('wrong.pub', 'abc')
    expect(problems({ host: 'a', authority_key_file: wrong })).toEqual([
      expect.stringMatching(/^authority_key_file: /),
    ])
    const text = encodeAuthorityKey({ edition: 'current', key: key.current })
    const good = fileOf('good.pub', text)
    expect(problems({ host: 'a', authority_key: text, authority_key_file: good })).toEqual([
      'authority_key_file: not together with authority_key',
    ])
    const url = formatPoolUrl({ host: 'a', port: 1, authorityKey: key.current, edition: 'current' })
    expect(problems({ url, authority_key_file: good })).toEqual([
      'authority_key_file: the key stands in the url already',
    ])
  })

  test('SEC-03 (current, draft): without a key nobody is trusted, but where the operator says plaintext', () => {
    expect(problems({ host: 'pool.example' })).toEqual([
      'authority_key: is required with noise; it is what proves who the server is',
    ])
    expect(settings({ host: '10.0.0.1', noise: false, edition: 'draft' })).toMatchObject({
      noise: false,
      edition: 'draft',
    })
  })

  test('SEC-02 (current, draft): plaintext to where others listen has to be meant', () => {
    for (const host of ['pool.example', '8.8.8.8'])
      expect(problems({ host, noise: false })).toEqual([
        `noise: ${host} is on no local network: others could read and change what is sent; allow_plaintext = true takes that`,
      ])
    expect(settings({ host: 'pool.example', noise: false, allow_plaintext: true })).toMatchObject({
      noise: false,
    })
    for (const host of ['localhost', '192.168.1.2', 'pool'])
      expect(problems({ host, noise: false })).toEqual([])
  })

  test('the prelude of 2022 is for the draft', () => {
    expect(settings({ host: 'a', noise: false, edition: 'draft', draft_prelude: true })).toMatchObject({
      prelude: true,
    })
    expect(problems({ host: 'a', noise: false, draft_prelude: true })).toEqual([
      'draft_prelude: needs edition = "draft"',
    ])
  })

  test('contradictions are problems', () => {
    const url = formatPoolUrl({ host: 'a', port: 1, authorityKey: key.current, edition: 'current' })
    expect(problems({})).toEqual(['url: is required, or host and port'])
    expect(problems({ url, host: 'b' })).toEqual(['host: stands in the url already'])
    expect(problems({ url, edition: 'draft' })).toEqual([
      'edition: the authority key is one of edition current',
    ])
    expect(problems({ url: 'http://a' })).toHaveLength(1)
    expect(problems({ host: 'a', authority_key: 'abc' })[0]).toMatch(/^authority_key: /)
  })
})
