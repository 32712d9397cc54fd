import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** Names and versions in the catalog of the workspace. */
function catalog(): ReadonlyMap<string, string> {
  const [, section = ''] = /^catalog:\n((?: {2}.*\n)+)/m.exec(read('pnpm-workspace.yaml')) ?? []
  const entries = [...section.matchAll(/^ {2}"?([^":]+)"?: (\S+)$/gm)]
  return new Map(entries.map(([, name = '', version = '']) => [name, version]))
}

const documented = new Map(
  [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \| (\S+) \|/gm)].map(
    ([, name = '', version = '']) => [name, version],
  ),
)

test('every dependency has its line, and there is no line for anything else', () => {
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> }
  const all = new Set([...catalog().keys(), ...Object.keys(devDependencies), '@scure/base'])
  expect([...documented.keys()].sort()).toEqual([...all].sort())
})

test('the versions of the catalog are the ones documented', () => {
  for (const [name, version] of catalog()) expect([name, documented.get(name)]).toEqual([name, version])
})
