import { expect, test } from 'vitest'
import { readableCode } from './readable-code.ts'

test.each(['stale-share', 'a1'])('%s is shown', (code) => {
  expect(readableCode(code)).toBe(code)
})

test.each(['', 'Buy at example.com', 'a\nb', '\u001b[2J', 'a'.repeat(65)])('%j is not', (code) => {
  expect(readableCode(code)).toBe('unreadable')
})
