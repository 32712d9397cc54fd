import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { environmentPrefix } from '../packages/app-kit/src/index.ts'
import { appIn } from './compose/service-config.ts'

const root = resolve(import.meta.dirname, '..')
const units = readdirSync(join(root, 'deploy/systemd')).map((file) => {
  const text = readFileSync(join(root, 'deploy/systemd', file), 'utf8')
  const [, folder = '', subcommand] =
    /^ExecStart=\/usr\/bin\/node \/opt\/sv2\/([a-z-]+)\/dist\/main\.js (?:([a-z]+) )?--config %d\/config$/m.exec(
      text,
    ) ?? []
  return { file, folder, subcommand, lines: text.split('\n') }
})
const isThere = ({ folder }: { readonly folder: string }): boolean =>
  existsSync(join(root, 'apps', folder, 'src/main.ts'))

for (const { file } of units.filter((unit) => !isThere(unit)))
  test.skip(`${file}: its app is not in this checkout, so its command is not checked`, () => undefined)

// `sv2 init --systemd` writes the unit of sv2: apps/sv2/src/deploy/systemd-unit.ts
test('there is a unit for every app that runs on', () => {
  const apps = readdirSync(join(root, 'apps')).filter((app) =>
    existsSync(join(root, 'apps', app, 'src/main.ts')),
  )
  const started = new Set(units.map(({ folder }) => folder))
  for (const app of apps.filter((name) => !['keys', 'ledger', 'verify', 'sv2'].includes(name)))
    expect(started).toContain(app)
})

describe.each(units.filter(isThere))('$file', ({ file, folder, subcommand, lines }) => {
  test('starts an app that there is, with keys that it has', async () => {
    const app = await appIn(folder, subcommand === undefined ? ['--config'] : [subcommand])
    const prefix = `Environment=${environmentPrefix(app.name)}__`
    const variables = lines.filter((line) => line.startsWith('Environment=') && line.includes('__'))
    for (const variable of variables) expect(variable.startsWith(prefix)).toBe(true)
    expect(lines).toContain(`LoadCredential=config:/etc/sv2/${file.slice(4, -8)}.toml`)
  })

  test('is shut in, and may write to its own folder alone', () => {
    for (const line of [
      'DynamicUser=yes',
      'ProtectSystem=strict',
      'NoNewPrivileges=yes',
      'CapabilityBoundingSet=',
      'SystemCallFilter=@system-service',
      'RestartPreventExitStatus=64',
    ])
      expect(lines).toContain(line)
  })
})
