import { pool } from '@sv2/pool'
import { createLogger, createRegistry, Scope, systemClock } from '@sv2/runtime'

/** A pool in a process of its own, as operators run it. Tells its parent where it listens and when a tip was written out. */
const scope = new Scope()
const quiet = createLogger('pool', { level: 'silent', format: 'json' })
// A tip's frames are all handed to the kernel in the turn that logs it.
const log = Object.assign(Object.create(quiet) as typeof quiet, {
  info: (_fields: unknown, text?: string) => {
    if (text === 'new tip')
      setImmediate(() => process.send?.({ tipWrittenAt: performance.timeOrigin + performance.now() }))
  },
})
const config = JSON.parse(process.argv[2] ?? '{}') as Record<string, unknown>
const running = await pool.start(pool.schema.parse(config), {
  log,
  registry: createRegistry('pool'),
  scope,
  clock: systemClock,
})
process.on('message', (question: string) => {
  if (question === 'usage') {
    globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed, external } = process.memoryUsage()
    process.send?.({ cpuMicros: user + system, rss, heapUsed, external, ...running.counts() })
  }
  if (question === 'stop') process.exit(0)
})
process.send?.({ urls: running.urls })
process.on('disconnect', () => process.exit(0))
