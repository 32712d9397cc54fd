import { posix } from 'node:path'
import type { Source } from './source.ts'
import * as table from './table.ts'

/** A file and what is wrong with it. */
export type Problem = string

/** A package of the workspace, as its package.json declares it. */
export interface Workspace {
  readonly folder: string
  readonly name: string
  /** Names in `dependencies`. */
  readonly dependencies: readonly string[]
  /** Names in `devDependencies`. */
  readonly devDependencies: readonly string[]
}

type Rule = (source: Source, home: Workspace, layer: table.Layer) => readonly string[]

/** The workspace package or npm package of an import, without the path inside it. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.')
}

const imports: Rule = ({ path, imports: all }, { name, dependencies, devDependencies }, layer) =>
  all
    .filter((specifier) => specifier.startsWith('@sv2/') && packageOf(specifier) !== name)
    .filter((specifier) =>
      table.isShipped(path)
        ? !layer.imports.includes('*') && !layer.imports.includes(specifier)
        : ![...dependencies, ...devDependencies].includes(packageOf(specifier)) && path.includes('/src/'),
    )
    .map((specifier) =>
      table.isShipped(path)
        ? `imports ${specifier}, which its layer may not`
        : `imports ${specifier}, which its package does not declare`,
    )

const outside: Rule = ({ path, imports: all }, { folder }, layer) =>
  all
    .filter((specifier) => isRelative(specifier) && !layer.imports.includes('*'))
    .filter((specifier) => !posix.join(posix.dirname(path), specifier).startsWith(`${folder}/`))
    .map((specifier) => `reaches out of its package: ${specifier}`)

const ROLES = 'packages/roles/src/'

/** Where a file of the roles stands; undefined for one outside of all floors. */
function floorOf(path: string): { readonly folder: string; readonly floor: number } | undefined {
  const folder = path.startsWith(ROLES) ? path.slice(ROLES.length).split('/', 1)[0]! : ''
  const floor = table.floorsOfRoles.findIndex((folders) => folders.includes(folder))
  return floor < 0 ? undefined : { folder, floor }
}

const floors: Rule = ({ path, imports: all }) => {
  const here = floorOf(path)
  if (here === undefined) return []
  return all.filter(isRelative).flatMap((specifier) => {
    const there = floorOf(posix.join(posix.dirname(path), specifier))
    if (there?.folder === here.folder || (there !== undefined && there.floor < here.floor)) return []
    return [`imports ${specifier}, which stands on no floor below`]
  })
}

const npm: Rule = ({ path, imports: all }, _home, layer) => {
  if (!table.isShipped(path) || layer.npm === undefined) return []
  const allowed = layer.npm
  return all
    .filter(
      (specifier) =>
        !isRelative(specifier) && !specifier.startsWith('@sv2/') && !specifier.startsWith('node:'),
    )
    .filter((specifier) => !allowed.includes(packageOf(specifier)))
    .map((specifier) => `imports ${specifier}: its layer uses ${allowed.join(', ') || 'no npm package'}`)
}

const purity: Rule = ({ path, imports: all, globals }, _home, layer) => {
  if (!layer.pure || !table.isShipped(path)) return []
  const modules = all.filter((specifier) => specifier.startsWith('node:'))
  return [...modules, ...globals].map((name) => `uses ${name}: its layer is pure`)
}

const processInApps: Rule = ({ path, globals }) =>
  path.startsWith('apps/') &&
  table.isShipped(path) &&
  !table.mayNameProcess.test(path) &&
  globals.includes('process')
    ? ['names process: in an app only its entries do']
    : []

const editions: Rule = ({ path, code, text }, _home, layer) => {
  if (layer.editions || !table.isShipped(path) || table.mayNameEditions.some((file) => file.test(path)))
    return []
  // a role must not even think in editions
  const searched = /^packages\/(roles|sim)\//.test(path) ? text : code
  return /draft/i.test(withoutImports(searched)) ? ['names the draft edition'] : []
}

function withoutImports(code: string): string {
  return code.replaceAll(/from\s*["'][^"']+["']/g, '')
}

const length: Rule = ({ text }) => {
  const lines = text.split('\n').length - 1
  const exempt = text.slice(0, text.indexOf('\n\n') + 1).includes('@data-table')
  return lines > table.longestFile && !exempt ? [`has ${lines} lines; ${table.longestFile} are too many`] : []
}

const naming: Rule = ({ path }) =>
  table.emptyFileName.test(path) && !table.namedByTheSpecification.test(path)
    ? ['has a name that says nothing about what is inside']
    : []

const rules: readonly Rule[] = [
  imports,
  outside,
  floors,
  npm,
  purity,
  processInApps,
  editions,
  length,
  naming,
]

/** Every rule over every file. */
export function checkSources(
  sources: readonly Source[],
  workspaces: readonly Workspace[],
): readonly Problem[] {
  return sources.flatMap((source) => {
    const home = workspaces.find(({ folder }) => source.path.startsWith(`${folder}/`))
    const layer = home && table.layerOf(home.folder)
    if (home === undefined || layer === undefined) return [`${source.path}: stands in no layer`]
    return rules.flatMap((rule) => rule(source, home, layer)).map((problem) => `${source.path}: ${problem}`)
  })
}
