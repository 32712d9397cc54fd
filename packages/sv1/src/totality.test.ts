import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FIRMWARE_SESSIONS } from './_firmware-sessions.ts'
import { aJob, JOB_LINE, text, utf8 } from './_fixtures.ts'
import {
  LineSplitter,
  readConfigureResult,
  readError,
  readSubscribeResult,
  sv1Client,
  sv1Server,
} from './index.ts'

const METHODS = [
  'mining.subscribe',
  'mining.authorize',
  'mining.submit',
  'mining.configure',
  'mining.extranonce.subscribe',
  'mining.suggest_difficulty',
  'mining.suggest_target',
  'mining.get_transactions',
  'mining.capabilities',
  'mining.notify',
  'mining.set_difficulty',
  'mining.set_extranonce',
  'mining.set_version_mask',
  'client.reconnect',
  'client.show_message',
]

/** Reads a line from both sides; whatever it is, both must say so. */
function readBoth(line: string): void {
  const asked = sv1Server.decode(line)
  const told = sv1Client.decode(line)
  expect(typeof asked.type).toBe('string')
  expect(typeof told.type).toBe('string')
  for (const value of [...Object.values(asked), ...Object.values(told)]) {
    if (typeof value === 'number')
      expect(Number.isFinite(value) && (value >= 0 || told.type === 'response')).toBe(true)
  }
  if (told.type !== 'response') return
  readSubscribeResult(told.result)
  readConfigureResult(told.result)
}

/** JSON as odd devices write it: numbers as text, floats, negatives, hex of any length, lists, objects. */
const oddValue = fc.oneof(
  fc.jsonValue(),
  fc.double().map((number) => (Number.isFinite(number) ? number : null)),
  fc.integer().map(String),
  fc.integer({ min: 0 }).map((number) => number.toString(16)),
  fc.constantFrom('', '0x', '-1', '1e999', 'NaN', 'ffffffff', '100000000', null, true, -1, 1.5, 2 ** 53),
  fc.dictionary(
    fc.constantFrom(
      'version-rolling.mask',
      'version-rolling.min-bit-count',
      'minimum-difficulty.value',
      '__proto__',
    ),
    fc.jsonValue(),
  ),
  fc.array(fc.constantFrom('version-rolling', 'minimum-difficulty', 'x', 5)),
)

describe('no line makes the reader throw', () => {
  test('any JSON', () => {
    fc.assert(fc.property(fc.json(), readBoth))
  })

  test('any parameters of any method, under any id', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...METHODS),
        fc.oneof(fc.array(oddValue, { maxLength: 10 }), fc.jsonValue()),
        fc.jsonValue(),
        (method, params, id) => readBoth(JSON.stringify({ id, method, params })),
      ),
      { numRuns: 2_000 },
    )
  })

  test('any answer', () => {
    fc.assert(
      fc.property(oddValue, oddValue, oddValue, (id, result, error) => {
        readBoth(JSON.stringify({ id, result, error, 'reject-reason': error }))
        readError(error)
      }),
    )
  })

  test('any text, and any bytes', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), readBoth))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        for (const line of new LineSplitter().push(Uint8Array.of(...bytes, 0x0a))) readBoth(line)
      }),
    )
  })

  test('every beginning of every line of the sessions', () => {
    for (const line of FIRMWARE_SESSIONS.flatMap(({ lines }) => lines.map(([sent]) => sent)).concat(
      JOB_LINE,
    )) {
      for (let length = 0; length < line.trimEnd().length; length++) {
        expect(sv1Server.decode(line.slice(0, length)), line.slice(0, length)).toEqual({
          type: 'malformed',
          id: undefined,
          reason: 'no JSON',
        })
      }
    }
  })

  test('lines with single bytes flipped', () => {
    const line = utf8(FIRMWARE_SESSIONS[0]!.lines[0]![0])
    fc.assert(
      fc.property(fc.nat(line.length - 1), fc.nat(255), (at, byte) => {
        readBoth(text(line.with(at, byte)))
      }),
    )
  })

  test.each([
    ['open lists', '['.repeat(16_384)],
    ['lists', '['.repeat(8_000) + ']'.repeat(8_000)],
    [
      'lists as params',
      `{"id":1,"method":"mining.submit","params":${'['.repeat(8_000)}${']'.repeat(8_000)}}`,
    ],
    ['lists as id', `{"id":${'['.repeat(8_000)}${']'.repeat(8_000)},"method":"mining.submit"}`],
    ['lists as result', `{"id":1,"result":${'['.repeat(8_000)}${']'.repeat(8_000)}}`],
    ['objects', `${'{"id":'.repeat(2_300)}1${'}'.repeat(2_300)}`],
    ['objects with an escape', `${'{"\\u0069d":'.repeat(1_300)}1${'}'.repeat(1_300)}`],
  ])('deep %s', (_, line) => {
    readBoth(line)
  })
})

test('every job reads back as it was written', () => {
  const uint32 = fc.nat(0xffff_ffff)
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      hash,
      fc.uint8Array({ maxLength: 300 }),
      fc.array(hash, { maxLength: 20 }),
      uint32,
      uint32,
      fc.boolean(),
      (jobId, prevHash, coinbase1, merkleBranch, version, ntime, cleanJobs) => {
        const job = aJob({
          jobId,
          prevHash,
          coinbase1,
          merkleBranch,
          version,
          nbits: ntime,
          ntime,
          cleanJobs,
        })
        expect(sv1Client.decode(text(sv1Server.encode(job)))).toEqual(job)
      },
    ),
  )
})
