import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadConfig, makeTokenKeyFile } from '../packages/app-kit/src/index.ts'
import { appIn } from './compose/service-config.ts'
import { filesIn } from './layers/files.ts'
import { isShipped } from './layers/table.ts'

const root = resolve(import.meta.dirname, '..')
const isThere = (app: string): boolean => existsSync(join(root, 'apps', app, 'src/main.ts'))
const folder = mkdtempSync(join(tmpdir(), 'sv2-roles-'))
await makeTokenKeyFile(join(folder, 'token.key'))
afterAll(() => rmSync(folder, { recursive: true }))

const sources = ['apps', 'packages'].flatMap((parent) =>
  filesIn(root, parent)
    .filter((file) => file.endsWith('.ts') && isShipped(file))
    .map((file) => readFileSync(join(root, file), 'utf8')),
)
const operations = readFileSync(join(root, 'docs/operations.md'), 'utf8')
const metrics = [...operations.matchAll(/^\| `(sv[12]_[a-z0-9_<>]+)` \|/gm)].map(
  ([, name = '']) => new RegExp(`^${name.replace('<role>', '[a-z]+')}$`),
)

const pages = readdirSync(join(root, 'docs/roles')).map((file) => {
  const text = readFileSync(join(root, 'docs/roles', file), 'utf8')
  const [, said = ''] = /\| the log says \|[^\n]*\n([\s\S]*?)(\n\n|$)/.exec(text) ?? []
  return {
    file,
    app: file.replace('.md', ''),
    metrics: [...text.matchAll(/`(sv[12]_[a-z_]+)`/g)].map(([, name = '']) => name),
    lines: [...said.matchAll(/^\| `([^`]+)` \|/gm)].map(([, line = '']) => line),
    examples: [...text.matchAll(/```toml\n# ([a-z-]+)\.toml\n([\s\S]*?)```/g)].map(
      ([, name = '', toml = '']) => ({ name, toml }),
    ),
  }
})

/** An example as somebody would fill it in. */
function filledIn(toml: string): string {
  return toml
    .replaceAll('AUTHORITY_KEY', '9auqWEzQDVyd2oe1JVGFLMLHZtCo2FFqZwtKA5gd9xbuEu7PH72')
    .replaceAll('bc1q…', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4')
    .replace(/token_key_file = "[^"]*"/, `token_key_file = "${join(folder, 'token.key')}"`)
}

test('there is a page for every app that runs on', () => {
  const apps = readdirSync(join(root, 'apps')).filter(
    (app) => isThere(app) && !['keys', 'ledger', 'verify', 'sv2'].includes(app),
  )
  expect(pages.map(({ app }) => app)).toEqual(expect.arrayContaining(apps))
})

for (const { file } of pages.filter(({ app }) => !isThere(app)))
  test.skip(`${file}: its app is not in this checkout, so its examples are not checked`, () => undefined)

describe.each(pages)('$file', ({ metrics: named, lines }) => {
  test('names metrics that there are', () => {
    expect(named.filter((name) => !metrics.some((pattern) => pattern.test(name)))).toEqual([])
  })

  test('quotes lines that are logged', () => {
    expect(lines.filter((line) => !sources.some((source) => source.includes(`'${line}'`)))).toEqual([])
  })
})

describe.each(pages.filter(({ app }) => isThere(app)))('$file', ({ app, examples }) => {
  test.each(examples)('the example for $name passes the check of its app', async ({ name, toml }) => {
    const file = join(folder, `${name}.toml`)
    writeFileSync(file, filledIn(toml))
    const [, subcommand] = /^negotiator-(\w+)$/.exec(name) ?? []
    const { schema } = await appIn(app, [subcommand ?? '--config'])
    expect(() => loadConfig(schema, { file, env: {}, prefix: 'NONE' })).not.toThrow()
  })
})
