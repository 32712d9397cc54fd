// What `node dist/main.js` of an app runs: its modules, and those of the packages it needs, in a few files. A process that
// loads a thousand small modules takes twice the time to start, and a third more memory (docs/performance.md).
//   node ../../scripts/bundle-app.mjs     in the folder of an app, after tsc

import { chmodSync, copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'
import { englishAlone, requiresOfPackages } from './bundle/plugins.mjs'

const app = process.cwd()
const out = join(app, 'dist/bundle')

/**
 * While modules load, the young generation of the heap would grow to its full size, and stay so. Afterwards it may grow: an
 * app with work to do needs it.
 */
const MAIN = `#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'

setFlagsFromString('--semi-space-growth-factor=1')
await import('./bundle/main.js')
setFlagsFromString('--semi-space-growth-factor=2')
`

/** Bundles modules; what several of them need is in files that they share. */
function bundle(entryPoints, more) {
  return build({
    absWorkingDir: app,
    entryPoints,
    outdir: out,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@sv2/source'],
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    // its databases are loaded by who uses them, and bring files of their own
    external: ['@sv2/store'],
    plugins: [requiresOfPackages, englishAlone],
    // memory holds the text of the modules, too; names stay, for stacks
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 160,
    // for packages in CommonJS
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    logLevel: 'warning',
    ...more,
  })
}

/** The files that modules find beside themselves: threads and processes of ours, and data. */
function filesBeside(inputs) {
  const threads = []
  const data = []
  for (const input of inputs) {
    const path = resolve(app, input)
    const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
    for (const [, name] of text.matchAll(/start(?:Thread|Process)\(import\.meta\.url, '(.+?)'/g))
      threads.push(resolve(dirname(path), `${name}.ts`))
    if (path.endsWith('.ts')) continue
    for (const [, name] of text.matchAll(/["'](\w+\.wasm)["']/g)) data.push(resolve(dirname(path), name))
  }
  return { threads, data }
}

const entry = join(app, 'src/main.ts')
const { metafile } = await bundle([entry], { write: false, metafile: true })
const { threads, data } = filesBeside(Object.keys(metafile.inputs))

rmSync(out, { recursive: true, force: true })
await bundle([entry, ...threads])
for (const file of data) copyFileSync(file, join(out, basename(file)))
writeFileSync(join(app, 'dist/main.js'), MAIN)
chmodSync(join(app, 'dist/main.js'), 0o755)
