import { createServer } from 'node:net'
import { type App, type BaseConfig, createLogger, createRegistry, type Scope } from '@sv2/app-kit'
import { systemClock } from '@sv2/runtime'
import type { StackOptions } from './options.ts'

/** Starts an app in this process. */
export type Starter = <Config extends BaseConfig, Running>(
  app: App<Config, Running>,
  config: unknown,
) => Promise<Running>

/** Starts apps the way their own processes would, with one log format for all. */
export function starter(options: StackOptions, scope: Scope): Starter {
  const logSettings = { level: options.logLevel, format: options.json ? 'json' : 'pretty' } as const
  return <Config extends BaseConfig, Running>(app: App<Config, Running>, config: unknown): Promise<Running> =>
    app.start(app.schema.parse(config), {
      log: createLogger(app.name, logSettings),
      registry: createRegistry(app.name),
      scope,
      clock: systemClock,
    })
}

/** The wanted port where it is free, any free one otherwise. */
export function freePort(wanted: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(0))
    probe.listen({ host: '127.0.0.1', port: wanted }, () => probe.close(() => resolve(wanted)))
  })
}
