import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

/** A manifest, as far as it is looked into. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly [key: string]: unknown
}

/** A package that can be installed. */
export interface Published {
  /** From the root of the checkout. */
  readonly folder: string
  readonly manifest: Manifest
}

/** The packages that are not private, by their folders. */
export function publishedPackages(root: string): Published[] {
  return ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent)).flatMap((name) => {
      const folder = `${parent}/${name}`
      const file = join(root, folder, 'package.json')
      if (!existsSync(file)) return []
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest
      return manifest.private === true ? [] : [{ folder, manifest }]
    }),
  )
}

/** The versions of other packages that the workspace has settled on. */
export function catalogOf(root: string): Readonly<Record<string, string>> {
  const { catalog } = parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')) as {
    readonly catalog: Readonly<Record<string, string>>
  }
  return catalog
}

/** A manifest as it is published: with real versions, and without what only the workspace has. */
export function publishedManifest(
  manifest: Manifest,
  { engines, catalog }: { readonly engines: unknown; readonly catalog: Readonly<Record<string, string>> },
): Manifest {
  const { scripts: _, devDependencies: __, exports, dependencies, optionalDependencies, ...kept } = manifest
  const settled = (list: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(list).map(([name, range]) => [name, versionOf(name, range, { manifest, catalog })]),
    )
  return {
    ...kept,
    engines,
    files: ['dist'],
    publishConfig: { access: 'public' },
    ...(exports && { exports: exportsOf(exports) }),
    ...(dependencies && { dependencies: settled(dependencies) }),
    ...(optionalDependencies && { optionalDependencies: settled(optionalDependencies) }),
  }
}

function versionOf(
  name: string,
  range: string,
  from: { readonly manifest: Manifest; readonly catalog: Readonly<Record<string, string>> },
): string {
  // all packages of ours have one version, and rise together
  if (range === 'workspace:*') return from.manifest.version
  if (range !== 'catalog:') return range
  const version = from.catalog[name]
  if (version === undefined) throw new Error(`${name} is not in the catalog of pnpm-workspace.yaml`)
  return version
}

/** Without what leads to sources; they are not published. */
function exportsOf(exports: NonNullable<Manifest['exports']>): Manifest['exports'] {
  const entries = Object.entries(exports).flatMap(([path, { '@sv2/source': _, ...built }]) =>
    Object.keys(built).length === 0 ? [] : [[path, built] as const],
  )
  // the manifest is read by tools, and by our own dashboard's server
  return Object.fromEntries([
    ...entries,
    ['./package.json', './package.json'],
  ]) as unknown as Manifest['exports']
}
