import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dataFolders, dockerFolders, findNodes, networkOfCookie } from './find-node.ts'

let home = ''
const machine = () => ({ home, platform: 'linux', env: {} }) as const

function write(path: string, text: string): string {
  const file = join(home, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'sv2-home-'))
})
afterAll(() => rmSync(home, { recursive: true }))

describe('nodes of a machine', () => {
  test('are where a cookie is, of each network, with the port that bitcoin.conf says', () => {
    const main = write('.bitcoin/.cookie', '__cookie__:a')
    const signet = write('.bitcoin/signet/.cookie', '__cookie__:b')
    const umbrel = write('umbrel/app-data/bitcoin/data/bitcoin/testnet4/.cookie', '__cookie__:c')
    write('.bitcoin/bitcoin.conf', 'rpcport = 1234\n[signet]\nrpcport=38000\n[regtest]\nrpcport=9\n')
    const own = findNodes(machine()).filter(({ cookieFile }) => cookieFile.startsWith(home))
    expect(own).toEqual([
      { network: 'mainnet', url: 'http://127.0.0.1:1234', cookieFile: main },
      { network: 'signet', url: 'http://127.0.0.1:38000', cookieFile: signet },
      { network: 'testnet4', url: 'http://127.0.0.1:48332', cookieFile: umbrel },
    ])
    expect(findNodes(machine(), 'signet').map(({ cookieFile }) => cookieFile)).toContain(signet)
    expect(findNodes(machine(), 'signet').map(({ cookieFile }) => cookieFile)).not.toContain(main)
  })

  test('the volumes of Docker are looked into, where there are some', () => {
    write('volumes/node_data/_data/.cookie', 'x')
    expect(dockerFolders(join(home, 'volumes'))).toEqual([
      join(home, 'volumes/node_data/_data'),
      join(home, 'volumes/node_data/_data/.bitcoin'),
    ])
    expect(dockerFolders(join(home, 'nothing'))).toEqual([])
  })

  test.each([
    ['darwin', {}, 'Library/Application Support/Bitcoin'],
    ['win32', { APPDATA: 'C:/Roaming' }, 'Bitcoin'],
    ['linux', { BITCOIN_DATADIR: '/data' }, '/data'],
  ] as const)('%s: the usual folder comes first', (platform, env, folder) => {
    expect(dataFolders({ home, platform, env })[0]).toContain(folder)
  })

  test('the folder of a cookie names its network', () => {
    expect(networkOfCookie('/x/.bitcoin/testnet3/.cookie')).toBe('testnet')
    expect(networkOfCookie('/x/.bitcoin/.cookie')).toBe('mainnet')
  })
})
