import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keysCommand } from '../apps/keys/src/command.ts'
import {
  appOf,
  isOneShot,
  mountAt,
  mountsOf,
  readCompose,
  readEnvironment,
  type Service,
} from './compose/compose-file.ts'
import { readStage } from './compose/dockerfile-stage.ts'
import { dialsOf, hostPath, loadServiceConfig } from './compose/service-config.ts'

const root = resolve(import.meta.dirname, '..')
const settings = readEnvironment('.env')
const compose = readCompose(settings)
const { services } = compose
const byName = new Map(services.map((service) => [service.name, service]))
const keys = byName.get('keys')!
const networkFiles = readdirSync(join(root, 'docker/env')).map((file) => `docker/env/${file}`)

/** Services that run an app with a configuration; of an app that is not in this checkout nothing can be checked. */
const configured = services.filter((service) => ![undefined, 'keys'].includes(appOf(service)))
const isThere = (service: Service): boolean => existsSync(join(root, 'apps', appOf(service) ?? '', 'src'))
const checked = configured.filter(isThere)

const volumes = mkdtempSync(join(tmpdir(), 'sv2-compose-'))
beforeAll(async () => {
  // What the service `keys` does before all others, with its own command line.
  mkdirSync(join(volumes, 'keys'))
  for (const { source, target } of mountsOf(keys)) {
    mkdirSync(join(volumes, source))
    symlinkSync(join(volumes, source), join(volumes, target))
  }
  const local = keys.command?.map((word) => (word.startsWith('/') ? join(volumes, word) : word)) ?? []
  await keysCommand(() => undefined).parseAsync(local, { from: 'user' })
})
afterAll(() => rmSync(volumes, { recursive: true, force: true }))

for (const { name } of configured.filter((service) => !isThere(service)))
  test.skip(`${name}: its app is not in this checkout, so its configuration is not checked`, () => undefined)

describe('docker-compose.yml', () => {
  test('without a word about profiles everything runs', () => {
    const all = new Set(services.flatMap(({ profiles = [] }) => profiles))
    expect(settings.COMPOSE_PROFILES?.split(',').sort()).toEqual([...all].sort())
  })

  test.each(networkFiles)('%s names no profile and no variable that nobody knows', (file) => {
    const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
    const all = new Set(services.flatMap(({ profiles = [] }) => profiles))
    const { COMPOSE_PROFILES: profiles = '', ...variables } = readEnvironment(file)
    for (const profile of profiles.split(',')) expect(all).toContain(profile)
    for (const name of Object.keys(variables)) expect(text).toContain(`\${${name}:-`)
  })

  test('only ports that miners and farms connect to are published, and Grafana to this machine', () => {
    const published = services.flatMap(({ name, ports = [] }) => ports.map((port) => `${name} ${port}`))
    expect(published).toEqual([
      'pool 3333:3333',
      'negotiator-server 3334:3334',
      'negotiator-client 34265:34265',
      'mining-proxy 3335:3335',
      'translator 34255:34255',
      'grafana 127.0.0.1:3000:3000',
    ])
  })

  test('no volume or network is declared that nobody uses', () => {
    const used = services.flatMap(mountsOf).filter(({ isVolume }) => isVolume)
    expect([...new Set(used.map(({ source }) => source))].sort()).toEqual([...compose.volumes].sort())
    const joined = new Set(services.flatMap(({ networks = [] }) => networks))
    expect([...joined].sort()).toEqual([...compose.networks].sort())
  })
})

describe.each(services)('service $name', (service) => {
  test('has no more rights and resources than it needs', () => {
    expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect(service.read_only).toBe(true)
    expect(service.cap_drop).toEqual(['ALL'])
    expect(service.security_opt).toEqual(['no-new-privileges:true'])
    expect(service.mem_limit).toMatch(/^\d+[mg]$/)
    expect(Number(service.cpus)).toBeLessThanOrEqual(1)
    expect(service.pids_limit).toBeGreaterThan(0)
  })

  test('comes back after a crash, or is there for one thing only', () => {
    expect(['unless-stopped', 'on-failure', 'no']).toContain(service.restart)
  })

  test('has a health check, unless it ends by itself', () => {
    const stage = readStage(appOf(service) ?? '')
    const check = service.healthcheck ?? stage?.healthcheck
    if (isThere(service) || appOf(service) === undefined) expect(check === undefined).toBe(isOneShot(service))
  })

  test('its image has a tag that stays', () => {
    const own = service.build === undefined ? /:v?\d+\.\d+(\.\d+)?$/ : /^sv2\/[a-z-]+:dev$/
    expect(service.image).toMatch(own)
  })

  test('its image is built from what is there', () => {
    if (service.build === undefined) return
    const { context, target } = service.build
    expect(existsSync(join(root, context, 'Dockerfile'))).toBe(true)
    if (isThere(service) && target !== undefined) expect(readStage(target)).toBeDefined()
  })

  test('what it mounts is there', () => {
    for (const { source, isVolume } of mountsOf(service)) {
      if (isVolume) expect(compose.volumes).toContain(source)
      else expect([source, existsSync(join(root, source))]).toEqual([source, true])
    }
  })

  test('what it waits for is there, and may be missing where another profile brings it', () => {
    for (const [name, { condition, required = true }] of Object.entries(service.depends_on ?? {})) {
      const other = byName.get(name)
      expect([name, other === undefined]).toEqual([name, false])
      const apart = (service.profiles ?? []).some((profile) => !other?.profiles?.includes(profile))
      if (apart) expect([name, required]).toEqual([name, false])
      if (condition === 'service_completed_successfully') expect(isOneShot(other!)).toBe(true)
      if (condition === 'service_healthy') expect(isOneShot(other!)).toBe(false)
    }
  })
})

