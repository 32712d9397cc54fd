// Fails when an import points up, a pure layer touches the outside, an edition is named where it must not be, modules
// import each other in a circle, or a file is too long or named after nothing. The rules stand in scripts/layers.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix, resolve } from 'node:path'
import { findCycles } from './layers/cycles.ts'
import { filesIn } from './layers/files.ts'
import { unresolvedOnNeutralPlatform } from './layers/purity.ts'
import { checkSources, type Workspace } from './layers/rules.ts'
import { readSource, type Source } from './layers/source.ts'
import { impureGlobals, layerOf } from './layers/table.ts'

interface Manifest {
  readonly name: string
  readonly exports?: Readonly<Record<string, string | { readonly '@sv2/source': string }>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

const root = resolve(import.meta.dirname, '..')
// the suites of the roles stand inside of their package: first come the folders that others hold
const folders = ['packages/roles/test', 'test-e2e', 'bench'].concat(
  ['packages', 'apps', 'tools'].flatMap((parent) => childrenOf(parent)),
)
const manifests = new Map(folders.filter(isPackage).map((folder) => [folder, readManifest(folder)]))
const workspaces: readonly Workspace[] = [
  ...[...manifests].map(([folder, manifest]) => ({
    folder,
    name: manifest.name,
    dependencies: Object.keys(manifest.dependencies ?? {}),
    devDependencies: Object.keys(manifest.devDependencies ?? {}),
  })),
  { folder: 'scripts', name: 'sv2', dependencies: [], devDependencies: [] },
]
const sources = workspaces.flatMap(({ folder }) => sourcesIn(folder))

const problems = [
  ...checkSources(sources, workspaces),
  ...findCycles(moduleGraph(sources)).map((cycle) => `modules import each other in a circle: ${cycle}`),
  ...(await impurities()),
]
for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(`layers: ${sources.length} files, ${problems.length} problems\n`)
process.exitCode = problems.length === 0 ? 0 : 1

function childrenOf(parent: string): readonly string[] {
  return existsSync(join(root, parent))
    ? readdirSync(join(root, parent)).map((name) => `${parent}/${name}`)
    : []
}

function isPackage(folder: string): boolean {
  return existsSync(join(root, folder, 'package.json'))
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
}

function sourcesIn(folder: string): readonly Source[] {
  return filesIn(root, folder, folders)
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) => readSource(path, readFileSync(join(root, path), 'utf8'), impureGlobals))
}

/** What imports what at run time, across packages too. */
function moduleGraph(all: readonly Source[]): ReadonlyMap<string, readonly string[]> {
  const entries = new Map<string, string>()
  for (const [folder, { name, exports = {} }] of manifests) {
    for (const [subpath, source] of modulesOf(exports)) {
      entries.set(posix.join(name, subpath), posix.join(folder, source))
    }
  }
  const resolved = (from: string, specifier: string): string | undefined =>
    specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : entries.get(specifier)
  return new Map(
    all.map(({ path, imports, runtimeImports }) => [
      path,
      // a circle of types is a circle too, for who reads the roles
      (path.startsWith('packages/roles/src/') ? imports : runtimeImports)
        .map((specifier) => resolved(path, specifier))
        .filter((module) => module !== undefined),
    ]),
  )
}

/** Subpath and source of each module that a package exports; an export that is a plain path is its manifest. */
function modulesOf(exports: NonNullable<Manifest['exports']>): [subpath: string, source: string][] {
  return Object.entries(exports).flatMap(([subpath, target]) =>
    typeof target === 'string' ? [] : [[subpath, target['@sv2/source']] as [string, string]],
  )
}

/** The proof by bundling, for every entry of a pure package. */
async function impurities(): Promise<readonly string[]> {
  const pure = [...manifests].filter(([folder]) => layerOf(folder)?.pure === true)
  const entries = pure.flatMap(([folder, { exports = {} }]) =>
    modulesOf(exports)
      .map(([, source]) => `./${posix.join(folder, source)}`)
      .filter((entry) => !entry.includes('.conformance.')),
  )
  const found = await Promise.all(
    entries.map(async (entry) =>
      (await unresolvedOnNeutralPlatform(entry, root)).map((text) => `${entry} is not pure: ${text}`),
    ),
  )
  return found.flat()
}
