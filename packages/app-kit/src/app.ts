import type { Port } from '@sv2/roles/ground'
import { type Clock, type Engine, systemClock } from '@sv2/runtime'
import { Command, Option } from 'commander'
import { z } from 'zod'
import { hostSchema } from './config/host.ts'
import { type ConfigSources, loadConfig } from './config/load.ts'
import { printDefaults } from './config/print.ts'
import { ConfigError, formatProblem } from './config/problems.ts'
import { lockFolder } from './folder-lock.ts'
import { createLogger, type Logger, type LogSettings } from './logger.ts'
import { createRegistry, type Registry } from './monitoring.ts'
import { Scope } from './scope.ts'
import { VERSION } from './version.ts'

/** Exit codes: sysexits(3) for a wrong configuration, 70 for our own fault. */
export const EXIT = { ok: 0, config: 64, software: 70 } as const

/** What every app's configuration has. */
export interface BaseConfig {
  readonly log: LogSettings
  /** Of apps that keep something: for one process at a time. */
  readonly data_dir?: string
}

/** What an app is given to work with. */
export interface AppContext {
  readonly log: Logger
  readonly registry: Registry
  readonly scope: Scope
  readonly clock: Clock
  /**
   * Starts a translator in this process, for a server that speaks Stratum V2 alone. It dials the URL, and answers where the
   * V1 sessions of the server's doors go. Missing where each role has a process of its own.
   */
  readonly startTranslator?: (serverUrl: string) => Promise<V1Sessions>
}

/** Who takes the sessions of Stratum V1. */
export interface V1Sessions {
  readonly engine: Pick<Engine<never, never>, 'adopt'>
  /** What the role behind the engine calls them. */
  readonly port: Port
}

/** A shortcut on the command line for one key of the configuration. */
export interface AppFlag {
  /** As commander wants it, `--url <url>`. */
  readonly flag: string
  readonly description: string
  /** The key it sets, over file and environment: `['upstream', 'url']`. */
  readonly path: readonly string[]
  /** What a flag without an argument sets. */
  readonly value?: string
}

/** One app: its configuration, and how it starts. */
export interface App<Config extends BaseConfig, Running = unknown> {
  /** Short name, `pool`. */
  readonly name: string
  readonly description: string
  readonly schema: z.ZodType<Config>
  readonly flags?: readonly AppFlag[]
  /** Checks what a schema alone cannot, such as files; throws ConfigError. */
  check?(config: Config): void
  /** Reads the configuration where the schema alone does not say how; throws ConfigError. */
  load?(sources: ConfigSources): Config
  /** What `--print-default` prints, where the schema alone does not say it. */
  printDefaults?(): string
  /** The file that is read without `--config`; missing: none. */
  readonly defaultFile?: string
  /** Starts; what it opens it gives to `context.scope`. Answers what others have to know of it. */
  start(config: Config, context: AppContext): Promise<Running>
}

/** The whole process has this long to drain and exit, ms. */
const EXIT_WITHIN_MS = 5_000

/** The first part of an app's environment variables: `TEMPLATE_PROVIDER` for `template-provider`. */
export function environmentPrefix(name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}

/** Runs an app as a process: command line, configuration, signals, exit code. */
export async function runApp<Config extends BaseConfig>(app: App<Config>): Promise<void> {
  await appCommand(app, new Command(`sv2-${app.name}`)).parseAsync()
}

/** Runs one of several apps that share a binary, each under a name of its own: `sv2-job-negotiator server`. */
export async function runApps(
  binary: { readonly name: string; readonly description: string },
  apps: Readonly<Record<string, App<BaseConfig>>>,
): Promise<void> {
  const command = new Command(`sv2-${binary.name}`).description(binary.description).version(VERSION)
  for (const [name, app] of Object.entries(apps)) command.addCommand(appCommand(app, new Command(name)))
  await command.parseAsync()
}

