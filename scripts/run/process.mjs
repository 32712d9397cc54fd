import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { resolve } from 'node:path'

/** The root of the project. */
export const root = resolve(import.meta.dirname, '../..')

/** Node with the arguments that run our TypeScript sources as they are. */
export const fromSource = ['--conditions=@sv2/source', '--import', 'tsx']

/** npm's runner of packages. */
export const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx'

/** The path of a command that a package of ours brought along. */
export function bin(name) {
  return resolve(root, 'node_modules/.bin', process.platform === 'win32' ? `${name}.cmd` : name)
}

/**
 * Runs one program and answers its exit code; a program ended by a signal counts as 128 + its number.
 * Signals that reach us are passed on, and we wait for its end: it has things to close.
 */
export function run(file, args, { stdio = 'inherit', env = {}, onOutput } = {}) {
  return new Promise((done) => {
    const child = spawn(file, args, {
      cwd: root,
      stdio: onOutput === undefined ? stdio : ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      shell: process.platform === 'win32' && file.endsWith('.cmd'),
    })
    child.stdout?.on('data', (chunk) => onOutput?.(chunk))
    child.stderr?.on('data', (chunk) => onOutput?.(chunk))
    const stopPassing = passSignals(child)
    child.once('error', (error) => {
      stopPassing()
      process.stderr.write(`cannot run ${file}: ${error.message}\n`)
      done(1)
    })
    child.once('close', (code, signal) => {
      stopPassing()
      done(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}

/** A terminal sends Ctrl-C to the whole foreground group, so the child has it already: twice would be a hurry. */
function passSignals(child) {
  const fromTerminal = process.stdin.isTTY === true
  const handlers = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
    const handler = () => {
      if (!(signal === 'SIGINT' && fromTerminal)) child.kill(signal)
    }
    process.on(signal, handler)
    return () => process.off(signal, handler)
  })
  const orphaned = watchParent(() => child.kill('SIGTERM'))
  return () => {
    clearInterval(orphaned)
    for (const remove of handlers) remove()
  }
}

/** npm, or its shell, can be ended without a word to us: what it started must not go on alone. */
function watchParent(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return undefined
  const parent = process.ppid
  return setInterval(() => {
    if (process.ppid !== parent) onGone()
  }, 500)
}
