import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { filesIn } from './layers/files.ts'
import { isShipped } from './layers/table.ts'

const root = resolve(import.meta.dirname, '..')

function sourcesIn(folder: string): readonly string[] {
  return filesIn(root, folder)
    .filter((file) => file.endsWith('.ts') && isShipped(file))
    .map((file) => readFileSync(join(root, file), 'utf8'))
}

/**
 * Metric names: written out, put together from a prefix and the name given to `counter` or `gauge`, or from a prefix
 * that stands for the role, `sv2_<role>`.
 */
function namesIn(source: string): readonly string[] {
  const whole = [...source.matchAll(/'(sv[12]_[a-z0-9]+_[a-z0-9_]+)'/g)].map(([, name = '']) => name)
  const ofRoles = [...source.matchAll(/`\$\{prefix\}(_[a-z][a-z_]*)`/g)].map(
    ([, name = '']) => `sv2_<role>${name}`,
  )
  const [, prefix] = /`(sv2_[a-z_]+_)\$\{name\}`/.exec(source) ?? []
  if (prefix === undefined) return [...whole, ...ofRoles]
  const parts = [...source.matchAll(/(?:counter|gauge)\('([a-z_]+)'/g)].map(
    ([, name = '']) => `${prefix}${name}`,
  )
  return [...whole, ...ofRoles, ...parts]
}

test('every metric is documented, and no other', () => {
  const inCode = new Set(['apps', 'packages'].flatMap(sourcesIn).flatMap(namesIn))
  const doc = readFileSync(join(root, 'docs/operations.md'), 'utf8')
  const inDoc = new Set([...doc.matchAll(/^\| `(sv[12]_[a-z0-9_<>]+)` \|/gm)].map(([, name = '']) => name))
  expect([...inDoc].sort()).toEqual([...inCode].sort())
})
