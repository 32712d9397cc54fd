import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { npx, root, run } from './process.mjs'

export const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const stampFile = join(root, 'node_modules/.sv2-installed')

/** Installs the dependencies when they are missing or no longer those that are asked for; true when they are there. */
export async function install() {
  const wanted = fingerprint()
  if (readIfThere(stampFile) === wanted) return true
  const frozen = existsSync(join(root, 'pnpm-lock.yaml')) ? ['--frozen-lockfile'] : ['--no-frozen-lockfile']
  process.stderr.write(
    'Installing dependencies from the npm registry (the first time this takes a minute)…\n',
  )
  const output = []
  const code = await run(
    npx,
    [
      '--yes',
      packageManager,
      'install',
      ...frozen,
      '--reporter=append-only',
      '--config.confirmModulesPurge=false',
    ],
    { onOutput: (chunk) => output.push(showProgress(chunk.toString())) },
  )
  if (code !== 0) {
    process.stderr.write(output.join(''))
    process.stderr.write(
      `\nThe installation failed (exit code ${code}); the reason stands above. It needs the npm registry once: is ` +
        'this machine online, and is a proxy or another registry set in .npmrc where one is needed? After a change ' +
        `of dependencies the lock file is brought up to date by \`npx ${packageManager} install --no-frozen-lockfile\`.\n`,
    )
    return false
  }
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  writeFileSync(stampFile, wanted)
  return true
}

/** Of what the installation says only how far it is; all of it is kept for the case that it fails. */
function showProgress(text) {
  for (const [line] of text.matchAll(/^Progress: .*$/gm)) process.stderr.write(`  ${line}\n`)
  return text
}

/** A hash over all that decides what is installed. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${packageManager}`)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests()]) {
    hash.update(`\0${file}\0${readIfThere(join(root, file)) ?? ''}`)
  }
  return hash.digest('hex')
}

/** Every package.json of the workspace. */
function manifests() {
  const folders = ['packages', 'apps', 'tools'].flatMap((parent) =>
    existsSync(join(root, parent))
      ? readdirSync(join(root, parent))
          .sort()
          .map((name) => join(parent, name))
      : [],
  )
  return ['.', 'test-e2e', 'bench', 'packages/roles/test', ...folders].map((folder) =>
    join(folder, 'package.json'),
  )
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
