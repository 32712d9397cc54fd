import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { VERSION } from './version.ts'

const root = new URL('../../../', import.meta.url)

/** The versions that the packages of the project have. */
function versions(): readonly string[] {
  return ['apps', 'packages', 'tools'].flatMap((folder) =>
    readdirSync(new URL(folder, root)).map((name) => {
      const manifest = readFileSync(new URL(`${folder}/${name}/package.json`, root), 'utf8')
      return (JSON.parse(manifest) as { readonly version: string }).version
    }),
  )
}

test('the version that apps show is that of every package', () => {
  expect(VERSION).toMatch(/^\d+\.\d+\.\d+/)
  expect(new Set(versions())).toEqual(new Set([VERSION]))
})
