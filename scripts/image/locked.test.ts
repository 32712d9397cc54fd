import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { strangers } from './locked.ts'

const folder = mkdtempSync(join(tmpdir(), 'sv2-locked-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Puts a package where pnpm would, with links to what it needs. */
function install(name: string, version: string, needs: readonly string[] = []): void {
  const modules = join(folder, 'node_modules/.pnpm', `${name.replace('/', '+')}@${version}`, 'node_modules')
  mkdirSync(join(modules, name), { recursive: true })
  writeFileSync(join(modules, name, 'package.json'), JSON.stringify({ name, version }))
  for (const need of needs) {
    mkdirSync(dirname(join(modules, need)), { recursive: true })
    symlinkSync(join(folder, 'node_modules/.pnpm', `${need}@0.1.0/node_modules`, need), join(modules, need))
  }
}

const LOCKFILE = `
packages:
  '@scope/one@1.2.3':
    resolution: {integrity: sha512-x}
  two@0.1.0:
    resolution: {integrity: sha512-y}
`

test('packages of the lockfile are no strangers, whatever they are linked to', () => {
  install('two', '0.1.0')
  install('@scope/one', '1.2.3', ['two'])
  expect(strangers(folder, LOCKFILE)).toEqual([])
})

test('a package of another version is one, and so is one that the lockfile does not know', () => {
  install('two', '0.1.1')
  install('three', '9.0.0')
  expect(strangers(folder, LOCKFILE)).toEqual(['three@9.0.0', 'two@0.1.1'])
})

test('a folder without packages has none', () => {
  expect(strangers(join(folder, 'nothing'), LOCKFILE)).toEqual([])
})
