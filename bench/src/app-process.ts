import cluster from 'node:cluster'
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type App, type BaseConfig, createLogger, createRegistry, Scope } from '@sv2/app-kit'
import { jobNegotiatorClient } from '@sv2/job-negotiator/client'
import { negotiatorServer } from '@sv2/job-negotiator/server'
import { miningProxy } from '@sv2/mining-proxy'
import { pool } from '@sv2/pool'
import { systemClock } from '@sv2/runtime'
import { templateProvider } from '@sv2/template-provider'
import { translatorProxy } from '@sv2/translator-proxy'
import { Turns } from './turns.ts'

/** What every measured app tells of itself. */
interface Running {
  readonly urls: readonly string[]
  readonly counts?: () => object
}

/**
 * An app in a process of its own, as operators run it. Tells its parent where it listens, when a pool wrote a tip out, and
 * when a negotiator client heard that the pool pays for its job.
 */
const { app, config } = JSON.parse(process.argv[2] ?? '{}') as { app: string; config: unknown }
const quiet = createLogger(app, { level: 'silent', format: 'json' })
// The first frames of a tip are handed to the kernel in the turn that logs it, and all of them where there are few.
const log = Object.assign(Object.create(quiet) as typeof quiet, {
  info: (_fields: unknown, text?: string) => {
    if (text === 'new tip')
      setImmediate(() => process.send?.({ tipWrittenAt: performance.timeOrigin + performance.now() }))
  },
  debug: (_fields: unknown, text?: string) => {
    if (text === 'job acknowledged')
      process.send?.({ acknowledgedAt: performance.timeOrigin + performance.now() })
  },
})

function start<Config extends BaseConfig>(what: App<Config, Running>): Promise<Running> {
  const context = { log, registry: createRegistry(what.name), scope: new Scope(), clock: systemClock }
  return what.start(what.schema.parse(config), context)
}

const starts: Readonly<Record<string, () => Promise<Running>>> = {
  pool: () => start(pool),
  'mining-proxy': () => start(miningProxy),
  'translator-proxy': () => start(translatorProxy),
  'template-provider': () => start(templateProvider),
  'negotiator-server': () => start(negotiatorServer),
  'negotiator-client': () => start(jobNegotiatorClient),
}
const begin = starts[app]
if (begin === undefined) throw new Error(`no app ${app}`)
const running = await begin()

/** Linux counts processor time in hundredths of a second. */
const TICK_MICROS = 10_000

/** Processor time of the worker processes of a pool; 0 where it has none. */
function workersCpuMicros(): number {
  return Object.values(cluster.workers ?? {}).reduce((sum, worker) => {
    const text = readFileSync(`/proc/${worker?.process.pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return sum + (Number(fields[11]) + Number(fields[12])) * TICK_MICROS
  }, 0)
}

const loop = monitorEventLoopDelay({ resolution: 1 })
const turns = new Turns()
process.on('message', (question: string) => {
  if (question === 'usage') {
    globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed, external } = process.memoryUsage()
    process.send?.({
      cpuMicros: user + system + workersCpuMicros(),
      rss,
      heapUsed,
      external,
      ...running.counts?.(),
    })
  }
  if (question === 'cpu') {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpu: user + system })
  }
  if (question === 'counts') process.send?.({ counts: running.counts?.() })
  if (question === 'watch') {
    loop.enable()
    loop.reset()
    turns.begin()
    process.send?.({ watching: true })
  }
  if (question === 'stalled') process.send?.({ stalledMs: loop.max / 1e6, busyMs: turns.longestMs })
  if (question === 'stop') process.exit(0)
})
process.send?.({ urls: running.urls })
process.on('disconnect', () => process.exit(0))
