import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { smokeTest } from './built-apps.mjs'
import { packageManager } from './install.mjs'
import { notRun } from './not-run.mjs'
import { bin, fromSource, npx, root, run } from './process.mjs'
import { printSummary, runStep, runSteps } from './steps.mjs'

const node = process.execPath
/** Where the runs of vitest leave what they proved. */
const results = join(root, '.cache/results')

const checks = [
  { name: 'lint', run: [bin('biome'), ['ci', `--colors=${process.stdout.isTTY ? 'force' : 'off'}`]] },
  { name: 'types', run: [bin('tsc'), ['--noEmit', '-p', 'tsconfig.json']] },
  { name: 'types of the dashboard', run: [bin('tsc'), ['-p', 'apps/dashboard']] },
  { name: 'unused code', run: [bin('knip'), ['--no-config-hints']] },
  { name: 'layers', run: [node, [...fromSource, 'scripts/check-layers.ts']] },
  { name: 'spelling', run: [bin('cspell'), ['lint', '--no-progress', '--no-summary']] },
]

/** What `npm run <name>` does; each takes the words behind `--` and answers the exit code. */
export const commands = {
  start: async (args) => (await buildDashboard()) || source('tools/dev-stack/src/main.ts', args),
  test,
  check: async () => summarized(await runSteps(checks)),
  build,
  bench: (args) => source('bench/src/main.ts', args),
  conformance,
  topology: async (args) => (await buildDashboard()) || source('tools/topology/src/main.ts', args),
  sv2: async (args) => (await buildDashboard()) || source('apps/sv2/src/main.ts', args),
  pack: async (args) => (await compile([])) || source('scripts/pack.ts', args),
  mutants: (args) => source('scripts/mutants.ts', args),
  fuzz: (args) => vitest('vitest.fuzz.config.ts', args),
  dev,
  'test:unit': (args) => vitest('vitest.config.ts', args),
  'test:e2e': async (args) => (await compile([])) || endToEnd(args),
  'test:compose': (args) => source('scripts/try-compose.ts', args),
  'test:slow': (args) => vitest('vitest.slow.config.ts', args),
}

/** Builds the page that the apps serve, unless what is there is newer than its sources. */
async function buildDashboard() {
  const folder = join(root, 'apps/dashboard')
  const built = join(folder, 'dist/index.html')
  const sources = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !/node_modules|dist/.test(entry.parentPath.slice(folder.length)),
  )
  const changed = Math.max(...sources.map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs))
  if (existsSync(built) && statSync(built).mtimeMs > changed) return 0
  return run(node, ['node_modules/vite/bin/vite.js', 'build', 'apps/dashboard', '--logLevel', 'warn'])
}

function source(file, args) {
  return run(node, [...fromSource, file, ...args])
}

function vitest(config, args, options) {
  return run(node, ['node_modules/vitest/vitest.mjs', 'run', '--config', config, ...args], options)
}

/** The apps are those that were built, with plain Node. */
function endToEnd(args) {
  return vitest('vitest.e2e.config.ts', args, { env: { SV2_APPS_FROM: 'dist' } })
}

async function test() {
  rmSync(results, { recursive: true, force: true })
  const steps = await runSteps(checks)
  steps.push(await runStep('unit, property, conformance, simulation', () => vitest('vitest.config.ts', [])))
  steps.push(await runStep('build, and start with plain Node', () => build([])))
  steps.push(await runStep('end-to-end', () => endToEnd([])))
  steps.push(await runStep('requirements', () => source('scripts/conformance.ts', ['--counts'])))
  return summarized(steps, notRun(results))
}

function summarized(steps, omissions = []) {
  printSummary(steps, omissions)
  return steps.every(({ code }) => code === 0) ? 0 : 1
}

/** Runs the tests that claim a requirement, and no others; what they print is for the reader, not for `--json`. */
async function conformance(args) {
  rmSync(results, { recursive: true, force: true })
  const stdio = args.includes('--json') ? ['ignore', process.stderr, process.stderr] : 'inherit'
  const claims = ['--testNamePattern', '[A-Z]{2,4}-\\d\\d.*\\((current|draft)']
  for (const config of ['vitest.config.ts', 'vitest.e2e.config.ts']) await vitest(config, claims, { stdio })
  return source('scripts/conformance.ts', args)
}

async function build(args) {
  return (await compile(args)) || smokeTest()
}

function compile(args) {
  // turbo calls the package manager, which does not have to be installed
  const withManager = ['--yes', '--package', packageManager, '--', bin('turbo')]
  return run(npx, [...withManager, 'run', 'build', '--output-logs=errors-only', ...args])
}

async function dev([app, ...args]) {
  const names = readdirSync(join(root, 'apps')).filter((name) =>
    existsSync(join(root, 'apps', name, 'src/main.ts')),
  )
  if (app === undefined || !names.includes(app)) {
    process.stderr.write(`usage: npm run dev <${names.join(' | ')}> [-- options]\n`)
    return 64
  }
  // an app with subcommands has an example for each: `npm run dev job-negotiator client`
  const [subcommand] = args
  const example = [`config.${subcommand}.example.toml`, 'config.example.toml']
    .map((name) => `apps/${app}/${name}`)
    .find((file) => existsSync(join(root, file)))
  const config = example !== undefined && !args.includes('--config') ? ['--config', example] : []
  return run(node, [
    '--watch',
    '--watch-preserve-output',
    ...fromSource,
    `apps/${app}/src/main.ts`,
    ...args,
    ...config,
  ])
}