describe.each(checked)('the configuration of $name', (service) => {
  test('is named by its command line, and passes --check', async () => {
    expect(service.command?.slice(-2)).toEqual(['--config', `/config/${service.name}.toml`])
    await expect(loadServiceConfig(service, volumes)).resolves.toBeDefined()
  })

  test('serves metrics to the network of Prometheus, on the port of its health check', async () => {
    const { monitoring } = await loadServiceConfig(service, volumes)
    const check = String(service.healthcheck?.test ?? readStage(appOf(service) ?? '')?.healthcheck)
    expect(monitoring.host).toBe('0.0.0.0')
    expect(monitoring.enabled ?? true).toBe(true)
    expect(check).toContain(`http://127.0.0.1:${monitoring.port}/healthz`)
    expect(service.networks).toContain('monitoring')
  })

  test('listens on the ports that its image exposes and that are published', async () => {
    const { listen = [] } = await loadServiceConfig(service, volumes)
    const exposed = readStage(appOf(service) ?? '')?.exposed ?? []
    for (const { host, port } of listen) {
      expect(host).toBe('0.0.0.0')
      expect(exposed).toContain(port)
    }
    const published = (service.ports ?? []).map((port) => Number(port.split(':').at(-1)))
    expect(listen.map(({ port }) => port)).toEqual(expect.arrayContaining(published))
  })

  test('keeps its keys and blocks in a volume, where its authority key was made before', async () => {
    const { data_dir: folder, listen } = await loadServiceConfig(service, volumes)
    if (listen === undefined) return
    expect(mountAt(service, '/app/data')?.isVolume).toBe(true)
    expect(existsSync(join(folder!, 'authority-current.key'))).toBe(true)
  })

  test('dials services on their ports, with their keys, over a network of both', async () => {
    for (const { host, port, file } of dialsOf(await loadServiceConfig(service, volumes))) {
      const other = byName.get(host)!
      expect([host, other === undefined]).toEqual([host, false])
      expect(service.networks?.some((network) => other.networks?.includes(network))).toBe(true)
      if (file !== undefined) expect(basename(file)).toBe(`${host}.pub`)
      if (!isThere(other)) continue
      const { listen = [] } = await loadServiceConfig(other, volumes)
      expect(listen.map((door) => door.port)).toContain(port)
    }
  })

  test('asks a node of ours, with the cookie that this node writes', async () => {
    const { nodes = [] } = await loadServiceConfig(service, volumes)
    for (const { url, cookie_file: cookie = '' } of nodes) {
      const { hostname, port } = new URL(url)
      const node = byName.get(hostname)!
      expect(node.command).toContain(`-rpcport=${port}`)
      expect(service.networks?.some((network) => node.networks?.includes(network))).toBe(true)
      expect(cookie).toBe(hostPath(node, '/rpc/.cookie', volumes))
    }
  })
})

describe.each(networkFiles)('with %s', (file) => {
  test('the template provider and its node are of the same network', async () => {
    const env = readEnvironment(file)
    const other = readCompose(env).services
    const named = (name: string): Service => other.find((service) => service.name === name)!
    const { network } = (await loadServiceConfig(named('template-provider'), volumes)) as unknown as {
      network: string
    }
    const chain = network === 'mainnet' ? 'main' : network
    expect(named('pool-node').command).toContain(`-chain=${chain}`)
    expect(named('farm-node').command).toEqual(named('pool-node').command)
  })

  test('nobody is paid by default: the pool asks for an address', async () => {
    const pool = readCompose(readEnvironment(file)).services.find(({ name }) => name === 'pool')!
    await expect(loadServiceConfig(pool, volumes)).rejects.toThrow(/payout\.address/)
  })
})

describe('the image of the node', () => {
  const text = readFileSync(join(root, 'docker/bitcoind/Dockerfile'), 'utf8')

  test('starts from the version that the compose file names', () => {
    const [, image] = /^ARG BITCOIN_IMAGE=(\S+)$/m.exec(text) ?? []
    expect(image).toMatch(/^bitcoin\/bitcoin:\d+\.\d+$/)
    expect(readFileSync(join(root, 'docker-compose.yml'), 'utf8')).toContain(`\${BITCOIN_IMAGE:-${image}}`)
  })

  test('has the scripts that services start', () => {
    const scripts = services.flatMap(({ entrypoint = [] }) =>
      entrypoint.filter((word) => word.endsWith('.sh')),
    )
    expect(scripts).toHaveLength(2)
    for (const script of scripts) {
      expect(dirname(script)).toBe('/opt/sv2')
      expect(text).toContain(basename(script))
      expect(existsSync(join(root, 'docker/bitcoind', basename(script)))).toBe(true)
    }
  })

  test('belongs to the user whose apps read its cookie', () => {
    expect(text).toContain('USER 1000:1000')
    expect(byName.get('pool-node')?.user).toBe(byName.get('template-provider')?.user)
  })
})

test('the image of the keys has a folder for every volume that its service mounts', () => {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ')
  const [, folders = ''] = /for folder in ([a-z\d\s-]+); do install -d -o node/.exec(text) ?? []
  const mounted = mountsOf(keys).map(({ target }) => target.replace('/keys/', ''))
  expect(folders.trim().split(/\s+/).sort()).toEqual(mounted.sort())
})
