import { availableParallelism } from 'node:os'
import { type App, startRole, upstreamSettings } from '@sv2/app-kit'
import { Device } from '@sv2/roles/device'
import { fastSha256d } from '@sv2/runtime'
import { configSchema, DEFAULT_POOL_PORT, type MiningDeviceConfig } from './config.ts'
import { createHasher } from './hashing/hasher.ts'
import { measureHashrate } from './hashing/measure-hashrate.ts'
import { createObserver, type DeviceCounts } from './observe.ts'

/** What is known of a running device. */
export interface RunningMiningDevice {
  /** Live numbers. */
  readonly counts: () => DeviceCounts
  /** Undefined when metrics are not served. */
  readonly monitoringPort: number | undefined
}

/** How long the hash rate is measured when nothing else says it, ms. */
const MEASURE_MS = 150
/** Time for the farewell to go out; less than the first pause before dialling again, ms. */
const FAREWELL_MS = 200

/** The mining device: one channel to one server, hashed on the CPU. */
export const miningDevice: App<MiningDeviceConfig, RunningMiningDevice> = {
  name: 'mining-device',
  description: 'Stratum V2 mining device that hashes on the CPU',
  schema: configSchema,
  flags: [
    {
      flag: '--url <url>',
      description: 'server, stratum2+tcp://host:port/AUTHORITY_KEY (upstream.url)',
      path: ['upstream', 'url'],
    },
    { flag: '--user <identity>', description: 'user and worker (user_identity)', path: ['user_identity'] },
    { flag: '--mode <mode>', description: 'standard, grouped or extended (mode)', path: ['mode'] },
    { flag: '--threads <count>', description: 'threads that hash (threads)', path: ['threads'] },
    {
      flag: '--hashrate <H/s>',
      description: 'most hashes per second (hashrate_cap)',
      path: ['hashrate_cap'],
    },
  ],

  async start(config, context) {
    const { log, registry, scope } = context
    const observe = createObserver(log, registry)
    const threads = config.threads === 0 ? availableParallelism() : config.threads
    const upstream = upstreamSettings(config.upstream, { protocol: 'mining', defaultPort: DEFAULT_POOL_PORT })
    const nominalHashrate = declaredHashrate(config, threads)
    log.info({ threads, nominalHashrate: Math.round(nominalHashrate), mode: config.mode }, 'starting')

    const role = new Device(
      {
        identification: {
          vendor: config.device.vendor,
          hardwareVersion: config.device.hardware_version,
          firmware: config.device.firmware,
          deviceId: config.device.device_id,
        },
        endpoint: { host: upstream.host, port: upstream.port },
        userIdentity: config.user_identity,
        mode: config.mode,
        nominalHashrate,
        minExtranonceSize: config.min_extranonce_size,
        extensions: config.extensions,
        worker: config.worker,
      },
      { sha256d: fastSha256d },
    )
    const hasher = createHasher(
      { threads, hashrate: config.hashrate_cap },
      {
        onShare: (share) => started.engine.tell({ kind: 'shareFound', ...share }),
        onHashed: (hashes) => started.engine.tell({ kind: 'hashed', hashes }),
      },
    )
    scope.own('hasher', () => hasher.close())
    let isStopping = false
    const started = startRole(context, {
      role,
      onSessionClosed: observe.disconnected,
      onEffect(effect) {
        if (effect.kind === 'work') return hasher.work(effect.work)
        if (effect.kind === 'redial') {
          log.info({ port: effect.port }, 'connecting again')
          return started.dialers[0]!.redial(effect.host, effect.port)
        }
        observe.fact(effect)
      },
      servers: [
        {
          name: 'upstream',
          port: { kind: 'upstream' },
          settings: upstream,
          onFailed: {
            text: 'no connection to the server; trying again',
            warn: (line, text) => {
              if (!isStopping) log.warn(line, text)
            },
          },
        },
      ],
      farewell: { event: { kind: 'stop' as const }, ms: FAREWELL_MS },
    })
    // closed before the farewell
    scope.own('warnings', () => {
      isStopping = true
    })
    if (!config.monitoring.enabled) return { counts: observe.counts, monitoringPort: undefined }
    const monitoringPort = await started.monitor(config.monitoring, {
      health: () => ({ ok: observe.counts().mining, ...observe.counts() }),
    })
    return { counts: observe.counts, monitoringPort }
  },
}

function declaredHashrate(config: MiningDeviceConfig, threads: number): number {
  if (config.nominal_hashrate > 0) return config.nominal_hashrate
  if (config.hashrate_cap !== undefined) return config.hashrate_cap
  return measureHashrate(MEASURE_MS) * Math.min(threads, availableParallelism())
}
