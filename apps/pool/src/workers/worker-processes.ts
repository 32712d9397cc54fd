import cluster, { type Worker } from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { ConfigError, type Logger, type LogSettings, passOnLines } from '@sv2/app-kit'
import type { FromWorker, ToWorker, WorkerAnswers, WorkerQuestion, WorkerStart } from './messages.ts'

/** A worker that ends is started again after this time, ms; after twice as long when it ends soon, and so on. */
const RESTART_MS = 1_000
const MAX_RESTART_MS = 30_000
/** Who has lived so long is started again at once, ms. */
const LIVES_MS = 60_000
/** Time for a worker to send its miners on and end, ms; less than the whole process has. */
const END_WITHIN_MS = 4_000
/** A worker that does not answer is left out, ms. */
const ANSWER_WITHIN_MS = 2_000

/** A running worker process. */
export interface WorkerProcess {
  /** No other has or had it, from 1 on. */
  readonly number: number
  /** From 1 to the number of workers; its successor has the same. */
  readonly place: number
}

interface Running extends WorkerProcess {
  readonly worker: Worker
  readonly startedAt: number
  readonly waiting: Map<number, (answer: never) => void>
  isReady: boolean
  /** It was told to end. */
  isEnding: boolean
  readonly gone: Promise<void>
}

export interface WorkerProcessesDeps {
  readonly log: Logger
  /** What a worker begins with. */
  start(process: WorkerProcess): Promise<WorkerStart>
  /** What a worker tells that is about the pool. */
  heard(
    process: WorkerProcess,
    message: Exclude<FromWorker, { kind: 'here' | 'ready' | 'failed' | 'answer' }>,
  ): void
  gone(process: WorkerProcess): void
  restarted(): void
}

