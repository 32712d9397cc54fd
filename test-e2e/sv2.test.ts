import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressToScript, hex } from '@sv2/bitcoin'
import { type RegtestNode, startRegtestNode } from '@sv2/regtest-node'
import { freePort } from '@sv2/topology'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { AppProcess, runCommand } from './process.ts'
import { V1Client } from './v1-client.ts'

const MINER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const OPERATOR = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'

/** Roles that other processes have to find nowhere. */
const ANY_PORTS = {
  SV2_UP__TEMPLATE_PROVIDER__MONITORING__PORT: '0',
  SV2_UP__TRANSLATOR_PROXY__MONITORING__PORT: '0',
  SV2_FARM__TEMPLATE_PROVIDER__MONITORING__PORT: '0',
  SV2_FARM__TRANSLATOR_PROXY__MONITORING__PORT: '0',
  SV2_FARM__MINING_PROXY__MONITORING__PORT: '0',
  SV2_FARM__NEGOTIATOR_CLIENT__MONITORING__PORT: '0',
}

let home = ''
let node: RegtestNode
const running: AppProcess[] = []
const clients: V1Client[] = []

/** A machine as a user has it: a home with a running node in its usual place, and nothing else. */
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'sv2-home-'))
  mkdirSync(join(home, '.bitcoin/regtest'), { recursive: true })
  const cookieFile = join(home, '.bitcoin/regtest/.cookie')
  node = await startRegtestNode({ difficulty: 2e-6, cookieFile, initialBlocks: 5, longPollDelayMs: 0 })
  writeFileSync(join(home, '.bitcoin/bitcoin.conf'), `regtest=1\n[regtest]\nrpcport=${node.port}\n`)
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.stop()
  await Promise.all(running.splice(0).map((each) => each.kill('SIGTERM')))
})
afterAll(async () => {
  await node.stop()
  rmSync(home, { recursive: true })
})

/** An empty folder of that home. */
function emptyFolder(): string {
  return mkdtempSync(join(home, 'folder-'))
}

function sv2(cwd: string, ...args: readonly string[]) {
  return runCommand({ app: 'sv2', cwd, env: { HOME: home, ...ANY_PORTS } }, ...args)
}

function start(cwd: string, subcommand: 'up' | 'farm'): AppProcess {
  const process = new AppProcess(
    { app: 'sv2', subcommand, cwd, env: { HOME: home, ...ANY_PORTS } },
    undefined,
  )
  running.push(process)
  return process
}

/** Starts `sv2 up` on what `sv2 init` wrote. */
async function upAfterInit(...options: readonly string[]) {
  const folder = emptyFolder()
  const init = await sv2(
    folder,
    'init',
    '--yes',
    ...['--port', '0', '--negotiator-port', '0', '--dashboard-port', '0'],
    ...options,
  )
  expect(init).toMatchObject({ code: 0, stderr: '' })
  const up = start(folder, 'up')
  const line = await up.logged('miners may connect')
  return {
    folder,
    up,
    line: line as unknown as Record<'v1' | 'v2' | 'negotiator', string[]> & { dashboard: string },
  }
}

function v1Miner(url: string, user: string): V1Client {
  const client = new V1Client(Number(url.split(':').at(-1)), user)
  clients.push(client)
  return client
}

describe('a home miner', () => {
  test('init and up in an empty folder, and a V1 miner mines for its own address', async () => {
    const { folder, up, line } = await upAfterInit('--address', MINER)
    const miner = v1Miner(line.v1[0]!, `${MINER}.bitaxe`)
    expect(await miner.login('bitaxe/BM1368')).toMatchObject({ result: true })
    await miner.until(() => miner.lines.some(({ method }) => method === 'mining.notify'))
    const notify = miner.lines.find(({ method }) => method === 'mining.notify')
    expect(String(notify?.params?.[3])).toContain(hex(addressToScript(MINER, 'regtest')))
    miner.start()
    await miner.until(() => miner.accepted.size > 0)
    expect(await up.logged('the first share is accepted')).toMatchObject({ sec: expect.any(Number) })

    const url = line.dashboard.replace(/\/$/, '')
    const status = await sv2(folder, 'status', '--url', url, '--json')
    expect(status.code).toBe(0)
    expect(JSON.parse(status.stdout)).toMatchObject({ running: true, ok: true, network: 'regtest' })
  })

  test('names that no block would pay are refused, and the answers say why', async () => {
    const { line } = await upAfterInit()
    const [url = ''] = line.v1
    const mainnet = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'
    expect((await v1Miner(url, 'bitaxe').login()).error?.[1]).toMatch(/address of regtest/)
    expect((await v1Miner(url, `${mainnet}.bitaxe`).login()).error?.[1]).toMatch(/mainnet/)
  })

  test('a device of Stratum V2 mines on the port of the V1 miners', async () => {
    const { up, line } = await upAfterInit('--address', MINER)
    running.push(
      new AppProcess('mining-device', {
        upstream: { url: line.v2[0] },
        user_identity: `${MINER}.device`,
        threads: 1,
        hashrate_cap: 10_000,
      }),
    )
    expect(await up.logged('the first share is accepted')).toBeDefined()
  })

  test('without a node, or with an address of another network, nothing is written and everything is told', async () => {
    const folder = emptyFolder()
    const { code, stdout } = await sv2(
      folder,
      'init',
      '--json',
      '--network',
      'signet',
      '--mode',
      'pool',
      '--port',
      '0',
    )
    expect(code).toBe(64)
    const { findings, written } = JSON.parse(stdout) as {
      findings: { state: string; todo?: string }[]
      written: []
    }
    expect(written).toEqual([])
    const wrong = findings.filter(({ state }) => state === 'wrong')
    expect(wrong.map(({ todo }) => todo)).toEqual([
      expect.stringContaining('--node-url'),
      expect.stringContaining('--address'),
    ])
    expect(await sv2(folder, 'up')).toMatchObject({ code: 64, stderr: expect.stringContaining('sv2.toml') })
  })
})

