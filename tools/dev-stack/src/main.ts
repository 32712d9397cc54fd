import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Scope } from '@sv2/app-kit'
import { readOptions, type StackOptions } from './options.ts'
import { type Stack, startStack } from './stack.ts'
import { banner, summaryLine } from './summary.ts'

const options = readOptions(process.argv.slice(2))
const say = options.json ? () => undefined : (text: string) => process.stdout.write(text)
const terminal = process.stdout.isTTY === true && !options.json
const started = performance.now()
const seconds = (): number => (performance.now() - started) / 1000

const dataDir = await mkdtemp(join(tmpdir(), 'sv2-'))
const scope = new Scope()
scope.own('data folder', () => rm(dataDir, { recursive: true, force: true }))

let stopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void stop(0, `${signal}: stopping`))

try {
  const stack = await startStack(options, { scope, dataDir, progress: (text) => say(`${text} …\n`) })
  say(banner(stack))
  watch(stack, options)
} catch (error) {
  process.stderr.write(`cannot start: ${(error as Error).stack}\n`)
  await stop(1, 'stopping')
}

/** Prints how it goes, and ends when enough blocks are there or the time is over. */
function watch(stack: Stack, { blocks, timeout }: StackOptions): void {
  let last = 0
  stack.node.onBlock(({ hash, height }) => {
    say(`${terminal ? '\r\x1b[K' : ''}block ${height} ${hash}\n`)
    if (blocks !== undefined && stack.ownBlocks() >= blocks)
      void stop(0, `${stack.ownBlocks()} blocks of ours are in the chain`)
  })
  const timer = setInterval(() => {
    if (blocks !== undefined && seconds() > timeout) {
      void stop(
        1,
        `only ${stack.ownBlocks()} of ${blocks} blocks after ${timeout} s: ${summaryLine(stack, seconds())}`,
      )
    }
    if (terminal) say(`\r\x1b[K${summaryLine(stack, seconds())}`)
    else if (seconds() - last >= 5) {
      last = seconds()
      say(`${summaryLine(stack, seconds())}\n`)
    }
  }, 1000)
  scope.own('summary', () => {
    clearInterval(timer)
    say(`${terminal ? '\n' : ''}${summaryLine(stack, seconds())}\n`)
  })
}

async function stop(code: number, why: string): Promise<void> {
  if (stopping) return
  stopping = true
  say(`${terminal ? '\n' : ''}${why}\n`)
  if (code !== 0 && options.json) process.stderr.write(`${why}\n`)
  process.exitCode = code
  const forced = setTimeout(() => process.exit(code === 0 ? 1 : code), 5_000)
  await scope.close((name, error) => process.stderr.write(`closing ${name}: ${String(error)}\n`))
  clearTimeout(forced)
  process.exit(code)
}
