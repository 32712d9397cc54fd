import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const text = readFileSync(resolve(root, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ')
const lines = text.split('\n')
const stages = text
  .split(/^FROM /m)
  .slice(1)
  .map((stage) => {
    const [head = '', ...own] = stage.split('\n')
    const [from = '', name = ''] = head.split(' AS ')
    return { from, name, lines: own }
  })
const targets = stages.filter(({ from }) => from === 'base')
const apps = readdirSync(resolve(root, 'apps')).filter((app) =>
  existsSync(resolve(root, 'apps', app, 'src/main.ts')),
)
const manifestOf = (app: string): { name: string; bin: Record<string, string> } =>
  JSON.parse(readFileSync(resolve(root, 'apps', app, 'package.json'), 'utf8'))

describe('Dockerfile', () => {
  test('there is a target for every app, and none for anything else', () => {
    expect(targets.map(({ name }) => name).sort()).toEqual([...apps].sort())
  })

  test('every image it starts from is pinned to a full version', () => {
    const images = stages.filter(({ from }) => !stages.some(({ name }) => name === from))
    expect(images).not.toEqual([])
    for (const { from } of images) expect(from).toMatch(/^node:\d+\.\d+\.\d+-[a-z-]+$/)
  })

  test('it brings the pnpm that package.json names', () => {
    const { packageManager } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'))
    expect(lines).toContain(`RUN npm install --global ${packageManager}`)
  })

  test('programs are started by a user who is not root', () => {
    const base = stages.find(({ name }) => name === 'base')
    expect(base?.lines).toContain('USER node')
    for (const { lines: own } of targets)
      expect(own.findLast((line) => line.startsWith('USER ')) ?? 'USER node').toBe('USER node')
  })

  test('after the store is filled nothing asks a registry, and every image holds what the lockfile names', () => {
    const { lines: build } = stages.find(({ name }) => name === 'build')!
    const runs = build.filter((line) => line.startsWith('RUN '))
    const offline = runs.slice(runs.indexOf('RUN pnpm fetch') + 1)
    expect(offline).toEqual([
      'RUN pnpm install --offline --frozen-lockfile && pnpm exec turbo run build',
      expect.stringContaining('node scripts/assemble-image.ts "$app" "/out/$app" || exit 1;'),
    ])
  })

  test.each(targets)(
    '$name: the entry point is what its package.json calls its program',
    ({ name, lines: own }) => {
      expect(Object.values(manifestOf(name).bin)).toEqual(['./dist/main.js'])
      expect(existsSync(resolve(root, 'apps', name, 'src/main.ts'))).toBe(true)
      expect(own).toContain(`COPY --from=build /out/${name} ./`)
      // sv2 works in the folder of its sv2.toml
      const program = `${name === 'sv2' ? '/app/' : ''}apps/${name}/dist/main.js`
      expect(own).toContain(`ENTRYPOINT ["node", "--disable-sigusr1", "${program}"]`)
      expect(lines.some((line) => /for app in/.test(line) && line.includes(` ${name}`))).toBe(true)
    },
  )

  test.each(targets)('$name: a server has a health check on its own port', ({ name, lines: own }) => {
    // the health of sv2 is that of its pool
    if (name === 'sv2') return expect(own.some((line) => line.includes(':9090/healthz'))).toBe(true)
    const files = ['src/config.ts', 'src/server/config.ts'].map((file) => resolve(root, 'apps', name, file))
    const file = files.find(existsSync)
    const config = file === undefined ? '' : readFileSync(file, 'utf8')
    const [, port] = /[mM]onitoringSchema\(([\d_]+)\)/.exec(config) ?? []
    const check = own.find((line) => line.startsWith('HEALTHCHECK'))
    if (port === undefined) expect(check).toBeUndefined()
    else expect(check).toContain(`:${port.replace('_', '')}/healthz`)
  })
})
