import { describe, expect, test } from 'vitest'
import { hex, publicVectors, toHex, vectors } from './_fixtures.ts'
import { decodeAuthorityKey, decodeSecretKey, encodeAuthorityKey, encodeSecretKey } from './authority-key.ts'
import { NoiseError } from './errors.ts'
import { nobleBackend } from './noble-backend.ts'

const KEY = '76637000979c1c11af0c300bcd8c7fe48610fce9b9c11e3daee35ae0b08a7455'
const CURRENT_TEXT = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh'
const DRAFT_TEXT = 'u95GEReVMjK6k5YqiSFNqqTnKU4ypU2Wm8awa6tmbmDmk1bWt'

test('SEC-18 (draft): an authority key is base58check of 32 bytes without a prefix', () => {
  expect(encodeAuthorityKey({ edition: 'draft', key: hex(KEY) })).toBe(DRAFT_TEXT)
  expect(decodeAuthorityKey(DRAFT_TEXT)).toEqual({ edition: 'draft', key: hex(KEY) })
})

test('SEC-19 (current): an authority key is base58check of 01 00 and 32 bytes', () => {
  expect(encodeAuthorityKey({ edition: 'current', key: hex(KEY) })).toBe(CURRENT_TEXT)
  expect(decodeAuthorityKey(CURRENT_TEXT)).toEqual({ edition: 'current', key: hex(KEY) })
})

test('SEC-19 (current): other prefixes are refused', () => {
  const texts = [
    'CA2JBhdpuesgbHENcRJs4T9KpCpuUiFpcnLyQGeu4A6gbry7ArBe',
    '2myPhc5vkPzuC5FXNK5tee79WmP7uoLh55SxezoF8iqwF3E3rnPY',
  ]
  for (const text of texts) {
    expect(() => decodeAuthorityKey(text)).toThrow(/authority-key-version/)
  }
})

test.each(['', '1', 'abc', '0OIl', `${DRAFT_TEXT} `, `${CURRENT_TEXT.slice(0, -1)}j`, DRAFT_TEXT.slice(1)])(
  'text %j is no key',
  (text) => {
    expect(() => decodeAuthorityKey(text)).toThrow(/authority-key-checksum/)
    expect(() => decodeSecretKey(text)).toThrow(NoiseError)
  },
)

test('keys of other lengths are refused, both ways', () => {
  expect(() => decodeSecretKey(CURRENT_TEXT)).toThrow(/authority-key-length/)
  // base58check of the single byte 00.
  expect(() => decodeAuthorityKey('1Wh4bh')).toThrow(/authority-key-length/)
  expect(() => encodeAuthorityKey({ edition: 'draft', key: new Uint8Array(31) })).toThrow(RangeError)
  expect(() => encodeSecretKey(new Uint8Array(33))).toThrow(RangeError)
})

test('the published keys of 2022 read and write', () => {
  for (const { authorityKey, authoritySecret, serverStatic } of vectors.certificates) {
    expect(decodeAuthorityKey(authorityKey.text)).toEqual({ edition: 'draft', key: hex(authorityKey.hex) })
    expect(toHex(decodeSecretKey(authoritySecret.text))).toBe(authoritySecret.hex)
    expect(encodeSecretKey(hex(authoritySecret.hex))).toBe(authoritySecret.text)
    expect(toHex(decodeAuthorityKey(serverStatic.text).key)).toBe(serverStatic.hex)
  }
})

interface Published {
  readonly id: string
  readonly era: string
  readonly kind: string
  readonly string: string
  readonly version_prefix?: string
  readonly key: string
  readonly valid?: boolean
  readonly reason?: 'checksum' | 'version'
  readonly pair?: string
}

const published = publicVectors<{ readonly keys: readonly Published[] }>('authority-key.json')
const reason = published === undefined ? ' (skipped: shared vectors are not at hand)' : ''

describe.skipIf(published === undefined)(`published keys${reason}`, () => {
  const keys = published?.keys ?? []
  const valid = keys.filter((entry) => entry.valid === true)

  test('22 are here, 18 of them valid', () => {
    expect([keys.length, valid.length]).toEqual([22, 18])
  })

  test.each(valid)(
    '$id reads to its bytes and writes to its text',
    ({ kind, string, key, version_prefix }) => {
      if (kind.includes('secret')) {
        expect(toHex(decodeSecretKey(string))).toBe(key)
        expect(encodeSecretKey(hex(key))).toBe(string)
        return
      }
      const edition = version_prefix === '0100' ? 'current' : 'draft'
      expect(decodeAuthorityKey(string)).toEqual({ edition, key: hex(key) })
      expect(encodeAuthorityKey({ edition, key: hex(key) })).toBe(string)
    },
  )

  test.each(keys.filter((entry) => entry.valid === false))('$id is refused for its $reason', (entry) => {
    expect(() => decodeAuthorityKey(entry.string)).toThrow(`authority-key-${entry.reason}`)
  })

  test.each(keys.filter((entry) => entry.kind.includes('secret') && entry.pair))(
    '$id has the public key of its pair',
    ({ era, kind, key, pair }) => {
      const expected = keys.find((entry) => entry.id === pair)?.key
      const publicKey = kind.includes('X25519')
        ? nobleBackend.x25519PublicKey(hex(key))
        : era.startsWith('early')
          ? nobleBackend.ed25519PublicKey(hex(key))
          : nobleBackend.secp256k1XOnlyPublicKey(hex(key))
      expect(toHex(publicKey)).toBe(expected)
    },
  )
})
