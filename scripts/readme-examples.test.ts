import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { transformSync } from 'esbuild'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const packages = foldersOf('packages')

function foldersOf(parent: string): readonly string[] {
  return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`)
}

function readmeOf(folder: string): string {
  const path = join(root, folder, 'README.md')
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

test.each([...packages, ...foldersOf('tools')])(
  '%s says what it is for, and what it must not know',
  (folder) => {
    const readme = readmeOf(folder)
    expect(readme).toMatch(/^# @sv2\//)
    expect(readme).toMatch(/must not|may import/)
  },
)

describe('the example in the README of', () => {
  test.each(packages)('%s runs', (folder) => {
    const examples = [...readmeOf(folder).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!)
    expect(examples).toHaveLength(1)
    expect(examples[0]).toContain('assert.')
    const { code } = transformSync(examples[0]!, { loader: 'ts' })
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--conditions=@sv2/source', '--import', 'tsx', '--input-type=module', '--eval', code],
      { cwd: join(root, folder), encoding: 'utf8' },
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})