describe('an operator', () => {
  test('a pool that pays by work: its doctor finds nothing wrong, and its books owe the miner', async () => {
    const dashboard = await freePort(0)
    const { folder, up, line } = await upAfterInit(
      ...['--mode', 'pplns', '--address', OPERATOR, '--dashboard-port', String(dashboard)],
    )
    const miner = v1Miner(line.v1[0]!, `${MINER}.rig`)
    await miner.login()
    miner.start()
    await up.logged('the first share is accepted')
    const doctor = await sv2(folder, 'doctor', '--json')
    const findings = JSON.parse(doctor.stdout) as { state: string; what: string }[]
    expect(findings.filter(({ state }) => state === 'wrong')).toEqual([])
    const lets = findings.filter(({ what }) => what.endsWith('lets miners in'))
    expect(lets.length).toBeGreaterThanOrEqual(2)
    expect(doctor.code).toBe(0)
    expect((await sv2(folder, 'status')).stdout).toMatch(/state +working/)
    expect(await sv2(folder, 'payouts', 'balances', '--json')).toMatchObject({ code: 0 })
  })
})

describe('a farm', () => {
  test('translator, proxy and job negotiator client in one process, on templates of its own', async () => {
    const pool = await upAfterInit('--mode', 'pool', '--address', OPERATOR)
    const folder = emptyFolder()
    writeFileSync(
      join(folder, 'sv2-farm.toml'),
      `network = "regtest"
user_identity = "farm.v1"
address = "${MINER}"
[[nodes]]
url = "${node.url}"
cookie_file = "${join(home, '.bitcoin/regtest/.cookie')}"
[[pools]]
url = "${pool.line.v2[0]}"
negotiator_url = "${pool.line.negotiator[0]}"
[[translator_proxy.listen]]
port = 0
[translator_proxy.v1_to_v2.difficulty]
min_difficulty = 1e-8
start_difficulty = 1e-7
[negotiator_client.difficulty]
min_difficulty = 1e-8
start_difficulty = 1e-7
`,
    )
    const farm = start(folder, 'farm')
    const line = await farm.logged('miners may connect')
    expect(line).toMatchObject({ own: true })
    const miner = v1Miner((line.v1 as string[])[0]!, 'anything')
    await miner.login()
    miner.start()
    await miner.until(() => miner.accepted.size > 0)
    await pool.up.logged('the first share is accepted')
  })

  test('in front of a solo pool it says whom blocks pay, and refuses miners that name somebody else', async () => {
    const pool = await upAfterInit('--address', OPERATOR)
    const folder = emptyFolder()
    writeFileSync(
      join(folder, 'sv2-farm.toml'),
      `network = "regtest"
user_identity = "${OPERATOR}.farm"
[[pools]]
url = "${pool.line.v2[0]}"
[[translator_proxy.listen]]
port = 0
[translator_proxy.v1_to_v2.difficulty]
min_difficulty = 1e-8
start_difficulty = 1e-7
`,
    )
    const farm = start(folder, 'farm')
    const line = await farm.logged('miners may connect')
    const warned = farm.log.find(({ msg }) =>
      msg.startsWith('with aggregate_channels blocks of all miners pay'),
    )
    expect(warned).toMatchObject({ level: 40, paid: [OPERATOR] })
    const [url = ''] = line.v1 as string[]
    const stranger = await v1Miner(url, `${MINER}.rig`).login()
    expect(stranger.error?.[1]).toBe(`blocks found here pay ${OPERATOR}, not the address in the user name`)
    const ours = v1Miner(url, `${OPERATOR}.rig`)
    expect(await ours.login()).toMatchObject({ result: true })
    ours.start()
    await ours.until(() => ours.accepted.size > 0)
  })
})
