import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stringify } from 'smol-toml'
import type { LogLine } from './stand.ts'

const ROOT = resolve(import.meta.dirname, '..')

export type AppName =
  | 'pool'
  | 'job-negotiator'
  | 'template-provider'
  | 'mining-device'
  | 'mining-proxy'
  | 'translator-proxy'
  | 'keys'

/** How a process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs an app's command line to its end. */
export function runCommand(app: AppName, ...args: readonly string[]): Promise<Ending> {
  return ended(launch(app, args))
}

/** An app as a process of its own, with its JSON log read line by line. */
export class AppProcess {
  readonly ended: Promise<Ending>
  readonly log: LogLine[] = []
  readonly #child: ChildProcess
  readonly #folder: string
  #waiting: (() => void)[] = []
  #ending: Ending | undefined

  /** Starts the app with this configuration, written to a file of its own. */
  constructor(app: AppName, config: Record<string, unknown>) {
    this.#folder = mkdtempSync(join(tmpdir(), `sv2-${app}-`))
    const file = join(this.#folder, 'config.toml')
    writeFileSync(file, stringify({ ...config, log: { level: 'debug', format: 'json' } }))
    this.#child = launch(app, ['--config', file])
    this.#child.stdout?.on(
      'data',
      linesOf((line) => this.#read(line)),
    )
    this.ended = ended(this.#child).then((ending) => {
      this.#ending = ending
      rmSync(this.#folder, { recursive: true, force: true })
      this.#wake()
      return ending
    })
  }

  /** Lines so far: what is logged after this place is new. */
  get place(): number {
    return this.log.length
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

  #read(line: string): void {
    this.log.push(JSON.parse(line) as LogLine)
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

function launch(app: AppName, args: readonly string[]): ChildProcess {
  const main = join(ROOT, 'apps', app, 'src', 'main.ts')
  return spawn(process.execPath, ['--conditions=@sv2/source', '--import', 'tsx', main, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
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
