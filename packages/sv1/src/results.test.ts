import { describe, expect, test } from 'vitest'
import { unhex } from './_fixtures.ts'
import {
  configureResult,
  readConfigureResult,
  readError,
  readSubscribeResult,
  SV1_ERRORS,
  subscribeResult,
} from './index.ts'

describe('the result of mining.subscribe', () => {
  const granted = { sessionId: 'ae68', extranonce1: unhex('08000002'), extranonce2Size: 4 }

  test('names both subscriptions, and reads back', () => {
    const result = subscribeResult(granted)
    expect(JSON.stringify(result)).toBe(
      '[[["mining.set_difficulty","ae68"],["mining.notify","ae68"]],"08000002",4]',
    )
    expect(readSubscribeResult(result)).toEqual(granted)
  })

  test.each([
    [
      'one pair',
      '[["mining.notify","1"],"00",6]',
      { sessionId: '1', extranonce1: unhex('00'), extranonce2Size: 6 },
    ],
    ['no subscriptions', '[null,"00","6"]', { extranonce1: unhex('00'), extranonce2Size: 6 }],
    ['an empty extranonce1', '[[],"",8]', { extranonce1: unhex(''), extranonce2Size: 8 }],
  ])('is read with %s', (_, result, expected) => {
    expect(readSubscribeResult(JSON.parse(result))).toEqual(expected)
  })

  test.each([
    ['two items', '["01650f001f25ea",4]'],
    ['no size', '[[["mining.notify","abc"]],"4de05269"]'],
    ['an absurd size', '[[{"":[[null,null,null],{},null]}],"",186546217025536]'],
    ['33 bytes', `[["mining.notify","1"],"${'ff'.repeat(33)}",4]`],
    ['an object', '{}'],
    ['true', 'true'],
  ])('is refused with %s', (_, result) => {
    expect(readSubscribeResult(JSON.parse(result))).toBeUndefined()
  })

  test('is not written with a size above 32', () => {
    expect(() => subscribeResult({ ...granted, extranonce2Size: 33 })).toThrow(RangeError)
  })
})

describe('the result of mining.configure', () => {
  test('answers each extension, unknown ones with false', () => {
    expect(
      configureResult({
        versionRolling: { mask: 0x1fffe000 },
        minimumDifficulty: true,
        subscribeExtranonce: false,
        refused: ['new'],
      }),
    ).toEqual({
      new: false,
      'version-rolling': true,
      'version-rolling.mask': '1fffe000',
      'minimum-difficulty': true,
      'subscribe-extranonce': false,
    })
    expect(configureResult({ versionRolling: false })).toEqual({ 'version-rolling': false })
    expect(configureResult({})).toEqual({})
  })

  test.each([
    [
      '{"minimum-difficulty":false,"version-rolling":true,"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":"00000010"}',
      { versionRolling: { mask: 0x1fffe000, minBitCount: 16 }, minimumDifficulty: false },
    ],
    ['{"version-rolling":true,"version-rolling.mask":"00000000"}', { versionRolling: { mask: 0 } }],
    ['{"version-rolling":true}', { versionRolling: false }],
    ['{"version-rolling":"no"}', { versionRolling: false }],
    ['{"subscribe-extranonce":true}', { subscribeExtranonce: true }],
    ['null', {}],
    ['[1]', {}],
  ])('%s', (result, expected) => {
    expect(readConfigureResult(JSON.parse(result))).toEqual(expected)
  })
})

test.each([
  [null, undefined],
  [false, undefined],
  ['', undefined],
  [[], undefined],
  [SV1_ERRORS[23], { code: 23, message: 'Low difficulty share' }],
  [['Duplicate share'], { code: 22, message: 'Duplicate share' }],
  [[null, 'unauthorized'], { code: 24, message: 'unauthorized' }],
  ['Not subscribed', { code: 25, message: 'Not subscribed' }],
  [true, { code: 20, message: '' }],
  [
    { code: 1.5, message: {} },
    { code: 20, message: '' },
  ],
  [[-32601, 'Method not found'], { code: -32601, message: 'Method not found' }],
])('the error %j of an answer', (error, expected) => {
  expect(readError(error)).toEqual(expected)
})

test('the refusals of Stratum V1 are 20 to 25', () => {
  expect(
    Object.entries(SV1_ERRORS).map(([code, [inside, text, traceback]]) => [
      +code === inside,
      text,
      traceback,
    ]),
  ).toEqual([
    [true, 'Other/Unknown', null],
    [true, 'Job not found', null],
    [true, 'Duplicate share', null],
    [true, 'Low difficulty share', null],
    [true, 'Unauthorized worker', null],
    [true, 'Not subscribed', null],
  ])
})
