// Makes a tarball of every package that is not private, from what `npm run build` made, as `npm publish` takes them.
//   node scripts/pack.ts FOLDER

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { catalogOf, publishedManifest, publishedPackages } from './pack/published.ts'

const root = resolve(import.meta.dirname, '..')
const [out] = process.argv.slice(2)
if (out === undefined) {
  process.stderr.write('usage: node scripts/pack.ts FOLDER\n')
  process.exit(64)
}

const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly engines: unknown
}
const catalog = catalogOf(root)
const staged = mkdtempSync(join(tmpdir(), 'sv2-pack-'))
try {
  const folders = publishedPackages(root).map(({ folder, manifest }) => {
    const dist = join(root, folder, 'dist')
    if (!existsSync(dist)) throw new Error(`${folder} is not built: npm run build`)
    const target = join(staged, folder)
    mkdirSync(target, { recursive: true })
    cpSync(dist, join(target, 'dist'), { recursive: true, filter: (file) => !file.endsWith('.map') })
    cpSync(join(root, folder, 'README.md'), join(target, 'README.md'))
    cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'))
    const published = publishedManifest(manifest, { engines, catalog })
    writeFileSync(join(target, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`)
    return target
  })
  mkdirSync(out, { recursive: true })
  execFileSync('npm', ['pack', '--silent', '--pack-destination', resolve(out), ...folders], {
    cwd: staged,
    stdio: 'inherit',
  })
} finally {
  rmSync(staged, { recursive: true })
}
