import { miningProxy } from '@sv2/mining-proxy'
import { translatorProxy } from '@sv2/translator-proxy'
import { FARM_ADDRESS } from './accounts.ts'
import type { StackOptions } from './options.ts'
import type { Place } from './stack.ts'
import { freePort, type Starter } from './starter.ts'

/** One role of the farm. */
interface FarmRole {
  readonly place: Place
  /** Where our own devices connect; undefined for a port that others speak. */
  readonly device: string | undefined
}

/** Difficulties that a CPU can follow. */
const CPU_DIFFICULTY = { shares_per_minute: 30, min_difficulty: 1e-7, start_difficulty: 1e-5 }

/**
 * Starts a farm below a pool: a mining proxy for all of it, a translator for V1 miners, and a second translator that
 * brings SV2 devices to that V1 port, so that a block may have crossed every protocol on its way.
 */
export async function startFarm(
  options: StackOptions,
  how: {
    readonly poolUrl: string
    readonly start: Starter
    readonly dataDir: string
    readonly progress: (text: string) => void
  },
): Promise<FarmRole[]> {
  const { poolUrl, start, dataDir, progress } = how
  const { edition } = options
  const door = async (port: number, speaks: object) => [
    { host: '127.0.0.1', port: await freePort(port), ...speaks },
  ]
  progress('starting the mining proxy')
  const proxy = await start(miningProxy, {
    data_dir: `${dataDir}/mining-proxy`,
    upstreams: [{ url: poolUrl }],
    listen: await door(3_335, { edition }),
    monitoring: { port: await freePort(9_093) },
  })
  const [proxyUrl = ''] = proxy.urls
  progress('starting the translators')
  const v1 = await start(translatorProxy, {
    network: 'regtest',
    data_dir: `${dataDir}/translator`,
    v1_to_v2: {
      upstreams: [{ url: proxyUrl, user_identity: `${FARM_ADDRESS}.v1` }],
      difficulty: CPU_DIFFICULTY,
    },
    listen: await door(34_255, { protocol: 'v1' }),
    monitoring: { port: await freePort(9_092) },
  })
  const [v1Url = ''] = v1.urls
  const v2 = await start(translatorProxy, {
    direction: 'v2-to-v1',
    data_dir: `${dataDir}/translator-v2-to-v1`,
    v2_to_v1: {
      pools: [{ url: `stratum+tcp://${v1Url.replace(/^.*\/\//, '')}`, user_identity: `${FARM_ADDRESS}.sv2` }],
      difficulty: CPU_DIFFICULTY,
    },
    listen: await door(34_256, { edition }),
    monitoring: { port: 0 },
  })
  const [v2Url = ''] = v2.urls
  return [
    { place: { name: 'mining proxy', url: proxyUrl, hint: 'and here' }, device: proxyUrl },
    { place: { name: 'translator', url: v1Url, hint: 'point SV1 miners here' }, device: undefined },
    { place: { name: 'SV2 to SV1', url: v2Url }, device: v2Url },
    dashboardOf('of the proxy', proxy),
    dashboardOf('of the translator', v1),
  ]
}

function dashboardOf(name: string, { monitoringPort }: { readonly monitoringPort: number }): FarmRole {
  return {
    place: { name, url: `http://127.0.0.1:${monitoringPort}/`, hint: 'its dashboard' },
    device: undefined,
  }
}
