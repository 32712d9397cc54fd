import { describe, expect, test } from 'vitest'
import { concat, hex, seeded, vectors } from './_fixtures.ts'
import { detectFirstFlight } from './detect.ts'

const setup = hex(vectors.frames.setupConnection)
const line = new TextEncoder().encode('{"id":1,"method":"mining.subscribe","params":[]}\n')
const act1 = { draft: hex(vectors.handshakes[0]!.act1), current: hex(vectors.handshakes[2]!.act1) }
const prelude = hex(vectors.preludes[0]!.request)

test.each([
  ['draft', act1.draft, true],
  ['current', act1.current, false],
  ['draft-prelude', prelude, false],
  ['plaintext', setup, false],
  ['sv1', line, false],
] as const)('a whole first flight is %s', (kind, bytes, graceOver) => {
  expect(detectFirstFlight(bytes, { graceOver })).toEqual({ kind })
})

describe.each([
  ['draft', act1.draft],
  ['current', act1.current],
  ['draft-prelude', prelude],
  ['plaintext', setup],
  ['sv1', line],
] as const)('a first flight of %s that comes slowly', (kind, bytes) => {
  test('is never taken for another while bytes keep coming', () => {
    for (let length = 0; length < bytes.length; length += 1) {
      const detected = detectFirstFlight(bytes.subarray(0, length), { graceOver: false })
      expect(['wait', kind], `${length} bytes`).toContain(detected.kind)
    }
  })
})

test('34 bytes from `20 00` wait 200 ms for a current key that starts the same way', () => {
  expect(detectFirstFlight(act1.draft, { graceOver: false })).toEqual({ kind: 'wait', graceMs: 200 })
  const key = concat(hex('2000'), seeded(1)(62))
  expect(detectFirstFlight(key.subarray(0, 35), { graceOver: false })).toEqual({ kind: 'current' })
  expect(detectFirstFlight(key, { graceOver: false })).toEqual({ kind: 'current' })
})

test('less than 34 bytes from `20 00` is nobody’s whole flight: only more bytes can decide', () => {
  expect(detectFirstFlight(act1.draft.subarray(0, 33), { graceOver: true })).toEqual({
    kind: 'wait',
    graceMs: undefined,
  })
})

test('a short line of text is Stratum V1 at its end, or when nothing follows', () => {
  const text = new TextEncoder().encode('{"id":1}')
  expect(detectFirstFlight(text, { graceOver: false })).toEqual({ kind: 'wait', graceMs: 200 })
  expect(detectFirstFlight(text, { graceOver: true })).toEqual({ kind: 'sv1' })
  expect(detectFirstFlight(concat(text, hex('0a')), { graceOver: false })).toEqual({ kind: 'sv1' })
})

test('a current key may start with `{`', () => {
  const key = concat(hex('7b22'), seeded(2)(62))
  expect(detectFirstFlight(key, { graceOver: false })).toEqual({ kind: 'current' })
})

test.each([
  ['a length below 16', '0000000f0000000200'],
  ['a length above 1291', '0000000c0500000200'],
  ['a protocol above 3', '000000450000040200'],
  ['another minimum version', '000000450000000300'],
  ['another minimum version in the high byte', '000000450000000201'],
  ['another message type', '000001450000000200'],
  ['an extension', '010000450000000200'],
  ['the channel bit', '008000450000000200'],
])('a frame that is no SetupConnection of version 2 is a key: %s', (_, bytes) => {
  expect(detectFirstFlight(hex(bytes), { graceOver: false })).toEqual({ kind: 'current' })
})
