// Breaks guards, comparisons, bounds and limits of `packages/roles`, one at a time in a copy of the project, and prints
// what no test notices. See docs/mutants.md.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { transformSync } from 'esbuild'
import { copyOf } from './mutants/copy.ts'
import { type Mutation, mutationsOf, sample } from './mutants/mutations.ts'

const root = resolve(import.meta.dirname, '..')

const { values } = parseArgs({
  options: {
    /** Folders or files below packages/roles/src. */
    in: { type: 'string', multiple: true, default: ['mining', 'client', 'work', 'sv1-front'] },
    /** One kind of change, such as `no limit`; every kind when missing. */
    change: { type: 'string' },
    /** How many of them; all when missing. */
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    /** No other one is begun after this time. */
    minutes: { type: 'string' },
    /** Without the simulations that take long: what survives may be noticed by them. */
    quick: { type: 'boolean', default: false },
  },
})

/** Simulations that take as long as all the others together. */
const SLOW = ['hostile', 'mining-world', 'v1-to-v2-mining', 'pool-slices'].map((name) => `/${name}.test.ts`)
/** What vitest is told to run: what is fast looks first, and what it lets pass is looked at by the next. */
const SUITES = [
  ['packages/roles/src'],
  ['packages/roles/test', 'packages/sim', ...SLOW.flatMap((name) => ['--exclude', `**${name}`])],
  SLOW,
]
/** A run that takes so many times longer than without a mutant hangs: the tests noticed. */
const PATIENCE = 4

type Fate = 'killed' | 'survived' | 'timeout'

const until = Date.now() + Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000
const all = values.in
  .flatMap(sources)
  .flatMap((file) => mutationsOf(file, readFileSync(join(root, file), 'utf8')))
  .filter(({ change }) => change === (values.change ?? change))
const chosen = sample(all, Number(values.sample ?? all.length), Number(values.seed))
const copy = copyOf(root)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const fates: Record<Fate, number> = { killed: 0, survived: 0, timeout: 0 }
process.once('exit', () => {
  copy.remove()
  const tried = fates.killed + fates.survived + fates.timeout
  const share = ((100 * fates.survived) / Math.max(1, tried)).toFixed(1)
  print(
    `${tried} tried: ${fates.killed} killed, ${fates.timeout} hung, ${fates.survived} survived (${share} %)`,
  )
})
print(`${all.length} mutants in ${values.in.join(', ')}; ${chosen.length} are tried, seed ${values.seed}`)
const suites = await measured(values.quick ? SUITES.slice(0, -1) : SUITES)
for (const mutation of chosen) {
  if (Date.now() > until) break
  const fate = await fateOf(mutation)
  if (fate === undefined) continue
  fates[fate]++
  const { file, line, change, after } = mutation
  if (fate === 'survived') print(`survived  ${file}:${line}  ${change}\n          ${after.trim()}`)
}

function sources(place: string): readonly string[] {
  const base = `packages/roles/src/${place}`
  if (place.endsWith('.ts')) return [base]
  return readdirSync(join(root, base), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/(?:\.test\.ts|(?:^|\/)_[^/]*)$/.test(file))
    .sort()
    .map((file) => `${base}/${file}`)
}

/** What becomes of a mutant; undefined when it is no program. */
async function fateOf({ file, line, after }: Mutation): Promise<Fate | undefined> {
  const path = join(copy.path, file)
  const source = readFileSync(path, 'utf8')
  const lines = source.split('\n')
  lines[line - 1] = after
  const mutated = lines.join('\n')
  if (!isProgram(mutated)) return undefined
  writeFileSync(path, mutated)
  try {
    return await tests()
  } finally {
    writeFileSync(path, source)
  }
}

function isProgram(source: string): boolean {
  try {
    transformSync(source, { loader: 'ts', logLevel: 'silent' })
    return true
  } catch {
    return false
  }
}

interface Suite {
  readonly args: readonly string[]
  readonly withinMs: number
}

/** Runs every suite without a mutant. */
async function measured(all: readonly (readonly string[])[]): Promise<readonly Suite[]> {
  const suites: Suite[] = []
  for (const args of all) {
    const started = performance.now()
    const fate = await vitest({ args, withinMs: 900_000 })
    if (fate !== 'survived') throw new Error(`without any mutant: ${args.join(' ')} ${fate}`)
    suites.push({ args, withinMs: PATIENCE * (performance.now() - started) })
  }
  return suites
}

async function tests(): Promise<Fate> {
  for (const suite of suites) {
    const fate = await vitest(suite)
    if (fate !== 'survived') return fate
  }
  return 'survived'
}

function vitest({ args: chosenTests, withinMs }: Suite): Promise<Fate> {
  const program = join(root, 'node_modules/vitest/vitest.mjs')
  const args = ['run', '--config', 'vitest.config.ts', '--bail', '1', '--reporter', 'dot', ...chosenTests]
  return new Promise((done) => {
    // a group of its own: a worker of vitest that hangs would outlive it, and take a core for ever
    const child = spawn(process.execPath, [program, ...args], {
      cwd: copy.path,
      detached: true,
      stdio: 'ignore',
    })
    const end = (): void => void process.kill(-child.pid!, 'SIGKILL')
    let hung = false
    const timer = setTimeout(() => {
      hung = true
      end()
    }, withinMs)
    process.once('exit', end)
    child.once('close', (code) => {
      clearTimeout(timer)
      process.removeListener('exit', end)
      done(hung ? 'timeout' : code === 0 ? 'survived' : 'killed')
    })
  })
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
