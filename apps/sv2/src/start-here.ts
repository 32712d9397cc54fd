import { type App, type AppContext, type BaseConfig, createLogger, createRegistry } from '@sv2/app-kit'

/** The shortcut of commands that run roles. */
export const JSON_LOG = {
  flag: '--json',
  description: 'logs as JSON lines, nothing else',
  path: ['log', 'format'],
  value: 'json',
} satisfies NonNullable<App<BaseConfig>['flags']>[number]

/** Starts a role in this process, with a log name and numbers of its own. */
export function startHere<Config extends BaseConfig, Running>(
  app: App<Config, Running>,
  config: Config,
  {
    context,
    log,
    change = {},
  }: {
    readonly context: AppContext
    readonly log: BaseConfig['log']
    /** What its context has besides. */
    readonly change?: Partial<AppContext>
  },
): Promise<Running> {
  return app.start(config, {
    ...context,
    log: createLogger(app.name, log),
    registry: createRegistry(app.name),
    ...change,
  })
}
