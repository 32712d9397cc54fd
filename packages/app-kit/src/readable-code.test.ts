import { expect, test } from 'vitest'
import { readableCode, readableText } from './readable-code.ts'

test.each(['stale-share', 'a1'])('%s is shown', (code) => {
  expect(readableCode(code)).toBe(code)
})

test.each(['', 'Buy at example.com', 'a\nb', '\u001b[2J', 'a'.repeat(65)])('%j is not', (code) => {
  expect(readableCode(code)).toBe('unreadable')
})

test('a text with a peer’s words keeps what it says, and no more than fits a line', () => {
  expect(readableText('no channel: unknown-user')).toBe('no channel: unknown-user')
  expect(readableText('no channel: \u001b[2J')).not.toContain('\u001b')
  expect(readableText('x'.repeat(100_000)).length).toBeLessThanOrEqual(200)
})
