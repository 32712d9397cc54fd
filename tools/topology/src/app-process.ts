import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { stringify } from 'smol-toml'

const ROOT = resolve(import.meta.dirname, '../../..')
const TSX = pathToFileURL(join(ROOT, 'node_modules/tsx/dist/loader.mjs')).href
const DEFAULT_FROM = process.env.SV2_APPS_FROM === 'dist' ? 'dist' : 'sources'

export type AppName =
  | 'pool'
  | 'template-provider'
  | 'mining-device'
  | 'mining-proxy'
  | 'translator-proxy'
  | 'job-negotiator'
  | 'keys'
  | 'ledger'
  | 'verify'
  | 'sv2'

/** A line that an app logged. */
export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

/** What to start, and how. */
export interface Program {
  readonly app: AppName
  /** Which of the apps of one binary, `server`. */
  readonly subcommand?: string | undefined
  /** Plain Node on what `npm run build` made, or the sources as they are; `SV2_APPS_FROM` is the default, or sources. */
  readonly from?: 'sources' | 'dist' | undefined
  /** Where `config.toml` is written to; a temporary folder when missing. */
  readonly folder?: string | undefined
  readonly onLine?: ((line: LogLine) => void) | undefined
  /** Node and the file that it runs, instead of what is in this checkout. */
  readonly command?: readonly [node: string, file: string] | undefined
  /** Folder that it runs in; the root of the checkout when missing. */
  readonly cwd?: string | undefined
  /** What its environment has besides that of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** By how much its wall clock is ahead of this machine's, seconds; default 0. */
  readonly clockOffsetSec?: number | undefined
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs an app's command line to its end. */
export function runCommand(what: AppName | Program, ...args: readonly string[]): Promise<Ending> {
  return ended(launch(typeof what === 'string' ? { app: what } : what, args))
}

/** An app as a process of its own, with its JSON log read line by line. */
export class AppProcess {
  readonly ended: Promise<Ending>
  readonly log: LogLine[] = []
  readonly #child: ChildProcess
  readonly #onLine: ((line: LogLine) => void) | undefined
  #waiting: (() => void)[] = []
  #ending: Ending | undefined

  /** Starts the app with this configuration, written to a file of its own; undefined: with the file that it finds itself. */
  constructor(what: AppName | Program, config: Record<string, unknown> | undefined) {
    const program: Program = typeof what === 'string' ? { app: what } : what
    const folder = program.folder ?? mkdtempSync(join(tmpdir(), `sv2-${program.app}-`))
    mkdirSync(folder, { recursive: true })
    const file = join(folder, 'config.toml')
    if (config !== undefined)
      writeFileSync(file, stringify({ ...config, log: { level: 'debug', format: 'json' } }), { mode: 0o600 })
    this.#onLine = program.onLine
    this.#child = launch(program, config === undefined ? [] : ['--config', file])
    this.#child.stdout?.on(
      'data',
      linesOf((line) => this.#read(line)),
    )
    this.ended = ended(this.#child).then((ending) => {
      this.#ending = ending
      if (program.folder === undefined) rmSync(folder, { recursive: true, force: true })
      this.#wake()
      return ending
    })
  }

  /** Lines so far: what is logged after this place is new. */
  get place(): number {
    return this.log.length
  }

  get isRunning(): boolean {
    return this.#ending === undefined
  }

  /** Waits for a line that fits, from a place on; rejects when the process ends without one. */
  async logged(fits: string | ((line: LogLine) => boolean), from = 0): Promise<LogLine> {
    const matches = typeof fits === 'string' ? ({ msg }: LogLine) => msg === fits : fits
    for (;;) {
      const found = this.log.slice(from).find(matches)
      if (found !== undefined) return found
      if (this.#ending !== undefined) {
        throw new Error(`ended with ${this.#ending.code}, still waiting for ${String(fits)}\n${this.#tail()}`)
      }
      await new Promise<void>((wake) => this.#waiting.push(wake))
    }
  }

  kill(signal: NodeJS.Signals): Promise<Ending> {
    this.#child.kill(signal)
    return this.ended
  }

  #read(text: string): void {
    const line = JSON.parse(text) as LogLine
    this.log.push(line)
    this.#onLine?.(line)
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }

  #tail(): string {
    const last = this.log.slice(-10).map((line) => JSON.stringify(line))
    return [...last, this.#ending?.stderr ?? ''].join('\n')
  }
}

function launch(
  { app, subcommand, from = DEFAULT_FROM, clockOffsetSec, cwd = ROOT, env = {}, command }: Program,
  args: readonly string[],
): ChildProcess {
  const words = subcommand === undefined ? args : [subcommand, ...args]
  const clock = clockOffsetSec === undefined ? [] : ['--import', shiftedClock(clockOffsetSec)]
  const node =
    from === 'dist'
      ? [join(ROOT, 'apps', app, 'dist', 'main.js')]
      : ['--conditions=@sv2/source', '--import', TSX, join(ROOT, 'apps', app, 'src', 'main.ts')]
  const [program, file] = command ?? [process.execPath]
  return spawn(program, [...clock, ...(file === undefined ? node : [file]), ...words], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** A module that moves the wall clock of the process that imports it. */
function shiftedClock(offsetSec: number): string {
  const source = `const now = Date.now; Date.now = () => now() + ${offsetSec * 1000}`
  return `data:text/javascript,${encodeURIComponent(source)}`
}

function ended(child: ChildProcess): Promise<Ending> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout = (stdout + chunk).slice(-100_000)
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk).slice(-10_000)
  })
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', (code, signal) => done({ code, signal, stdout, stderr }))
  })
}

function linesOf(take: (line: string) => void): (chunk: Buffer) => void {
  let text = ''
  return (chunk) => {
    text += chunk.toString()
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) take(line)
  }
}
