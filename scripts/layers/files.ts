import { readdirSync } from 'node:fs'
import { join, posix } from 'node:path'

/**
 * Our own files below a folder, by their paths from the root: nothing installed, nothing built. A folder that `inner`
 * names is a package of its own, and left out.
 */
export function filesIn(root: string, folder: string, inner: readonly string[] = []): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name)
    if (!entry.isDirectory()) return [path]
    return ['node_modules', 'dist'].includes(entry.name) || inner.includes(path)
      ? []
      : filesIn(root, path, inner)
  })
}
