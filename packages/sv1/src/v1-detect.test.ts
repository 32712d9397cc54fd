import { expect, test } from 'vitest'
import { FIRMWARE_SESSIONS } from './_firmware-sessions.ts'
import { unhex, utf8 } from './_fixtures.ts'
import { looksLikeV1 } from './index.ts'

const hello = unhex('1603010200010001fc0303')

test.each(FIRMWARE_SESSIONS)(
  'the first line of $firmware is V1, never anything else on the way',
  ({ lines }) => {
    const bytes = utf8(`${lines[0]![0]}\n`)
    for (let length = 0; length < 32; length++)
      expect(looksLikeV1(bytes.subarray(0, length), { isFinal: false })).toBe('wait')
    for (let length = 32; length <= bytes.length; length++) {
      expect(looksLikeV1(bytes.subarray(0, length), { isFinal: false })).toBe('v1')
    }
  },
)

test.each([
  ['a short line', utf8('{"id":1}\n'), 'v1'],
  ['a short line after empty ones', utf8('\r\n\n {} \r\n'), 'v1'],
  ['the start of a short line', utf8('{"id":1}'), 'wait'],
  ['a line that is no object', utf8('hello\n'), 'wait'],
  ['white space', utf8('\n\n'), 'wait'],
  ['nothing', utf8(''), 'wait'],
  ['a browser', utf8('GET / HTTP/1.1\r\n'), 'http'],
  ['half a verb', utf8('POS'), 'wait'],
  ['HTTP/2', utf8('PRI * HTTP/2.0'), 'http'],
  ['a ClientHello', hello, 'tls'],
  ['the start of a ClientHello', hello.subarray(0, 5), 'wait'],
  ['a key that starts like a ClientHello', unhex('160301020002'), 'other'],
  ['a key that starts like TLS of no version', unhex('160305'), 'other'],
  ['a key that starts with a brace', unhex('7b9f'), 'other'],
  ['a key that starts with a verb’s first letter', unhex('47ff'), 'other'],
  ['a key with a brace and a line feed', unhex('7b80410a'), 'other'],
  ['a brace and a line feed', utf8('{\n'), 'wait'],
] as const)('%s', (_, bytes, expected) => {
  expect(looksLikeV1(bytes, { isFinal: false })).toBe(expected)
})

test.each([
  ['', 'other'],
  ['{', 'other'],
  ['{"id":1}', 'v1'],
  ['hello\n', 'other'],
  ['\u0016\u0003', 'other'],
] as const)('when nothing more comes, "%s" is decided', (text, expected) => {
  expect(looksLikeV1(utf8(text), { isFinal: true })).toBe(expected)
})

test('a byte order mark does not hide V1', () => {
  const line = new TextEncoder().encode('\ufeff{"id":1}\n')
  expect(looksLikeV1(line, { isFinal: false })).toBe('v1')
  expect(looksLikeV1(line.subarray(0, 3), { isFinal: false })).toBe('wait')
})

test('no single first byte decides for V1, HTTP or TLS', () => {
  for (let first = 0; first < 256; first++) {
    const opening = Uint8Array.of(first, ...unhex('c1d2e3f4a5b6978081'.repeat(7)))
    expect(looksLikeV1(opening, { isFinal: false })).toBe('other')
  }
})
