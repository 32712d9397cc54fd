import { describe, expect, test } from 'vitest'
import { ERROR_CODES, withoutControlCharacters } from './index.ts'

describe('error codes', () => {
  test('ERR-06, ERR-07 (current): every code of ours is printable ASCII', () => {
    const codes = Object.values(ERROR_CODES).flat()
    expect(codes.length).toBeGreaterThan(30)
    expect(codes.filter((code) => !/^[\x21-\x7e]+$/.test(code))).toEqual([])
  })

  test('a code to be passed on loses its control characters and nothing else', () => {
    expect(withoutControlCharacters('stale-share')).toBe('stale-share')
    expect(withoutControlCharacters('a\n\u0000é\u009f\udc80')).toBe('a??é?\udc80')
  })
})
