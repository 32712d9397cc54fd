import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'

const root = resolve(import.meta.dirname, '../..')

/** A service of `docker-compose.yml`, with the settings of one environment file in it. */
export interface Service {
  readonly name: string
  readonly image: string
  readonly build?: { readonly context: string; readonly target?: string }
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly profiles?: readonly string[]
  readonly restart?: string
  readonly user?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly cpus?: number | string
  readonly mem_limit?: string
  readonly pids_limit?: number
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly networks?: readonly string[]
  readonly depends_on?: Readonly<
    Record<string, { readonly condition: string; readonly required?: boolean | undefined }>
  >
}

/** What is mounted where in a container. */
export interface Mount {
  /** Path below the root of the project, `./docker/…`, or the name of a volume. */
  readonly source: string
  readonly target: string
  readonly isVolume: boolean
}

/** `docker-compose.yml` as Compose reads it. */
export interface ComposeFile {
  readonly services: readonly Service[]
  readonly volumes: readonly string[]
  readonly networks: readonly string[]
}

/** Name and value of each line of an environment file. */
export function readEnvironment(file: string): Readonly<Record<string, string>> {
  const lines = readFileSync(join(root, file), 'utf8').matchAll(/^(\w+)=(.*)$/gm)
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]))
}

/** Reads `docker-compose.yml` with the variables of an environment put in. */
export function readCompose(env: Readonly<Record<string, string>>): ComposeFile {
  const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
  const tree = parse(interpolated(text, env), { merge: true, maxAliasCount: -1 }) as {
    services: Record<string, Omit<Service, 'name'>>
    volumes: Record<string, unknown>
    networks: Record<string, unknown>
  }
  return {
    services: Object.entries(tree.services).map(([name, service]) => ({ ...service, name })),
    volumes: Object.keys(tree.volumes),
    networks: Object.keys(tree.networks),
  }
}

/** `${NAME:-default}` as Compose puts it in; anything else in braces would be a surprise. */
function interpolated(text: string, env: Readonly<Record<string, string>>): string {
  const done = text.replace(/\$\{(\w+):-([^}]*)\}/g, (_, name: string, fallback: string) =>
    env[name] === undefined || env[name] === '' ? fallback : env[name],
  )
  const [left] = /\$\{[^}]*\}/.exec(done) ?? []
  if (left !== undefined) throw new Error(`a variable without a default: ${left}`)
  return done
}

/** What a service mounts. */
export function mountsOf(service: Service): readonly Mount[] {
  return (service.volumes ?? []).map((text) => {
    const [source = '', target = ''] = text.split(':')
    return { source, target, isVolume: !source.startsWith('.') && !source.startsWith('/') }
  })
}

/** The mount that a path of a container lies in. */
export function mountAt(service: Service, path: string): Mount | undefined {
  return mountsOf(service).find(({ target }) => path === target || path.startsWith(`${target}/`))
}

/** The folder below `apps` that a service runs; undefined for the images of others. */
export function appOf(service: Service): string | undefined {
  return service.build?.context === '.' ? service.build.target : undefined
}

/** A service that ends when it has done its work. */
export function isOneShot({ restart }: Service): boolean {
  return restart === 'no' || restart === 'on-failure'
}
