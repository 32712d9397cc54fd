import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { addressToScript, type Network, scriptToAddress } from '@sv2/bitcoin'
import type { AppName } from './app-process.ts'

/** One process of the topology. */
export interface Part {
  readonly name: PartName
  readonly app: AppName
  readonly subcommand?: string
  /** Port of its door when it is free; 0 for a part without one. */
  readonly port: number
  /** Speaks the current edition also where all others speak the draft, which has no message for a pool's blocks. */
  readonly speaksCurrent?: boolean
  /** The line by which it is up. */
  readonly ready: 'listening' | 'listening for Stratum V1' | 'channel opened'
  /** Its configuration, beside folders, ports and network. */
  readonly config: (at: Surroundings) => Record<string, unknown>
}

export type PartName =
  | 'template-provider'
  | 'negotiator-server'
  | 'pool'
  | 'farm-template-provider'
  | 'negotiator-client'
  | 'mining-proxy'
  | 'translator'
  | 'sv1-miner'
  | `device-${number}`

/** What a part is put among. */
export interface Surroundings {
  /** Where another part listens. */
  readonly url: (name: PartName, edition?: 'current') => string
  readonly node: NodeAccess
  readonly farmNode: NodeAccess
  readonly tokenKeyFile: string
  readonly network: Network
}

/** How an app gets at a node: by its cookie file, or by user and password. */
export type NodeAccess =
  | { readonly url: string; readonly cookie_file: string }
  | { readonly url: string; readonly user: string; readonly password: string }

/** Text in the coinbase by which blocks of the topology's pool are known. */
export const TAG = '/sv2 topology/'
/** Addresses without an owner: these coins are worth nothing. */
const POOL_ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const FARM_ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

/** An address as it is written on a network. */
function written(address: string, network: Network): string {
  const text = scriptToAddress(addressToScript(address, 'regtest'), network)
  if (text === undefined) throw new RangeError(`${address} is not an address of ${network}`)
  return text
}

/** Difficulties that a CPU can follow. */
const DIFFICULTY = { shares_per_minute: 60, min_difficulty: 1e-8, start_difficulty: 1e-6 }

/** Blocks of a network this easy come every few seconds, and with each a job. */
const PATIENT = { jobs_per_minute: 6_000, tokens_per_minute: 6_000 }

/** Whether this checkout has the job negotiator; without it the farm works on the pool's templates. */
export const hasNegotiator: boolean = existsSync(
  join(resolve(import.meta.dirname, '../../..'), 'apps/job-negotiator/src/main.ts'),
)

/** Every process, each behind those it connects to. A process whose upstream is left out connects to the next. */
export function partsOf(options: {
  readonly side: 'all' | 'pool'
  readonly hashrate: number
  readonly without: readonly PartName[]
}): Part[] {
  const farm = hasNegotiator ? 'negotiator-client' : 'pool'
  const door = options.side === 'pool' ? 'pool' : farm
  const proxied = options.side === 'pool' || options.without.includes('mining-proxy') ? door : 'mining-proxy'
  const parts = [
    ...poolSide(),
    ...(options.side === 'pool' ? [] : farmSide(proxied)),
    device(1, 'standard', proxied, options.hashrate),
    device(2, 'extended', door, options.hashrate),
    ...(options.side === 'pool' ? [] : [device(3, 'standard', 'sv1-miner', options.hashrate)]),
  ]
  return parts.filter(({ name }) => !options.without.includes(name))
}

function poolSide(): Part[] {
  const negotiator: Part = {
    name: 'negotiator-server',
    app: 'job-negotiator',
    subcommand: 'server',
    port: 3_334,
    speaksCurrent: true,
    ready: 'listening',
    config: ({ node, tokenKeyFile, network }) => ({
      network,
      token_key_file: tokenKeyFile,
      payout: { address: written(POOL_ADDRESS, network) },
      negotiation: PATIENT,
      transactions: { interval_sec: 1 },
      nodes: [node],
    }),
  }
  return [
    provider('template-provider', 18_336, ({ node }) => node),
    ...(hasNegotiator ? [negotiator] : []),
    {
      name: 'pool',
      app: 'pool',
      port: 3_333,
      ready: 'listening',
      config: ({ url, tokenKeyFile, network }) => ({
        network,
        coinbase_tag: TAG,
        payout: { address: written(POOL_ADDRESS, network) },
        difficulty: DIFFICULTY,
        template_provider: { url: url('template-provider') },
        ...(hasNegotiator
          ? {
              custom_work: {
                enabled: true,
                token_key_file: tokenKeyFile,
                negotiators: [{ url: url('negotiator-server', 'current') }],
              },
            }
          : {}),
      }),
    },
  ]
}

/** @param proxied where V1 miners are brought to by the translator */
function farmSide(proxied: PartName): Part[] {
  const negotiator: Part = {
    name: 'negotiator-client',
    app: 'job-negotiator',
    subcommand: 'client',
    port: 34_265,
    ready: 'listening',
    config: ({ url, network }) => ({
      network,
      mode: 'full-template',
      coinbase_tag: TAG,
      payout: { address: written(FARM_ADDRESS, network) },
      difficulty: DIFFICULTY,
      template_provider: { url: url('farm-template-provider') },
      upstreams: [
        {
          user_identity: 'farm',
          pool: { url: url('pool') },
          negotiator: { url: url('negotiator-server') },
        },
      ],
    }),
  }
  return [
    provider('farm-template-provider', 18_337, ({ farmNode }) => farmNode),
    ...(hasNegotiator ? [negotiator] : []),
    {
      name: 'mining-proxy',
      app: 'mining-proxy',
      port: 3_335,
      ready: 'listening',
      config: ({ url }) => ({
        upstreams: [...(hasNegotiator ? [{ url: url('negotiator-client') }] : []), { url: url('pool') }],
      }),
    },
    {
      name: 'translator',
      app: 'translator-proxy',
      port: 34_255,
      ready: 'listening for Stratum V1',
      config: ({ url, network }) => ({
        network,
        v1_to_v2: {
          upstreams: [{ url: url(proxied), user_identity: 'farm.v1' }],
          difficulty: {
            min_difficulty: DIFFICULTY.min_difficulty,
            start_difficulty: DIFFICULTY.start_difficulty,
          },
        },
      }),
    },
    {
      name: 'sv1-miner',
      app: 'translator-proxy',
      port: 34_256,
      ready: 'listening',
      config: ({ url }) => ({
        direction: 'v2-to-v1',
        v2_to_v1: {
          pools: [{ url: url('translator'), user_identity: 'demo.v1' }],
          difficulty: DIFFICULTY,
        },
      }),
    },
  ]
}

function provider(
  name: 'template-provider' | 'farm-template-provider',
  port: number,
  nodeOf: (at: Surroundings) => NodeAccess,
): Part {
  const config = (at: Surroundings) => ({
    network: at.network,
    template_interval_sec: 1,
    nodes: [nodeOf(at)],
  })
  return { name, app: 'template-provider', port, ready: 'listening', config }
}

function device(number: number, mode: 'standard' | 'extended', door: PartName, hashrate: number): Part {
  return {
    name: `device-${number}`,
    app: 'mining-device',
    port: 0,
    ready: 'channel opened',
    config: ({ url }) => ({
      user_identity: `demo.device${number}`,
      mode,
      threads: 1,
      hashrate_cap: hashrate,
      upstream: { url: url(door) },
    }),
  }
}
