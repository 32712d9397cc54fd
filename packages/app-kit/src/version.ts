import { readFileSync } from 'node:fs'

/** The version of the stack, of all its apps and packages: that of this package's manifest. */
export const VERSION: string = versionOf(new URL('../package.json', import.meta.url))

function versionOf(manifest: URL): string {
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }
  return version
}
