// What an image of one app holds: the app and the packages of ours that it needs, built, and exactly the versions of the
// lockfile, installed without a network from the store that `pnpm fetch` has filled.
//   node scripts/assemble-image.ts pool /out/pool

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { strangers } from './image/locked.ts'

const root = resolve(import.meta.dirname, '..')
const [app, out] = process.argv.slice(2)
if (app === undefined || out === undefined) {
  process.stderr.write('usage: node scripts/assemble-image.ts APP FOLDER\n')
  process.exit(64)
}

/** Runs pnpm; answers what it prints. */
function pnpm(cwd: string, ...words: readonly string[]): string {
  return execFileSync('pnpm', words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

const target = resolve(out)
mkdirSync(target, { recursive: true })
for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'])
  cpSync(join(root, file), join(target, file))

const needed: readonly { readonly path: string }[] = JSON.parse(
  pnpm(root, '--filter', `@sv2/${app}...`, '--prod', 'list', '--depth', '-1', '--json'),
)
for (const { path } of needed) {
  const folder = join(target, relative(root, path))
  if (!existsSync(join(path, 'dist'))) throw new Error(`${relative(root, path)} is not built: npm run build`)
  mkdirSync(folder, { recursive: true })
  cpSync(join(path, 'package.json'), join(folder, 'package.json'))
  cpSync(join(path, 'dist'), join(folder, 'dist'), { recursive: true })
}

process.stdout.write(
  pnpm(
    target,
    '--filter',
    `@sv2/${app}...`,
    'install',
    '--prod',
    '--offline',
    '--frozen-lockfile',
    '--ignore-scripts',
  ),
)

const lockfile = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8')
const wrong = strangers(target, lockfile)
if (wrong.length > 0) {
  process.stderr.write(`not of the lockfile: ${wrong.join(', ')}\n`)
  process.exit(1)
}
process.stdout.write(
  `${app}: ${needed.length} packages of ours in ${dirname(target)}, all others as the lockfile says\n`,
)
