import { expect, test } from 'vitest'
import { sameDomain } from './same-domain.ts'

test.each([
  ['pool.example', 'pool.example', true],
  ['a.pool.example', 'B.Pool.Example', true],
  ['eu.pool.example', 'pool.example', true],
  ['pool.example', 'pool.example.evil', false],
  ['pool.example', 'evil.example', false],
  ['pool', 'pool', true],
  ['pool', 'loop', false],
  ['10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '9.9.0.1', false],
  ['fd00::1', 'fd00::2', false],
])('%s and %s belong together: %s', (a, b, together) => {
  expect(sameDomain(a, b)).toBe(together)
})
