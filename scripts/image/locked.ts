import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

/** The installed packages in pnpm's own folder. */
function* installedPackages(folder: string): Generator<string> {
  const store = join(folder, 'node_modules/.pnpm')
  if (!existsSync(store)) return
  for (const entry of readdirSync(store)) {
    const modules = join(store, entry, 'node_modules')
    if (!existsSync(modules)) continue
    for (const name of namesIn(modules)) {
      const manifest = join(modules, name, 'package.json')
      // what a package needs is linked beside it; its own folder is the real one
      if (!realpathSync(join(modules, name)).startsWith(realpathSync(modules)) || !existsSync(manifest))
        continue
      const { name: real, version } = JSON.parse(readFileSync(manifest, 'utf8'))
      yield `${real}@${version}`
    }
  }
}

function namesIn(modules: string): string[] {
  return readdirSync(modules).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  )
}

/**
 * Installed packages, as `name@version`, that are none of the lockfile's.
 * @param folder where `node_modules` is
 * @param lockfile text of pnpm-lock.yaml
 */
export function strangers(folder: string, lockfile: string): string[] {
  const locked = new Set(Object.keys(parse(lockfile).packages))
  return [...new Set(installedPackages(folder))].filter((id) => !locked.has(id)).sort()
}
