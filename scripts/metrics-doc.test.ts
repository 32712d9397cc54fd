import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { isShipped } from './layers/table.ts'

const root = resolve(import.meta.dirname, '..')

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file}`)
    .filter((file) => file.endsWith('.ts') && !/node_modules|dist/.test(file) && isShipped(file))
    .map((file) => readFileSync(join(root, file), 'utf8'))
}

/** Metric names: written out, or put together from a prefix and the name given to `counter` or `gauge`. */
function namesIn(source: string): readonly string[] {
  const whole = [...source.matchAll(/'(sv2_[a-z_]+)'/g)].map(([, name = '']) => name)
  const [, prefix] = /`(sv2_[a-z_]+_)\$\{name\}`/.exec(source) ?? []
  if (prefix === undefined) return whole
  const parts = [...source.matchAll(/(?:counter|gauge)\('([a-z_]+)'/g)].map(
    ([, name = '']) => `${prefix}${name}`,
  )
  return [...whole, ...parts]
}

test('every metric is documented, and no other', () => {
  const inCode = new Set(['apps', 'packages'].flatMap(sourcesIn).flatMap(namesIn))
  const doc = readFileSync(join(root, 'docs/operations.md'), 'utf8')
  const inDoc = new Set([...doc.matchAll(/^\| `(sv2_[a-z_]+)` \|/gm)].map(([, name = '']) => name))
  expect([...inDoc].sort()).toEqual([...inCode].sort())
})
