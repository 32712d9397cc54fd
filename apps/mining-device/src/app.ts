import { availableParallelism } from 'node:os'
import { type App, serveMonitoring, sessionLines, upstreamSettings } from '@sv2/app-kit'
import { Device, type DeviceEffect, type DeviceEvent } from '@sv2/roles/device'
import { dial, Engine, fastSha256d, systemNoise } from '@sv2/runtime'
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
    const { log, registry, scope, clock } = context
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
        onShare: (share) => engine.tell({ kind: 'shareFound', ...share }),
        onHashed: (hashes) => engine.tell({ kind: 'hashed', hashes }),
      },
    )
    scope.own('hasher', () => hasher.close())
    const lines = sessionLines(log)
    const engine = new Engine<DeviceEvent, DeviceEffect>(role, {
      clock,
      observer: {
        ...lines,
        onSessionClosed(info, reason) {
          observe.disconnected()
          lines.onSessionClosed?.(info, reason)
        },
        onEffect(effect) {
          if (effect.kind === 'work') return hasher.work(effect.work)
          if (effect.kind === 'redial') {
            log.info({ port: effect.port }, 'connecting again')
            return dialer.redial(effect.host, effect.port)
          }
          observe.fact(effect)
        },
      },
    })
    let stopping = false
    const dialer = dial(upstream, engine, {
      portName: 'upstream',
      noise: systemNoise,
      clock,
      random: Math.random,
      onFailed(where, reason, retryMs) {
        if (!stopping) log.warn({ where, reason, retryMs }, 'no connection to the server; trying again')
      },
    })
    scope.own('upstream', async () => {
      stopping = true
      engine.tell({ kind: 'stop' })
      await new Promise((resolve) => setTimeout(resolve, FAREWELL_MS))
      dialer.close()
      engine.stop('shutting down')
    })
    if (!config.monitoring.enabled) return { counts: observe.counts, monitoringPort: undefined }
    const monitoring = await serveMonitoring(config.monitoring, {
      registry,
      health: () => ({ ok: observe.counts().mining, ...observe.counts() }),
    })
    scope.own('monitoring', () => monitoring.close())
    return { counts: observe.counts, monitoringPort: monitoring.port }
  },
}

function declaredHashrate(config: MiningDeviceConfig, threads: number): number {
  if (config.nominal_hashrate > 0) return config.nominal_hashrate
  if (config.hashrate_cap !== undefined) return config.hashrate_cap
  return measureHashrate(MEASURE_MS) * Math.min(threads, availableParallelism())
}
