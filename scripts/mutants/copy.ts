import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'

/** What a copy for tests does not need. */
const LEFT_OUT = new Set(['.git', '.cache', '.turbo', 'dist', 'data', 'coverage'])

/**
 * A copy of the project in which files may be broken. Its packages are its own; what they depend on is ours, by a link.
 */
export function copyOf(root: string): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'sv2-mutants-'))
  cpSync(root, path, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) => !LEFT_OUT.has(basename(from)) && relative(root, from) !== 'node_modules',
  })
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