/** Makes a command start an app: command line, configuration, signals, exit code. */
export function appCommand(app: App<BaseConfig>, command: Command): Command {
  const prefix = environmentPrefix(app.name)
  command
    .description(app.description)
    .version(VERSION)
    .option('-c, --config <file>', 'TOML file; every key can also be set by environment, see --print-default')
    .option('--check', 'check the configuration, print every problem, and exit')
    .option('--print-default', 'print a commented configuration with all defaults, and exit')
    .addHelpText(
      'after',
      `\nEnvironment: ${prefix}__SECTION__KEY=value, for example ${prefix}__LOG__LEVEL=debug`,
    )
  const flags = (app.flags ?? []).map(({ flag, description, path, value }) => {
    const option = new Option(flag, description)
    command.addOption(option)
    return { path, value, flag: option.long ?? flag, name: option.attributeName() }
  })
  return command.action(async () => {
    const options = command.opts<{ config?: string; check?: boolean; printDefault?: boolean }>()
    const given = command.opts<Record<string, string | true | undefined>>()
    const overrides = flags.flatMap(({ path, value, flag, name }) => {
      const text = given[name] === true ? value : given[name]
      return text === undefined ? [] : [{ variable: flag, path, text }]
    })
    if (options.printDefault === true) {
      process.stdout.write(
        app.printDefaults?.() ?? printDefaults(app.schema, `${app.name}: ${app.description}`),
      )
      return
    }
    const config = read(app, { file: options.config ?? app.defaultFile, env: process.env, prefix, overrides })
    if (config === undefined) {
      process.exitCode = EXIT.config
      return
    }
    if (options.check === true) {
      process.stdout.write('configuration ok\n')
      return
    }
    await live(app, config)
  })
}

function read(app: App<BaseConfig>, sources: ConfigSources): BaseConfig | undefined {
  try {
    const config = app.load?.(sources) ?? loadConfig(app.schema, sources)
    app.check?.(config)
    return config
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${app.name}: ${error.problems.length} problem(s) in the configuration\n`)
    for (const problem of error.problems) process.stderr.write(`  ${formatProblem(problem)}\n`)
    return undefined
  }
}

async function live(app: App<BaseConfig>, config: BaseConfig): Promise<void> {
  const log = createLogger(app.name, config.log)
  const scope = new Scope()
  const end = async (reason: string, code: number): Promise<void> => {
    setTimeout(() => process.exit(code === EXIT.ok ? EXIT.software : code), EXIT_WITHIN_MS).unref()
    process.exitCode = code
    log.info({ reason }, 'stopping')
    await scope.close((name, error) => log.error({ name, err: error }, 'closing failed'))
    log.info('stopped')
    // A long poll that the node has not answered would keep the process alive.
    process.exit()
  }
  ignoreSignals(log)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end(signal, EXIT.ok))
  // Once: when the log cannot be written, the second fault must end the process and not come back here.
  process.once('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a fault of ours')
    void end('a fault of ours', EXIT.software)
  })
  try {
    if (config.data_dir !== undefined) {
      const release = await lockFolder(config.data_dir, app.name, {
        onTrouble: (error) =>
          log.warn(
            { err: error },
            'the data folder cannot be locked; see to it that no other process uses it',
          ),
      })
      scope.own('data folder', release)
    }
    await app.start(config, { log, registry: createRegistry(app.name), scope, clock: systemClock })
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.problems) log.fatal({ ...problem }, 'configuration problem')
      await end('configuration', EXIT.config)
      return
    }
    log.fatal({ err: error }, `cannot start: ${(error as Error).message}`)
    await end('cannot start', EXIT.software)
  }
}

/** What others use to have logs or configurations read anew, or to start a debugger. Node's own answer ends the process. */
const IGNORED_SIGNALS = process.platform === 'win32' ? [] : (['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)

/** The log goes to the standard output, and a configuration is read at the start: there is nothing to do but to say so, unless the app has a use for one. */
function ignoreSignals(log: Logger): void {
  for (const signal of IGNORED_SIGNALS)
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1)
        log.info({ signal }, 'signal ignored; a new configuration takes a restart')
    })
}

/** The part of every configuration that says how to log. */
export const logSchema = z
  .strictObject({
    level: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
      .default('info')
      .describe('Least important line that is printed'),
    format: z
      .enum(['auto', 'pretty', 'json'])
      .default('auto')
      .describe('auto: pretty on a terminal, JSON elsewhere'),
  })
  .prefault({})
  .describe('Logging')

/** The part of a configuration that says where metrics are served. */
export function monitoringSchema(defaultPort: number): z.ZodType<{ host: string; port: number }> {
  return z
    .strictObject({
      host: hostSchema().default('127.0.0.1').describe('Address of /metrics and /healthz'),
      port: z.int().min(0).max(65535).default(defaultPort).describe('Port; 0 takes any free one'),
    })
    .prefault({})
    .describe('Metrics (Prometheus) and health')
}
