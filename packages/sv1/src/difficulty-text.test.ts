import fc from 'fast-check'
import { expect, test } from 'vitest'
import { difficultyText } from './difficulty-text.ts'

test.each([
  [1, '1'],
  [524_288, '524288'],
  [2 ** 70, '1180591620717411303424'],
  [1.5, '1.5'],
  [0.00015, '0.00015'],
  [1e-7, '0.0000001'],
  [1.25e-9, '0.00000000125'],
])('difficulty %d is written %s', (difficulty, text) => {
  expect(difficultyText(difficulty)).toBe(text)
})

test('every difficulty is digits that read back as it was', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, minExcluded: true, noNaN: true, noDefaultInfinity: true }),
      (difficulty) => {
        expect(difficultyText(difficulty)).toMatch(/^\d+(\.\d+)?$/)
        expect(Number(difficultyText(difficulty))).toBe(difficulty)
      },
    ),
  )
})
