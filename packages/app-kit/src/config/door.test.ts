import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLS_CERTIFICATE, TLS_KEY } from '@sv2/runtime/testing/tls'
import { afterEach, describe, expect, test } from 'vitest'
import { doorSettings, doorsSchema } from './door.ts'

const DEFAULTS = { host: '127.0.0.1', port: 0, maxPayloadBytes: 65_536, maxQueuedBytes: 65_536 }
const forV2 = doorsSchema(DEFAULTS)
const forBoth = doorsSchema({ ...DEFAULTS, protocol: 'both' })

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** Files with these contents; answers their names. */
function files(...contents: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'sv2-door-'))
  folders.push(folder)
  return contents.map((content, index) => {
    const name = join(folder, `${index}.pem`)
    writeFileSync(name, content)
    return name
  })
}

function problems(door: Record<string, unknown>): string[] {
  return (forBoth.safeParse([door]).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  )
}

describe('doors', () => {
  test('of a server for V2 know nothing of V1', () => {
    expect(doorSettings(forV2.parse([{}])[0]!).v1).toBeUndefined()
    expect(forV2.safeParse([{ protocol: 'v1' }]).success).toBe(false)
  })

  test.each([
    ['v2', undefined],
    ['v1', { only: true, maxLineBytes: 16_384, maxQueuedBytes: 1_048_576 }],
    ['both', { only: false, maxLineBytes: 16_384, maxQueuedBytes: 1_048_576 }],
  ])('with protocol %s take V1 as it says', (protocol, expected) => {
    expect(doorSettings(forBoth.parse([{ protocol }])[0]!).v1).toEqual(
      expected === undefined ? undefined : { ...expected, tls: undefined },
    )
  })

  test('speak TLS with a certificate and its key', () => {
    const [tls_certificate_file, tls_key_file] = files(TLS_CERTIFICATE, TLS_KEY)
    const door = { protocol: 'v1', tls_certificate_file, tls_key_file }
    expect(problems(door)).toEqual([])
    expect(doorSettings(forBoth.parse([door])[0]!).v1?.tls).toBeDefined()
  })

  test('with files that cannot be read or used are problems that name them', () => {
    const [certificate, key, nonsense] = files(TLS_CERTIFICATE, TLS_KEY, 'nonsense')
    const door = (tls_certificate_file: unknown, tls_key_file: unknown, protocol = 'v1') =>
      problems({ protocol, tls_certificate_file, tls_key_file })
    expect(door('/nowhere/a.pem', '/nowhere/b.pem')).toEqual([
      expect.stringMatching(/^0\.tls_certificate_file: cannot be read: ENOENT/),
      expect.stringMatching(/^0\.tls_key_file: cannot be read: ENOENT/),
    ])
    expect(door(certificate, nonsense)[0]).toMatch(
      /^0\.tls_certificate_file: is not a certificate with its key/,
    )
    expect(door(certificate, undefined)).toEqual(['0.tls_key_file: is required with tls_certificate_file'])
    expect(door(undefined, key)).toEqual(['0.tls_certificate_file: is required with tls_key_file'])
    expect(door(certificate, key, 'both')[0]).toMatch(/^0\.tls_certificate_file: needs protocol = "v1"/)
  })
})
