import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import type { Requirements } from './requirements.ts'
import { readUntestable } from './untestable.ts'

const requirements = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../docs/requirements.json'), 'utf8'),
) as Requirements

test('every requirement that no test can show is one of the list, and says why', () => {
  const reasons = readUntestable()
  expect(reasons.size).toBeGreaterThan(0)
  for (const [entry, why] of reasons) {
    expect(requirements[entry.split(' ')[0]!], entry).toBeDefined()
    expect(why.length, entry).toBeGreaterThan(20)
  }
})
