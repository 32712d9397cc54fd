import { expect, test, vi } from 'vitest'

test.fails('a test that prints fails', () => {
  console.log('for nobody')
})

test('a test that mocks what it expects to be printed does not', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  console.warn('expected')
  expect(warn).toHaveBeenCalledWith('expected')
  warn.mockRestore()
})
