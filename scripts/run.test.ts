import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const run = (...args: string[]) =>
  spawnSync(process.execPath, ['scripts/run.mjs', ...args], { cwd: root, encoding: 'utf8' })

test('an unknown command is answered by the known ones, and installs nothing', () => {
  const { status, stdout, stderr } = run('deploy')
  expect([status, stdout]).toEqual([64, ''])
  expect(stderr).toMatch(/^usage: npm run <start \| test \| check \|/)
})

test('every script of the root is a command of its name', () => {
  const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const names = /<(.*)>/.exec(run().stderr)?.[1]?.split(' | ')
  expect(Object.keys(scripts).sort()).toEqual(names?.sort())
  for (const [name, script] of Object.entries(scripts))
    expect(script).toMatch(new RegExp(`^(exec )?node scripts/run.mjs ${name}$`))
})