/** The worker processes of a pool: started, started again when they end, asked, told, ended. They share their doors. */
export class WorkerProcesses {
  readonly #count: number
  readonly #deps: WorkerProcessesDeps
  readonly #running = new Map<number, Running>()
  readonly #pauses = new Map<number, number>()
  readonly #timers = new Map<number, NodeJS.Timeout>()
  #lastNumber = 0
  #lastQuestion = 0
  #isClosing = false
  #isRestarting = false
  readonly #onHangup = (): void => {
    this.#deps.log.info('worker processes are restarted, one after another')
    void this.restart()
  }

  constructor(count: number, deps: WorkerProcessesDeps) {
    this.#count = count
    this.#deps = deps
  }

  /** Those whose doors are open. */
  get ready(): readonly WorkerProcess[] {
    return [...this.#running.values()].filter(({ isReady }) => isReady)
  }

  /**
   * Starts them: the first alone, which makes keys that are missing. Answers its URLs.
   * @throws {ConfigError} @throws {Error} when one cannot start
   */
  async open(): Promise<readonly string[]> {
    const urls = await this.#start(1)
    const others = Array.from({ length: this.#count - 1 }, (_, at) => this.#start(at + 2))
    await Promise.all(others)
    process.on('SIGHUP', this.#onHangup)
    return urls
  }

  /** Tells one process, when it still runs. */
  tell(number: number, message: ToWorker): void {
    const running = this.#running.get(number)
    if (running?.worker.isConnected() !== true) return
    // one that ends meanwhile is told of by `exit`
    running.worker.process.send(message, () => undefined)
  }

  tellAll(message: ToWorker): void {
    for (const number of this.#running.keys()) this.tell(number, message)
  }

  /** Asks all that are ready; those that do not answer are left out. */
  async ask<K extends WorkerQuestion['kind']>(
    question: Extract<WorkerQuestion, { kind: K }>,
  ): Promise<WorkerAnswers[K][]> {
    const asked = this.ready.map(({ number }) => this.#ask<WorkerAnswers[K]>(number, question))
    return (await Promise.all(asked)).filter((answer) => answer !== undefined)
  }

  /** Ends one after another, each when its successor before it is ready: miners always have a door. */
  async restart(): Promise<void> {
    if (this.#isRestarting) return
    this.#isRestarting = true
    await this.#restartAll()
    this.#isRestarting = false
  }

  async #restartAll(): Promise<void> {
    for (let place = 1; place <= this.#count && !this.#isClosing; place++) {
      const before = [...this.#running.values()].find((one) => one.place === place && one.isReady)
      if (before === undefined) continue
      await this.#end(before)
      if (!this.#isClosing) await this.#start(place).catch((error: unknown) => this.#failed(place, error))
    }
  }

  /** Has all send their miners on, and end. */
  async close(): Promise<void> {
    this.#isClosing = true
    process.off('SIGHUP', this.#onHangup)
    for (const timer of this.#timers.values()) clearTimeout(timer)
    await Promise.all([...this.#running.values()].map((running) => this.#end(running)))
  }

  async #end(running: Running): Promise<void> {
    running.isEnding = true
    this.tell(running.number, { kind: 'end' })
    const timer = setTimeout(() => {
      this.#deps.log.warn({ workerProcess: running.place }, 'a worker process does not end; it is killed')
      running.worker.process.kill('SIGKILL')
    }, END_WITHIN_MS)
    await running.gone
    clearTimeout(timer)
  }

  #ask<Answer>(number: number, question: WorkerQuestion): Promise<Answer | undefined> {
    const id = ++this.#lastQuestion
    const waiting = this.#running.get(number)?.waiting
    return new Promise((resolve) => {
      const answered = (answer?: Answer): void => {
        clearTimeout(timer)
        waiting?.delete(id)
        resolve(answer)
      }
      const timer = setTimeout(answered, ANSWER_WITHIN_MS)
      waiting?.set(id, answered as (answer: never) => void)
      this.tell(number, { kind: 'question', id, question })
    })
  }

  /** Resolves with its URLs when its doors are open. */
  #start(place: number): Promise<readonly string[]> {
    const number = ++this.#lastNumber
    const worker = startProcess(import.meta.url, './worker-process')
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    // what it has sent is read before the channel is closed
    const closed = new Promise<void>((resolve) => worker.once('disconnect', () => resolve()))
    const gone = Promise.all([exited, closed]).then(() => this.#gone(running))
    const running: Running = {
      number,
      place,
      worker,
      startedAt: performance.now(),
      waiting: new Map(),
      isReady: false,
      isEnding: false,
      gone,
    }
    this.#running.set(number, running)
    worker.on('error', (error) =>
      this.#deps.log.error({ err: error, workerProcess: place }, 'a worker process'),
    )
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'here')
          void this.#deps
            .start(running)
            .then((start) => this.tell(number, { kind: 'start', start }))
            .catch(reject)
        else if (message.kind === 'ready') {
          running.isReady = true
          this.#deps.log.info({ workerProcess: place, pid: worker.process.pid }, 'worker process ready')
          resolve(message.urls)
        } else if (message.kind === 'failed') {
          running.isEnding = true
          reject(message.problems ? new ConfigError(message.problems) : new Error(message.message))
        } else if (message.kind === 'answer') running.waiting.get(message.id)?.(message.answer as never)
        else this.#deps.heard(running, message)
      })
      void gone.then(() => reject(new Error(`worker process ${place} ended before its doors were open`)))
    })
  }

  #gone(running: Running): void {
    const { number, place, worker, isReady, isEnding, startedAt } = running
    this.#running.delete(number)
    for (const answer of running.waiting.values()) answer(undefined as never)
    this.#deps.gone(running)
    if (isEnding || !isReady || this.#isClosing) return
    const { exitCode: code, signalCode: signal } = worker.process
    this.#deps.log.error(
      { workerProcess: place, code, signal },
      'a worker process ended; it is started again',
    )
    if (performance.now() - startedAt >= LIVES_MS) this.#pauses.delete(place)
    this.#again(place)
  }

  #again(place: number): void {
    const pause = this.#pauses.get(place) ?? RESTART_MS
    this.#pauses.set(place, Math.min(2 * pause, MAX_RESTART_MS))
    const start = (): void => {
      this.#deps.restarted()
      this.#start(place).catch((error: unknown) => this.#failed(place, error))
    }
    this.#timers.set(place, setTimeout(start, pause))
  }

  #failed(place: number, error: unknown): void {
    if (this.#isClosing) return
    this.#deps.log.error(
      { err: error, workerProcess: place },
      'a worker process cannot start; it is tried again',
    )
    this.#again(place)
  }
}

/** Workers write into a pipe: how their lines look is decided by where those of this process go. */
export function workersLog(log: LogSettings): LogSettings {
  return log.format === 'auto' && process.stdout.isTTY ? { ...log, format: 'pretty' } : log
}

/**
 * Starts a module of ours as a process that shares its doors with others: as it stands in `dist`, or from the sources, by tsx.
 * @param importer `import.meta.url` of the module that starts it
 * @param name of the process's module beside the importer, without extension
 */
function startProcess(importer: string, name: string): Worker {
  const isSource = importer.endsWith('.ts')
  const exec = fileURLToPath(new URL(`${name}${isSource ? '.ts' : '.js'}`, importer))
  const own = process.execArgv.filter((flag) => !flag.startsWith('--inspect'))
  const execArgv = isSource
    ? [...own, '--conditions=@sv2/source', '--import', import.meta.resolve('tsx')]
    : own
  cluster.setupPrimary({
    exec,
    execArgv,
    args: [],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const worker = cluster.fork()
  if (worker.process.stdout !== null) passOnLines(worker.process.stdout)
  return worker
}
