import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type App, type BaseConfig, environmentPrefix, loadConfig } from '../../packages/app-kit/src/index.ts'
import { isShipped } from '../layers/table.ts'
import { appOf, mountAt, type Service } from './compose-file.ts'

const root = resolve(import.meta.dirname, '../..')

/** The configuration of a service, as far as these tests look into it. */
export interface ServiceConfig extends BaseConfig {
  readonly data_dir?: string
  readonly listen?: readonly { readonly host: string; readonly port: number }[]
  readonly monitoring: { readonly host: string; readonly port: number; readonly enabled?: boolean }
  readonly nodes?: readonly { readonly url: string; readonly cookie_file?: string }[]
}

/** A path of a container as one of this machine: what is mounted from a volume lies in a folder of that name. */
export function hostPath(service: Service, path: string, volumes: string): string {
  const mount = mountAt(service, path)
  if (mount === undefined) throw new Error(`${service.name}: nothing is mounted at ${path}`)
  const base = mount.isVolume ? join(volumes, mount.source) : join(root, mount.source)
  return join(base, path.slice(mount.target.length))
}

/** The app that a command line starts: its folder's only one, or the one that its first word names. */
export async function appIn(folder: string, command: readonly string[]): Promise<App<BaseConfig>> {
  const sources = readdirSync(join(root, 'apps', folder, 'src'), { recursive: true, encoding: 'utf8' })
  const files = sources.filter(
    (file) =>
      file.endsWith('.ts') &&
      isShipped(`/src/${file}`) &&
      /^export const \w+: App</m.test(readFileSync(join(root, 'apps', folder, 'src', file), 'utf8')),
  )
  const modules = await Promise.all(files.map((file) => import(join(root, 'apps', folder, 'src', file))))
  const apps = modules.flatMap((module) => Object.values(module)).filter(isApp)
  const [first = ''] = command
  const name = first.startsWith('-') ? folder : `${folder}-${first}`
  const app = apps.find((candidate) => candidate.name === name)
  if (app === undefined) throw new Error(`apps/${folder} has no app ${name}`)
  return app
}

function isApp(value: unknown): value is App<BaseConfig> {
  return typeof value === 'object' && value !== null && 'schema' in value && 'start' in value
}

/**
 * Loads and checks the configuration that a service starts with: its command line, the file it mounts, its environment.
 * @param volumes a folder that stands for the volumes
 * @throws {ConfigError} with every problem there is
 */
export async function loadServiceConfig(service: Service, volumes: string): Promise<ServiceConfig> {
  const { command = [] } = service
  const app = await appIn(appOf(service) ?? '', command)
  const env = Object.entries(service.environment ?? {})
    .filter(([name]) => existsSync(join(root, 'apps/job-negotiator')) || !/__CUSTOM_WORK__/.test(name))
    .map(([name, value]) => [name, localized(service, String(value), volumes)] as const)
  const text = readFileSync(hostPath(service, command.at(-1) ?? '', volumes), 'utf8')
  const file = join(volumes, `${service.name}.toml`)
  mkdirSync(volumes, { recursive: true })
  writeFileSync(
    file,
    text.replace(/"(\/[^"]*)"/g, (_, path: string) => JSON.stringify(localized(service, path, volumes))),
  )
  const config = loadConfig(app.schema, {
    file,
    env: Object.fromEntries(env),
    prefix: environmentPrefix(app.name),
  })
  app.check?.(config)
  return config as ServiceConfig
}

function localized(service: Service, value: string, volumes: string): string {
  return value.startsWith('/') ? hostPath(service, value, volumes) : value
}

/** Whom a configuration connects to: every host and port in it but its own doors. */
export function dialsOf(config: unknown): readonly Dial[] {
  if (typeof config !== 'object' || config === null) return []
  const { host, port, authority_key_file: file } = config as Partial<Dial> & { authority_key_file?: string }
  if (typeof host === 'string' && typeof port === 'number') return [{ host, port, file }]
  return Object.entries(config).flatMap(([key, value]) =>
    key === 'listen' || key === 'monitoring' ? [] : dialsOf(value),
  )
}

/** Somebody who is connected to. */
export interface Dial {
  readonly host: string
  readonly port: number
  /** File with the authority key; undefined for Stratum V1. */
  readonly file: string | undefined
}
