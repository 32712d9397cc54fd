import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Network } from '@sv2/bitcoin'

/** Where a Bitcoin node seems to be. */
export interface FoundNode {
  readonly network: Network
  /** JSON-RPC address. */
  readonly url: string
  readonly cookieFile: string
}

/** What of the machine is looked at. */
export interface Machine {
  /** Home folder of the user. */
  readonly home: string
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
}

/** What Bitcoin Core calls the folder of a network, and where its RPC listens when nothing else is configured. */
const FOLDERS: Readonly<Record<Network, { readonly folder: string; readonly port: number }>> = {
  mainnet: { folder: '', port: 8_332 },
  testnet: { folder: 'testnet3', port: 18_332 },
  testnet4: { folder: 'testnet4', port: 48_332 },
  signet: { folder: 'signet', port: 38_332 },
  regtest: { folder: 'regtest', port: 18_443 },
}

/** Names of the section of a network in bitcoin.conf. */
const SECTIONS: Readonly<Record<Network, string>> = {
  mainnet: 'main',
  testnet: 'test',
  testnet4: 'testnet4',
  signet: 'signet',
  regtest: 'regtest',
}

/** Where the volumes of Docker are, each with its files in `_data`. */
const DOCKER_VOLUMES = '/var/lib/docker/volumes'

/** The nodes of this machine that have written a cookie, those of `network` alone where one is named. */
export function findNodes(machine: Machine, network?: Network): FoundNode[] {
  const networks = Object.keys(FOLDERS) as Network[]
  return dataFolders(machine).flatMap((folder) =>
    networks
      .filter((each) => network === undefined || each === network)
      .flatMap((each) => {
        const cookieFile = join(folder, FOLDERS[each].folder, '.cookie')
        if (!existsSync(cookieFile)) return []
        const port = configuredPort(folder, each) ?? FOLDERS[each].port
        return [{ network: each, url: `http://127.0.0.1:${port}`, cookieFile }]
      }),
  )
}

/** The RPC address of a network's node on this machine when nothing else is configured. */
export function usualUrl(network: Network): string {
  return `http://127.0.0.1:${FOLDERS[network].port}`
}

/** The network that a cookie belongs to, by the name of its folder. */
export function networkOfCookie(file: string): Network {
  const folder = dirname(file).split(/[/\\]/).at(-1)
  const networks = Object.keys(FOLDERS) as Network[]
  return networks.find((each) => FOLDERS[each].folder === folder) ?? 'mainnet'
}

/** Folders in which a node may keep its chain, the likeliest first. */
export function dataFolders({ home, platform, env }: Machine): string[] {
  const own =
    platform === 'darwin'
      ? [join(home, 'Library', 'Application Support', 'Bitcoin')]
      : platform === 'win32'
        ? [env.APPDATA, env.LOCALAPPDATA].flatMap((base) =>
            base === undefined ? [] : [join(base, 'Bitcoin')],
          )
        : []
  return [
    ...(env.BITCOIN_DATADIR === undefined ? [] : [env.BITCOIN_DATADIR]),
    ...own,
    join(home, '.bitcoin'),
    join(home, 'snap', 'bitcoin-core', 'common', '.bitcoin'),
    join(home, 'umbrel', 'app-data', 'bitcoin', 'data', 'bitcoin'),
    '/home/umbrel/umbrel/app-data/bitcoin/data/bitcoin',
    '/var/lib/bitcoind',
    '/var/lib/bitcoin',
    '/data/.bitcoin',
    ...dockerFolders(DOCKER_VOLUMES),
  ]
}

/** Folders of Docker's volumes; only root may look at them. */
export function dockerFolders(volumes: string): string[] {
  let names: string[]
  try {
    names = readdirSync(volumes)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return []
    throw error
  }
  return names.flatMap((name) => {
    const data = join(volumes, name, '_data')
    return [data, join(data, '.bitcoin')]
  })
}

/** `rpcport` of a network in the bitcoin.conf of a folder; undefined when it is not said there. */
function configuredPort(folder: string, network: Network): number | undefined {
  const file = join(folder, 'bitcoin.conf')
  if (!existsSync(file)) return undefined
  let section = SECTIONS.mainnet
  let port: number | undefined
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    section = /^\s*\[(\w+)\]/.exec(line)?.[1] ?? section
    const [, value] = /^\s*rpcport\s*=\s*(\d+)/.exec(line) ?? []
    if (value !== undefined && section === SECTIONS[network]) port = Number(value)
  }
  return port
}
