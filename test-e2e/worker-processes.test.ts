import { join } from 'node:path'
import { hex, scriptToAddress } from '@sv2/bitcoin'
import { JournalTail } from '@sv2/runtime/journal'
import { freePort } from '@sv2/topology'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { AppProcess, runCommand } from './process.ts'
import { ProcessStack } from './process-stack.ts'
import { openStandard, setupConnection, TestClient } from './test-client.ts'
import { V1Client } from './v1-client.ts'

const POOL = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
/** Clients of each edition; beside them devices that hash, of each edition, and Stratum V1 miners behind a translator. */
const CLIENTS = 16
const DEVICES = 4
const V1_MINERS = 2
const SHARES = 40
const WAIT = { timeout: 30_000, interval: 50 }

/** All of the V1 miners. */
const V1_ACCOUNT = addressOf(100)

const stack = new ProcessStack('current')
let pool: AppProcess
/** By edition. */
let urls: ReadonlyMap<string, string>
let translator: AppProcess | undefined
const clients: Sender[] = []
const devices: { readonly process: AppProcess; readonly user: string }[] = []
const v1Miners: V1Client[] = []

/** An address of its own for each miner. */
function addressOf(miner: number): string {
  return scriptToAddress(Uint8Array.of(0, 20, ...new Array(20).fill(miner + 1)), 'regtest')!
}

/** A miner that hashes nothing: where almost every hash is a share, any nonce will do. */
class Sender {
  readonly user: string
  readonly #client: TestClient
  readonly #channelId: number
  #nonce = 0
  /** Shares that were acknowledged, and refused. */
  acknowledged = 0
  refused = 0

  private constructor(user: string, client: TestClient, channelId: number) {
    this.user = user
    this.#client = client
    this.#channelId = channelId
  }

  static async connect(url: string, user: string): Promise<Sender> {
    const client = await TestClient.connect({ url })
    client.send(setupConnection(), openStandard({ userIdentity: `${user}.rig` }))
    const { channelId } = await client.next('OpenStandardMiningChannel.Success')
    return new Sender(user, client, channelId)
  }

  get isGone(): boolean {
    return this.#client.isClosed
  }

  /** Sends shares, and waits until each is answered, or the connection is gone. */
  async send(shares: number): Promise<void> {
    const work = await this.#work()
    const goal = this.acknowledged + this.refused + shares
    for (let n = 0; n < shares; n++) {
      this.#nonce++
      const share = { sequenceNumber: this.#nonce, nonce: this.#nonce, ...work }
      this.#client.send({ type: 'SubmitSharesStandard', channelId: this.#channelId, ...share })
    }
    await vi.waitFor(() => {
      this.count()
      expect(this.isGone || this.acknowledged + this.refused >= goal).toBe(true)
    }, WAIT)
  }

  count(): void {
    const { inbox } = this.#client
    for (const message of inbox.splice(0)) {
      if (message.type === 'SubmitShares.Success') this.acknowledged += message.newSubmitsAcceptedCount
      else if (message.type === 'SubmitShares.Error') this.refused++
      else this.#other.push(message)
    }
  }

  readonly #other: TestClient['inbox'] = []

  /** The job that is worked on now. */
  async #work(): Promise<{ readonly jobId: number; readonly version: number; readonly ntime: number }> {
    return vi.waitFor(() => {
      this.count()
      let present: { readonly jobId: number; readonly ntime: number } | undefined
      const versions = new Map<number, number>()
      for (const message of this.#other) {
        if (message.type === 'SetNewPrevHash')
          present = { jobId: message.jobId, ntime: Math.max(message.minNtime, present?.ntime ?? 0) }
        if (message.type !== 'NewMiningJob' && message.type !== 'NewExtendedMiningJob') continue
        const { jobId, version, minNtime } = message
        versions.set(jobId, version)
        if (minNtime !== undefined) present = { jobId, ntime: minNtime }
      }
      const version = versions.get(present?.jobId ?? Number.NaN)
      if (present === undefined || version === undefined) throw new Error('no job yet')
      return { ...present, version }
    }, WAIT)
  }

