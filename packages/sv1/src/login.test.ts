import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPassword, readUserName } from './index.ts'

describe('passwords', () => {
  test.each([
    ['x', {}],
    ['', {}],
    ['d=200', { difficulty: 200 }],
    ['x, diff=200', { difficulty: 200 }],
    ['md=64;D=512', { difficulty: 512, minDifficulty: 64 }],
    ['token d=0.5 d=9', { difficulty: 0.5 }],
    ['d=,diff=7', { difficulty: 7 }],
    ['d=-1;d=NaN;d=Infinity;d=0;d=x;id=5', {}],
  ])('"%s"', (password, settings) => {
    expect(readPassword(password)).toEqual(settings)
  })

  test('of any text never give a difficulty that is none', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'dmif=,; 0123456789.eE+-N') }), (password) => {
        const { difficulty = 1, minDifficulty = 1 } = readPassword(password)
        expect(difficulty > 0 && difficulty < Infinity && minDifficulty > 0 && minDifficulty < Infinity).toBe(
          true,
        )
      }),
    )
  })
})

describe('user names', () => {
  const address = 'tb1qumezefzdeqqwn5zfvgdrhxjzc5ylr39uhuxcz4'
  const isAddress = (text: string): boolean => text === address

  test.each([
    ['user', 'user', ''],
    ['user.rig', 'user', 'rig'],
    ['user.rig.1', 'user', 'rig.1'],
    ['.rig', '', 'rig'],
    ['user_rig', 'user_rig', ''],
    [`${address.toUpperCase()}.RIG`, address, 'RIG'],
    [`${address}%2Erig%201`, address, 'rig 1'],
    [`${address}.100%25`, address, '100%25'],
    ['user%zz.rig', 'user%zz', 'rig'],
    ['BC1.rig', 'BC1', 'rig'],
  ])('%s', (text, account, worker) => {
    expect(readUserName(text, { isAddress })).toEqual({ account, worker })
  })

  test('split at the first of several separators', () => {
    expect(readUserName('a_b.c', { separators: '._' })).toEqual({ account: 'a', worker: 'b.c' })
    expect(readUserName('a.b_c', { separators: '._' })).toEqual({ account: 'a', worker: 'b_c' })
  })
})
