import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { parse, TomlError } from 'smol-toml'
import { z } from 'zod'
import { type EnvironmentOverride, overridesIn, setAt, tomlValue } from './environment.ts'
import { portProblems } from './ports.ts'
import { ConfigError, type ConfigProblem, problemsOf } from './problems.ts'

/** Where a configuration comes from. */
export interface ConfigSources {
  /** A TOML file; undefined: defaults and environment alone. */
  readonly file: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** First part of the names of environment variables: `POOL` for `POOL__LISTEN__0__PORT`. */
  readonly prefix: string
  /** From the command line; these win over the environment. */
  readonly overrides?: readonly EnvironmentOverride[]
}

/**
 * Reads, merges and checks a configuration. The command line wins over the environment, the environment over the
 * file, the file over the defaults.
 * @throws {ConfigError} with every problem there is
 */
export function loadConfig<S extends z.ZodType>(schema: S, sources: ConfigSources): z.output<S> {
  const { config, problems } = checkConfig(schema, readConfig(sources))
  if (config === undefined || problems.length > 0) throw new ConfigError(problems)
  return config
}

/** A configuration as it was written: file, environment and command line together, not checked yet. */
export interface WrittenConfig {
  readonly tree: Record<string, unknown>
  /** Of the environment and the command line; they are in the tree already. */
  readonly overrides: readonly EnvironmentOverride[]
}

/** Reads and merges a configuration. @throws {ConfigError} for a file that is not readable, or not TOML */
export function readConfig(sources: ConfigSources): WrittenConfig {
  const tree = sources.file === undefined ? {} : readToml(sources.file)
  const overrides = [...overridesIn(sources.env, sources.prefix), ...(sources.overrides ?? [])]
  for (const override of overrides) setAt(tree, override.path, tomlValue(override.text))
  expandHome(tree)
  return { tree, overrides }
}

/** Checks a configuration. Answers every problem there is, and the configuration where its schema holds. */
export function checkConfig<S extends z.ZodType>(
  schema: S,
  { tree, overrides }: WrittenConfig,
): { readonly config: z.output<S> | undefined; readonly problems: readonly ConfigProblem[] } {
  const first = schema.safeParse(tree)
  const corrected = !first.success && takeAsText(tree, overrides, first.error)
  const parsed = corrected ? schema.safeParse(tree) : first
  const problems = parsed.success ? [] : problemsOf(parsed.error, tree, (path) => keysAt(schema, path))
  // With the defaults where there are any; of a configuration that cannot be read, what it says itself.
  problems.push(...portProblems(parsed.success ? parsed.data : tree))
  return { config: parsed.success ? deepFreeze(parsed.data) : undefined, problems }
}

/**
 * Keys that name files and folders: a shell would expand `~` in their values, and no operator means a folder of that
 * name.
 */
const PATH_KEY = /_(dir|file)$/

function expandHome(table: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(table)) {
    if (typeof value === 'object' && value !== null) expandHome(value as Record<string, unknown>)
    else if (PATH_KEY.test(key) && typeof value === 'string')
      table[key] = value.replace(/^~(?=$|[/\\])/, homedir())
  }
}

/** Environment values that look like numbers where a text is wanted are taken as texts. */
function takeAsText(
  tree: Record<string, unknown>,
  overrides: readonly EnvironmentOverride[],
  error: z.ZodError,
): boolean {
  let changed = false
  for (const issue of error.issues) {
    if (issue.code !== 'invalid_type' || issue.expected !== 'string') continue
    const override = overrides.findLast(({ path }) => path.join('.') === issue.path.join('.'))
    if (override === undefined) continue
    setAt(tree, override.path, override.text)
    changed = true
  }
  return changed
}

function readToml(file: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError([
      { key: '--config', value: file, message: `cannot be read: ${(error as Error).message}` },
    ])
  }
  try {
    return parse(text) as Record<string, unknown>
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw new ConfigError([{ key: file, value: undefined, message: error.message }])
  }
}

/** The keys a schema knows below a path, for suggestions. */
function keysAt(schema: z.ZodType, path: string): readonly string[] {
  let at = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  for (const step of path === '' ? [] : path.split('.')) {
    at = (/^\d+$/.test(step) ? at.items : at.properties?.[step]) ?? {}
  }
  return Object.keys(at.properties ?? {})
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    Object.values(value).forEach(deepFreeze)
    Object.freeze(value)
  }
  return value
}