  end(): void {
    this.#client.end()
  }
}

async function startPool(workers: number): Promise<void> {
  const node = { url: stack.node.url, cookie_file: join(stack.dataDir, '.cookie') }
  const started = await stack.startPool(providerUrl, {
    workers,
    payout: {
      mode: 'pplns',
      address: POOL,
      fee_ppm: 20_000,
      window_blocks: 4,
      refresh_sec: 1,
      confirmations: 3,
    },
    ledger: { nodes: [node] },
    difficulty: { shares_per_minute: 6_000, min_difficulty: 1e-10, start_difficulty: 3e-10 },
    listen: [{ host: '127.0.0.1', port, edition: 'auto' }],
  })
  pool = started.pool
  const heard = await Promise.all(
    ['current', 'draft'].map((edition) =>
      pool.logged((line) => line.msg === 'listening' && line.edition === edition),
    ),
  )
  urls = new Map(heard.map(({ edition, url }) => [String(edition), String(url)]))
}

let providerUrl: string
let port: number

beforeAll(async () => {
  stack.monitoring.pool = await freePort(0)
  port = await freePort(0)
  await stack.startNode({ difficulty: 4e-6 })
  providerUrl = (await stack.startProvider()).url
  await startPool(2)
  for (const place of [1, 2]) await readyAt(place)
  await vi.waitFor(() => api('pool'), { timeout: 30_000 })
})
afterAll(async () => {
  for (const client of clients) client.end()
  for (const miner of v1Miners) miner.stop()
  await translator?.kill('SIGKILL')
  await stack.close()
})

const urlOf = (edition: 'current' | 'draft'): string => urls.get(edition)!

