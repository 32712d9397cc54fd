import { formatPoolUrl } from '@sv2/noise'
import type { Port } from '@sv2/roles/ground'
import {
  type EditionName,
  type Engine,
  type EngineObserver,
  listen,
  processHeldBytes,
  systemNoise,
} from '@sv2/runtime'
import type { AppContext } from './app.ts'
import { type DoorConfig, doorSettings } from './config/door.ts'
import { MIB } from './config/server.ts'
import { type LoadedIdentity, loadIdentity } from './keys.ts'
import { reachableAt } from './lan-addresses.ts'
import type { Logger } from './logger.ts'
import { Counter, Histogram, liveGauges } from './monitoring.ts'
import { LineBudget } from './observe/line-budget.ts'

/** The part of a server's configuration that its doors need. */
export interface ServerConfig {
  readonly data_dir: string
  /** File with the authority secret of the current edition; made in data_dir when missing. */
  readonly authority_secret_key_file?: string | undefined
  /** The same for the draft edition. */
  readonly draft_authority_secret_key_file?: string | undefined
  readonly cert_validity_sec: number
  /** Of the process, all its servers together. */
  readonly max_held_mib: number
  readonly listen: readonly DoorConfig[]
}

/** Opens every door of a server, with its keys. Answers the URLs for its clients, and prints them. */
export async function openDoors(
  config: ServerConfig,
  engine: Pick<Engine<never, never>, 'adopt'>,
  {
    context,
    port,
    v1Port,
  }: {
    readonly context: AppContext
    readonly port: Port
    /** The port of V1 sessions, by the place of their door. */
    readonly v1Port?: (door: number) => Port
  },
): Promise<string[]> {
  const { log, registry, scope, clock } = context
  processHeldBytes.limit = config.max_held_mib * MIB
  heldBytes(registry)
  const handshakes = handshakeTimes(registry)
  const refused = refusals(log, registry)
  const keys = await loadKeys(config, log)
  const urls: string[] = []
  for (const [place, door] of config.listen.entries()) {
    const opened = await listen(doorSettings(door), engine, {
      port,
      v1Port: v1Port?.(place),
      noise: systemNoise,
      clock,
      identities: Object.fromEntries([...keys].map(([edition, key]) => [edition, key.identity])),
      onRefused: refused,
      onHandshake: (edition, ms) => handshakes.observe({ edition }, ms / 1000),
    })
    scope.own(`door ${opened.port}`, () => opened.close())
    const [reachable = opened.host, ...others] = reachableAt(opened.host)
    const also = others.length === 0 ? {} : { also: others.join(' ') }
    if (takesV1(door)) {
      const scheme = door.tls_certificate_file === undefined ? 'tcp' : 'ssl'
      const url = `stratum+${scheme}://${bracketed(reachable)}:${opened.port}`
      urls.push(url)
      log.info({ host: opened.host, port: opened.port, url, ...also }, 'listening for Stratum V1')
    }
    if (!takesV2(door)) continue
    for (const edition of door.noise ? editionsOf(door) : []) {
      const { authorityKey } = keys.get(edition)!
      const url = formatPoolUrl({ host: reachable, port: opened.port, authorityKey, edition })
      urls.push(url)
      log.info({ host: opened.host, port: opened.port, edition, url, ...also }, 'listening')
    }
    if (!door.noise) {
      urls.push(`${reachable}:${opened.port}`)
      log.warn({ host: opened.host, port: opened.port, edition: door.edition }, 'listening in plaintext')
    }
  }
  return urls
}

/** What peers make this process keep; of all its servers together. */
function heldBytes(registry: AppContext['registry']): void {
  const name = 'sv2_held_bytes'
  if (registry.getSingleMetric(name) !== undefined) return
  liveGauges(registry)(
    name,
    'Bytes kept for peers that read slowly or send slowly',
    () => processHeldBytes.sum,
  )
}

/** A process may have more than one server; their doors share these numbers. */
function handshakeTimes(registry: AppContext['registry']): Histogram<'edition'> {
  const name = 'sv2_handshake_seconds'
  const known = registry.getSingleMetric(name)
  if (known instanceof Histogram) return known
  return new Histogram({
    name,
    help: 'Time of this thread for one handshake',
    labelNames: ['edition'],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.05],
    registers: [registry],
  })
}

function refusedConnections(registry: AppContext['registry']): Counter<'reason'> {
  const name = 'sv2_connections_refused_total'
  const known = registry.getSingleMetric(name)
  if (known instanceof Counter) return known
  return new Counter({
    name,
    help: 'Connections that never became a session, by reason',
    labelNames: ['reason'],
    registers: [registry],
  })
}

/** Of each kind of refusal a line is printed this often; the others are for those who look closer. */
const REFUSAL_LINES = { lines: 1, windowMs: 10_000 }

/** Counts connections that never became a session, and shows that there are some: a wrong key is seen nowhere else. */
function refusals(log: Logger, registry: AppContext['registry']): (remote: string, reason: string) => void {
  const counter = refusedConnections(registry)
  const budget = new LineBudget(REFUSAL_LINES)
  return (remote, reason) => {
    const kind = reason.split(':', 1)[0] ?? reason
    counter.inc({ reason: kind })
    const { mayPrint } = budget.take(kind, performance.now())
    log[mayPrint ? 'warn' : 'debug']({ remote, reason }, 'connection refused')
  }
}

/** Log lines for connections that come and go. */
export function sessionLines(
  log: Logger,
): Pick<EngineObserver<unknown>, 'onSessionOpened' | 'onSessionClosed' | 'onOddity'> {
  return {
    onSessionOpened: (info) => log.debug({ ...info }, 'connection opened'),
    onOddity: ({ session, port, remote }, what) =>
      log.warn({ session, port, remote, what }, 'peer speaks as software of 2020 does'),
    onSessionClosed: ({ session, port, remote }, reason) =>
      log.info({ session, port, remote, reason }, 'connection closed'),
  }
}

async function loadKeys(config: ServerConfig, log: Logger): Promise<Map<EditionName, LoadedIdentity>> {
  const keys = new Map<EditionName, LoadedIdentity>()
  const wanted = new Set(config.listen.filter((door) => door.noise && takesV2(door)).flatMap(editionsOf))
  for (const edition of wanted) {
    const identity = await loadIdentity(
      edition,
      {
        dataDir: config.data_dir,
        secretKeyFile:
          edition === 'current' ? config.authority_secret_key_file : config.draft_authority_secret_key_file,
        certValiditySeconds: config.cert_validity_sec,
      },
      systemNoise,
    )
    if (identity.made)
      log.info({ edition, dataDir: config.data_dir }, 'made a new authority key; keep it safe')
    keys.set(edition, identity)
  }
  return keys
}

function editionsOf(door: Pick<DoorConfig, 'edition'>): EditionName[] {
  return door.edition === 'auto' ? ['current', 'draft'] : [door.edition]
}

function takesV1({ protocol }: Pick<DoorConfig, 'protocol'>): boolean {
  return protocol === 'v1' || protocol === 'both'
}

function takesV2({ protocol }: Pick<DoorConfig, 'protocol'>): boolean {
  return protocol !== 'v1'
}

/** An IPv6 address as URLs write it. */
function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
