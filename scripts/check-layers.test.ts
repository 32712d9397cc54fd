import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findCycles } from './layers/cycles.ts'
import { unresolvedOnNeutralPlatform } from './layers/purity.ts'
import { checkSources, packageOf, type Workspace } from './layers/rules.ts'
import { readSource } from './layers/source.ts'
import { impureGlobals } from './layers/table.ts'

const workspace = (folder: string, name: string, devDependencies: readonly string[] = []): Workspace => ({
  folder,
  name,
  dependencies: [],
  devDependencies,
})
const workspaces = [
  workspace('packages/codec', '@sv2/codec'),
  workspace('packages/noise', '@sv2/noise'),
  workspace('packages/messages', '@sv2/messages'),
  workspace('packages/roles', '@sv2/roles', ['@sv2/sim']),
  workspace('packages/runtime', '@sv2/runtime'),
  workspace('packages/app-kit', '@sv2/app-kit'),
  workspace('packages/sim', '@sv2/sim'),
  workspace('apps/pool', '@sv2/pool'),
  workspace('tools/dev-stack', '@sv2/dev-stack'),
]
const problemsOf = (path: string, text: string): readonly string[] =>
  checkSources([readSource(path, text, impureGlobals)], workspaces)

describe('imports', () => {
  test.each([
    ['packages/codec/src/a.ts', '@sv2/bitcoin'],
    ['packages/noise/src/a.ts', '@sv2/codec'],
    ['packages/messages/src/a.ts', '@sv2/roles'],
    ['packages/roles/src/a.ts', '@sv2/messages/draft'],
    ['packages/roles/src/a.ts', '@sv2/codec'],
    ['packages/roles/src/a.ts', '@sv2/runtime'],
    ['packages/runtime/src/a.ts', '@sv2/regtest-node'],
    ['packages/runtime/src/a.ts', '@sv2/sim'],
    ['packages/runtime/src/a.ts', '@sv2/roles'],
    ['packages/runtime/src/a.ts', '@sv2/roles/pool'],
    ['packages/runtime/src/a.ts', '@sv2/app-kit'],
    ['packages/app-kit/src/a.ts', '@sv2/pool'],
    ['apps/pool/src/a.ts', '@sv2/messages'],
    ['apps/pool/src/a.ts', '@sv2/template-provider'],
  ])('%s may not import %s', (path, module) => {
    expect(problemsOf(path, `import type { X } from '${module}'\n`)).toEqual([
      `${path}: imports ${module}, which its layer may not`,
    ])
  })

  test.each([
    ['packages/messages/src/a.ts', '@sv2/codec'],
    ['packages/roles/src/a.ts', '@sv2/messages'],
    ['packages/runtime/src/a.ts', '@sv2/messages/draft'],
    ['packages/runtime/src/a.ts', '@sv2/roles/ground'],
    ['packages/app-kit/src/a.ts', '@sv2/roles/pool'],
    ['packages/app-kit/src/a.ts', '@sv2/runtime'],
    ['apps/pool/src/a.ts', '@sv2/app-kit'],
    ['apps/pool/src/a.ts', '@sv2/roles/pool'],
    ['tools/dev-stack/src/a.ts', '@sv2/regtest-node'],
    ['packages/roles/src/a.ts', '@sv2/roles/pool'],
    ['packages/roles/src/a.test.ts', '@sv2/sim'],
  ])('%s may import %s', (path, module) => {
    expect(problemsOf(path, `import { x } from '${module}'\n`)).toEqual([])
  })

  test.each([
    ['mining/miners/a.ts', '../../pool/b.ts'],
    ['ground/a.ts', '../mining/channel/b.ts'],
    ['work/a.ts', '../sv1-front/b.ts'],
    ['pool/a.ts', '../relay/b.ts'],
    ['mining/a.ts', '../custom-jobs/b.ts'],
    ['pool/a.ts', '../nowhere/b.ts'],
  ])('in the roles, %s may not import %s, not even a type', (file, module) => {
    const path = `packages/roles/src/${file}`
    expect(problemsOf(path, `import type { X } from '${module}'\n`)).toEqual([
      `${path}: imports ${module}, which stands on no floor below`,
    ])
  })

  test.each([
    ['pool/a.ts', '../mining/channel/b.ts'],
    ['sv1-front/a.ts', '../work/upstream/b.ts'],
    ['mining/miners/a.ts', '../channel/b.ts'],
    ['pool/a.ts', './b.ts'],
  ])('in the roles, %s may import %s', (file, module) => {
    expect(problemsOf(`packages/roles/src/${file}`, `import type { X } from '${module}'\n`)).toEqual([])
  })

  test('a test imports only what its package declares', () => {
    const path = 'packages/codec/src/a.test.ts'
    expect(problemsOf(path, `import { x } from '@sv2/sim'\n`)).toEqual([
      `${path}: imports @sv2/sim, which its package does not declare`,
    ])
  })

  test('every form of import is seen', () => {
    const forms = [
      `import '@sv2/sim'`,
      `import { a,\n b } from '@sv2/sim'`,
      `export * from '@sv2/sim'`,
      `export type { A } from '@sv2/sim'`,
      `const a = await import('@sv2/sim')`,
    ]
    for (const form of forms) expect(problemsOf('packages/codec/src/a.ts', `${form}\n`)).toHaveLength(1)
  })

  test('no file reaches into another package by a path', () => {
    const path = 'packages/codec/src/a.ts'
    expect(problemsOf(path, `import { x } from '../../noise/src/keys.ts'\n`)).toEqual([
      `${path}: reaches out of its package: ../../noise/src/keys.ts`,
    ])
  })

  test('a pure layer uses only the npm packages listed for it', () => {
    expect(problemsOf('packages/roles/src/a.ts', `import { z } from 'zod'\n`)).toHaveLength(1)
    expect(problemsOf('packages/noise/src/a.ts', `import { x } from '@noble/hashes/sha2.js'\n`)).toEqual([])
  })

  test('a package is named without the path inside it', () => {
    expect(['@a/b/c/d', '@a/b', 'c/d', 'c'].map(packageOf)).toEqual(['@a/b', '@a/b', 'c', 'c'])
  })
})