async function api<T>(path: string): Promise<T> {
  const answer = await fetch(`http://127.0.0.1:${stack.monitoring.pool}/api/v1/${path}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as T
}

/** The newest process at a place among the workers, once its doors are open. */
async function readyAt(place: number, from = 0): Promise<number> {
  const line = await pool.logged(
    ({ msg, workerProcess }) => msg === 'worker process ready' && workerProcess === place,
    from,
  )
  return Number(line.pid)
}

/** Shares in the journal by account; each has a header of its own. */
function recorded(): ReadonlyMap<string, number> {
  const names = new Map<number, string>()
  const shares = new Map<string, number>()
  const headers = new Set<string>()
  let next = 0
  for (const { sequence, record } of new JournalTail(join(stack.dataDir, 'pool', 'journal')).read()) {
    expect(sequence).toBe(next++)
    if (record.kind === 'account') names.set(record.account, record.name)
    if (record.kind !== 'share') continue
    const name = names.get(record.account)!
    shares.set(name, (shares.get(name) ?? 0) + 1)
    const header = hex(record.header)
    expect(headers.has(header)).toBe(false)
    headers.add(header)
  }
  return shares
}

/** Shares that each miner was told of as accepted; V1 miners are told by their translator, which keeps easy ones to itself. */
function acknowledged(): ReadonlyMap<string, number> {
  const shares = new Map<string, number>()
  const add = (user: string, count: number) => shares.set(user, (shares.get(user) ?? 0) + count)
  for (const client of clients) client.count()
  for (const { user, acknowledged: count } of clients) add(user, count)
  for (const { process, user } of devices)
    for (const line of process.log) if (line.msg === 'shares accepted') add(user, Number(line.shares))
  return shares
}

function expectNothingLost(): void {
  const told = acknowledged()
  const inBooks = recorded()
  expect(inBooks.get(V1_ACCOUNT)).toBeGreaterThan(0)
  for (const [user, shares] of told) expect(inBooks.get(user) ?? 0, user).toBeGreaterThanOrEqual(shares)
}

/** Where the log tells that a process was killed. */
const secondStart = (): number =>
  pool.log.findIndex(({ msg }) => msg === 'a worker process ended; it is started again')

/** Where the channels of these users were opened last. */
function placesOf(users: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>()
  for (const { msg, user, workerProcess } of pool.log)
    if (msg === 'channel opened' && users.includes(String(user)))
      places.set(String(user), Number(workerProcess))
  return places
}

test('forty miners of both editions, and V1 miners, are spread over two processes behind one port', async () => {
  for (let n = 0; n < CLIENTS; n++)
    for (const edition of ['current', 'draft'] as const)
      clients.push(await Sender.connect(urlOf(edition), addressOf(2 * n + (edition === 'draft' ? 1 : 0))))
  for (let n = 0; n < DEVICES; n++) {
    const user = addressOf(2 * CLIENTS + n)
    const url = urlOf(n % 2 === 0 ? 'current' : 'draft')
    devices.push({
      user,
      process: stack.startDevice(url, 'extended', { user: `${user}.rig`, hashrate: 4_000 }),
    })
  }
  translator = new AppProcess('translator-proxy', {
    data_dir: join(stack.dataDir, 'translator'),
    direction: 'v1-to-v2',
    network: 'regtest',
    v1_to_v2: {
      upstreams: [{ url: urlOf('current'), user_identity: `${V1_ACCOUNT}.farm` }],
      difficulty: { shares_per_minute: 600, min_difficulty: 1e-8, start_difficulty: 1e-7 },
    },
    listen: [{ host: '127.0.0.1', port: 0, protocol: 'both' }],
    monitoring: { port: 0 },
  })
  const v1 = await translator.logged('listening for Stratum V1')
  for (let n = 0; n < V1_MINERS; n++) {
    const miner = new V1Client(Number(v1.port), `${V1_ACCOUNT}.v1-${n}`)
    v1Miners.push(miner)
    await miner.login()
    miner.start()
  }
  await Promise.all(clients.map((client) => client.send(SHARES)))
  await Promise.all(devices.map(({ process }) => process.logged('shares accepted')))
  await Promise.all(v1Miners.map((miner) => miner.until(() => miner.accepted.size > 0)))
  const users = [...clients.map(({ user }) => user), ...devices.map(({ user }) => user), V1_ACCOUNT]
  await vi.waitFor(() => {
    const places = [...placesOf(users).values()]
    expect(places).toHaveLength(users.length)
    for (const place of [1, 2]) expect(places.filter((one) => one === place).length).toBeGreaterThan(4)
    expect(recorded().get(V1_ACCOUNT)).toBeGreaterThan(0)
  }, WAIT)
  for (const client of clients) expect(client.acknowledged).toBeGreaterThan(0)
  expectNothingLost()
}, 120_000)

test('the API and the metrics tell of all of them', async () => {
  const channels = clients.length + devices.length + 1
  await vi.waitFor(
    async () => {
      const told = await api<{ channels: number }>('pool')
      expect(told.channels).toBe(channels)
      const [client] = clients
      const account = await api<{ shares: { accepted: number } }>(`accounts/${client!.user}`)
      expect(account.shares.accepted).toBe(client!.acknowledged)
    },
    { timeout: 20_000, interval: 300 },
  )
  const text = await (await fetch(`http://127.0.0.1:${stack.monitoring.pool}/metrics`)).text()
  const values = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)$`, 'gm'))].map((found) => Number(found[2]))
  expect(values('sv2_client_channels')).toEqual([channels])
  expect(values('sv2_pool_worker_processes')).toEqual([2])
  expect(values('sv2_pool_template_provider_connected')).toEqual([1])
  const perProcess = values('sv2_pool_worker_process_channels')
  expect(perProcess).toHaveLength(2)
  expect(perProcess[0]! + perProcess[1]!).toBe(channels)
  const coinbase = await api<{ outputs: { is_own: boolean }[] }>(`accounts/${clients[0]!.user}/coinbase`)
  expect(coinbase.outputs.length).toBeGreaterThan(0)
}, 60_000)

test('blocks are found in both, and booked', async () => {
  for (const place of [1, 2])
    await pool.logged((line) => line.msg === 'block found' && line.workerProcess === place)
  await vi.waitFor(
    async () => {
      const { items } = await api<{ items: { hash: string; state: string }[] }>('blocks?limit=100')
      const booked = new Set(items.filter(({ state }) => state === 'confirmed').map(({ hash }) => hash))
      for (const place of [1, 2]) {
        const found = pool.log.filter((line) => line.msg === 'block found' && line.workerProcess === place)
        expect(found.some(({ hash }) => booked.has(String(hash)))).toBe(true)
      }
    },
    { timeout: 90_000, interval: 500 },
  )
}, 120_000)

test('a process that is killed loses no share and none of the others; another takes its place', async () => {
  const pid = await readyAt(1)
  const users = clients.map(({ user }) => user)
  const places = placesOf(users)
  const sending = Promise.all(clients.map((client) => client.send(SHARES)))
  const from = pool.place
  process.kill(pid, 'SIGKILL')
  await sending
  await pool.logged(
    ({ msg, workerProcess }) => msg === 'a worker process ended; it is started again' && workerProcess === 1,
    from,
  )
  await vi.waitFor(() => {
    for (const client of clients) expect(client.isGone, client.user).toBe(places.get(client.user) === 1)
  }, WAIT)
  await readyAt(1, from)
  const ready = pool.place
  const gone = clients.filter(({ isGone }) => isGone)
  for (const client of gone) clients.push(await Sender.connect(urlOf('current'), client.user))
  await Promise.all(clients.filter(({ isGone }) => !isGone).map((client) => client.send(SHARES)))
  await vi.waitFor(() => {
    const opened = pool.log.slice(ready).filter(({ msg }) => msg === 'channel opened')
    expect(opened.map(({ workerProcess }) => workerProcess)).toContain(1)
  }, WAIT)
  await Promise.all(devices.map(({ process }) => process.logged('shares accepted', process.place)))
  expectNothingLost()
}, 120_000)

test('a rolling restart replaces one process after the other, and miners always find a door', async () => {
  const before = [await readyAt(1, secondStart()), await readyAt(2)]
  const from = pool.place
  void pool.kill('SIGHUP')
  const first = await readyAt(1, from)
  const place = pool.place
  const second = await readyAt(2, place)
  expect(before).not.toContain(first)
  expect(before).not.toContain(second)
  expect(
    pool.log.slice(from).filter(({ msg }) => msg === 'a worker process ended; it is started again'),
  ).toEqual([])
  await vi.waitFor(() => {
    for (const client of clients) expect(client.isGone).toBe(true)
  }, WAIT)
  await Promise.all(devices.map(({ process }) => process.logged('shares accepted', process.place)))
  for (const { process } of devices) expect(process.log.filter(({ level }) => level >= 50)).toEqual([])
  expectNothingLost()
}, 120_000)

test('a pool that is told to end sends all miners on, loses no share, and goes on as one process', async () => {
  const ending = await pool.kill('SIGTERM')
  expect(ending).toMatchObject({ code: 0, stderr: '' })
  await vi.waitFor(() => {
    for (const client of clients) expect(client.isGone).toBe(true)
  }, WAIT)
  expect(pool.log.at(-1)?.msg).toBe('stopped')
  expectNothingLost()
  const before = [...recorded().values()].reduce((sum, shares) => sum + shares, 0)
  await startPool(1)
  const { records } = await pool.logged('ledger ready')
  expect(Number(records)).toBeGreaterThan(before)
  await Promise.all(devices.map(({ process }) => process.logged('shares accepted', process.place)))
  expectNothingLost()
  const url = `http://127.0.0.1:${stack.monitoring.pool}`
  const { code, stdout } = await runCommand('verify', '--pool', url, '--account', devices[0]!.user)
  expect({ code, broken: stdout.includes('BROKEN') }, stdout).toEqual({ code: 0, broken: false })
}, 120_000)
