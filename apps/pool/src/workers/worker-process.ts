import { ConfigError, createLogger, createRegistry, EXIT, type Logger, Scope } from '@sv2/app-kit'
import { systemClock } from '@sv2/runtime'
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts'
import { type RunningWorker, startWorker } from './start-worker.ts'

/** A worker process of a pool: it does what the main process says, and ends with it. */
const scope = new Scope()
let log: Logger | undefined
let running: Promise<RunningWorker> | undefined

/** Resolves when the main process has it. */
function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve()
    process.send(message, undefined, undefined, () => resolve())
  })
}

async function start(given: WorkerStart): Promise<RunningWorker> {
  log = createLogger('pool', given.config.log).child({ workerProcess: given.place })
  const context = { log, registry: createRegistry('pool'), scope, clock: systemClock }
  try {
    return await startWorker(given, context, (message) => void send(message))
  } catch (error) {
    const { message } = error as Error
    const problems = error instanceof ConfigError ? { problems: error.problems } : {}
    await send({ kind: 'failed', message, ...problems })
    process.exit(EXIT.software)
  }
}

async function end(): Promise<void> {
  await scope.close((name, error) => log?.error({ name, err: error }, 'closing failed'))
  await running?.then((worker) => worker.settle())
  // behind everything that was sent before
  await send({ kind: 'here' })
  process.exit(EXIT.ok)
}

// the main process says when to end, also where a signal goes to all of a group
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => undefined)
process.once('disconnect', () => process.exit(EXIT.software))
process.once('uncaughtException', (error) => {
  log?.fatal({ err: error }, 'a fault of ours')
  process.exit(EXIT.software)
})
process.on('message', (message: ToWorker) => {
  if (message.kind === 'start') running = start(message.start)
  else if (message.kind === 'end') void end()
  else void running?.then((worker) => worker.take(message))
})
await send({ kind: 'here' })