describe('purity', () => {
  test.each([
    ['process', 'export const a = process.pid'],
    ['Date', 'export const a = Date.now()'],
    ['Math.random', 'export const a = Math.random()'],
    ['setTimeout', 'setTimeout(() => {}, 1)'],
    ['console', "console.log('a')"],
    ['Buffer', 'export const a = Buffer.alloc(1)'],
    ['performance', 'export const a = performance.now()'],
    ['node:fs', "import { readFileSync } from 'node:fs'\nexport const a = readFileSync"],
  ])('%s is not used below runtime', (name, text) => {
    const path = 'packages/roles/src/a.ts'
    expect(problemsOf(path, `${text}\n`)).toEqual([`${path}: uses ${name}: its layer is pure`])
    expect(problemsOf('packages/runtime/src/a.ts', `${text}\n`)).toEqual([])
    expect(problemsOf('packages/roles/src/a.test.ts', `${text}\n`)).toEqual([])
  })

  test('words in comments and texts, properties and locals are no globals', () => {
    const text = [
      '// the process must not call setTimeout',
      "export const a = 'console'",
      'export const b = (process: { Date: number }) => process.Date',
      'export const c = Math.floor(1)',
    ].join('\n')
    expect(problemsOf('packages/roles/src/a.ts', text)).toEqual([])
  })

  test('an app names the process in main.ts only', () => {
    const text = 'export const a = process.argv\n'
    expect(problemsOf('apps/pool/src/main.ts', text)).toEqual([])
    expect(problemsOf('apps/pool/src/app.ts', text)).toHaveLength(1)
  })

  test('a module that needs Node does not bundle for a neutral platform', async () => {
    const folder = resolve(import.meta.dirname, 'layers')
    expect(await unresolvedOnNeutralPlatform('./rules.ts', folder)).not.toEqual([])
    expect(await unresolvedOnNeutralPlatform('./cycles.ts', folder)).toEqual([])
  })
})

describe('editions', () => {
  test('the draft is named where it is spelt, and nowhere else', () => {
    const text = "export const a = 'draft'\n"
    expect(problemsOf('packages/messages/src/draft/a.ts', text)).toEqual([])
    expect(problemsOf('packages/noise/src/a.ts', text)).toEqual([])
    expect(problemsOf('packages/runtime/src/editions.ts', text)).toEqual([])
    expect(problemsOf('packages/roles/src/a.test.ts', text)).toEqual([])
    expect(problemsOf('packages/roles/src/a.ts', text)).toHaveLength(1)
    expect(problemsOf('packages/runtime/src/a.ts', text)).toHaveLength(1)
    expect(problemsOf('apps/pool/src/app.ts', text)).toHaveLength(1)
  })

  test('elsewhere a comment may tell of it, in a role not even that', () => {
    const text = '// as the draft has it\nexport const a = 1\n'
    expect(problemsOf('packages/codec/src/a.ts', text)).toEqual([])
    expect(problemsOf('packages/roles/src/a.ts', text)).toHaveLength(1)
  })
})

describe('files', () => {
  test('400 lines are allowed, 401 are not, unless it is a data table', () => {
    const lines = (count: number): string => '// x\n'.repeat(count)
    expect(problemsOf('packages/codec/src/a.ts', lines(400))).toEqual([])
    expect(problemsOf('packages/codec/src/a.ts', lines(401))).toHaveLength(1)
    expect(problemsOf('packages/codec/src/a.ts', `// @data-table of something\n\n${lines(401)}`)).toEqual([])
  })

  test.each(['utils', 'helpers', 'common', 'types', 'misc'])('no file is named %s.ts', (name) => {
    expect(problemsOf(`packages/codec/src/${name}.ts`, '')).toHaveLength(1)
  })

  test('the common messages are named so by the specification', () => {
    expect(problemsOf('packages/messages/src/current/common.ts', '')).toEqual([])
  })

  test('a file outside of every layer is a problem', () => {
    expect(problemsOf('packages/new/src/a.ts', '')).toEqual(['packages/new/src/a.ts: stands in no layer'])
  })
})

describe('cycles', () => {
  test('a circle is told by its path', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', []],
      ['d', ['b']],
    ])
    expect(findCycles(graph)).toEqual(['b → d → b'])
  })

  test('two ways to the same module are none', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['d']],
      ['d', []],
    ])
    expect(findCycles(graph)).toEqual([])
  })

  test('an import of types alone makes no edge', () => {
    const { runtimeImports } = readSource(
      'a.ts',
      "import type { A } from './a.ts'\nimport { b } from './b.ts'\nb()",
      [],
    )
    expect(runtimeImports).toEqual(['./b.ts'])
  })
})
