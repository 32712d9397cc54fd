import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

/** A process under measurement, and what it answers. */
export class Child {
  readonly #process: ChildProcess
  readonly #pending: unknown[] = []
  readonly #waiting: (() => void)[] = []

  private constructor(process: ChildProcess) {
    this.#process = process
    process.on('message', (message) => {
      this.#pending.push(message)
      this.#wake()
    })
    process.on('exit', () => this.#wake())
  }

  /** Starts a file of this folder. */
  static start(file: string, argument: unknown): Child {
    return new Child(
      fork(join(import.meta.dirname, file), [JSON.stringify(argument)], {
        execArgv: ['--conditions=@sv2/source', '--import', 'tsx', '--expose-gc', ...profiling()],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    )
  }

  /** The next message with this key. */
  async next<T extends Record<string, unknown>>(key: keyof T & string): Promise<T> {
    for (;;) {
      const at = this.#pending.findIndex(
        (message) => typeof message === 'object' && message !== null && key in message,
      )
      if (at >= 0) return this.#pending.splice(at, 1)[0] as T
      if (this.#process.exitCode !== null) throw new Error('the measured process has ended')
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Forgets messages with this key that came before now. */
  forget(key: string): void {
    for (let at = this.#pending.length - 1; at >= 0; at--) {
      const message = this.#pending[at]
      if (typeof message === 'object' && message !== null && key in message) this.#pending.splice(at, 1)
    }
  }

  get pid(): number {
    return this.#process.pid!
  }

  /** Sends it a word it knows. */
  ask(question: string): void {
    this.#process.send(question)
  }

  /** CPU time so far, memory, and the process's own counts. */
  usage(): Promise<Usage> {
    this.ask('usage')
    return this.next<Usage>('cpuMicros')
  }

  /** CPU time so far, µs; no collector runs for it. */
  async cpuMicros(): Promise<number> {
    this.ask('cpu')
    return (await this.next<{ cpu: number }>('cpu')).cpu
  }

  /** Its own counts alone: no collector runs for them. */
  async counts(): Promise<{ readonly channels?: number; readonly accepted?: number }> {
    this.ask('counts')
    return (await this.next<{ counts: { readonly channels?: number; readonly accepted?: number } }>('counts'))
      .counts
  }

  stop(): void {
    this.ask('stop')
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

export interface Usage extends Record<string, unknown> {
  readonly cpuMicros: number
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
  readonly accepted: number
}

/** With SV2_BENCH_PROFILE=folder each measured process leaves a CPU profile there. */
function profiling(): string[] {
  const folder = process.env.SV2_BENCH_PROFILE
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}
