import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppProcess } from './process.ts'
import { nominalHashrate, ProcessStack, TAG } from './process-stack.ts'
import { V1Client } from './v1-client.ts'

type EditionName = 'current' | 'draft'

const MAINNET_ADDRESS = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'

/** Processes of one stack beside those it knows itself. */
class Relays {
  readonly #stack: ProcessStack
  readonly #processes: AppProcess[] = []

  constructor(stack: ProcessStack) {
    this.#stack = stack
  }

  async startProxy(upstream: string, edition: EditionName): Promise<string> {
    const proxy = this.#start('mining-proxy', {
      upstreams: [{ url: upstream }],
      listen: [{ host: '127.0.0.1', port: 0, edition }],
    })
    return String((await proxy.logged('listening')).url)
  }

  /** Starts a translator for V1 and V2 on one port; answers it with that port. */
  async startTranslator(
    upstream: string,
    over: { readonly limits?: object; readonly listen?: object } = {},
  ): Promise<{ readonly translator: AppProcess; readonly port: number; readonly url: string }> {
    const translator = this.#start('translator-proxy', {
      direction: 'v1-to-v2',
      network: 'regtest',
      v1_to_v2: {
        upstreams: [{ url: upstream, user_identity: 'farm' }],
        difficulty: { shares_per_minute: 600, min_difficulty: 1e-8, start_difficulty: 1e-7 },
        limits: { ...over.limits },
      },
      listen: [{ host: '127.0.0.1', port: 0, protocol: 'both', ...over.listen }],
    })
    const { port } = await translator.logged('listening for Stratum V1')
    const { url } = await translator.logged('listening')
    return { translator, port: Number(port), url: String(url) }
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.kill('SIGKILL')))
  }

  #start(app: 'mining-proxy' | 'translator-proxy', config: Record<string, unknown>): AppProcess {
    const dataDir = join(this.#stack.dataDir, `relay-${this.#processes.length}`)
    const started = new AppProcess(app, { data_dir: dataDir, monitoring: { port: 0 }, ...config })
    this.#processes.push(started)
    return started
  }
}

/** Waits until the node has accepted a block of a client's. */
async function blockOf(client: V1Client, stack: ProcessStack, provider: AppProcess): Promise<void> {
  const isMine = (hash: unknown): boolean => client.accepted.has(String(hash))
  const { hash } = await provider.logged((line) => line.msg === 'block accepted' && isMine(line.hash))
  expect(Buffer.from(stack.node.block(String(hash)) ?? []).includes(TAG)).toBe(true)
}

describe.each([
  { name: 'current all the way', pool: 'current', proxy: 'current' },
  { name: 'draft all the way', pool: 'draft', proxy: 'draft' },
  { name: 'a current pool, a draft proxy', pool: 'current', proxy: 'draft' },
] as const)('$name', ({ pool: edition, proxy }) => {
  const stack = new ProcessStack(edition)
  const relays = new Relays(stack)
  const clients: V1Client[] = []
  let provider: AppProcess
  let atPool: number
  let atProxy: number
  let translator: AppProcess
  let deviceUrl: string

  beforeAll(async () => {
    await stack.startNode()
    const started = await stack.startProvider()
    provider = started.provider
    const { url } = await stack.startPool(started.url)
    const limits = { max_requests_per_second: 100_000 }
    const direct = await relays.startTranslator(url, { limits, listen: { max_v1_queued_bytes: 65_536 } })
    translator = direct.translator
    atPool = direct.port
    deviceUrl = direct.url
    atProxy = (await relays.startTranslator(await relays.startProxy(url, proxy))).port
  })
  afterAll(async () => {
    for (const client of clients) client.stop()
    await relays.close()
    await stack.close()
  })

  /** A client that has logged in and mines. */
  async function aMiner(port: number, user?: string): Promise<V1Client> {
    const client = new V1Client(port, user)
    clients.push(client)
    expect((await client.login()).result).toBe(true)
    client.start()
    return client
  }

  test('V1 miners find blocks that the node accepts, at the pool and below a proxy', async () => {
    const miners = [await aMiner(atPool, 'farm.a'), await aMiner(atProxy, 'farm.b')]
    await Promise.all(miners.map((miner) => blockOf(miner, stack, provider)))
    const late = new Set([21])
    expect(miners.flatMap(({ refused }) => refused).filter((code) => !late.has(code))).toEqual([])
    for (const miner of miners) miner.stop()
  })

  test('a device of Stratum V2 mines on the port of the V1 miners', async () => {
    const device = stack.startDevice(deviceUrl, 'extended')
    await translator.logged(
      (line) => line.msg === 'channel opened' && line.nominalHashrate === nominalHashrate('extended'),
    )
    await device.logged('shares accepted')
    await device.kill('SIGTERM')
  })

  test('an address of another network is refused, and the answer names both', async () => {
    const client = new V1Client(atPool, `${MAINNET_ADDRESS}.rig`)
    clients.push(client)
    const { result, error } = await client.login()
    expect(result).toBe(false)
    expect(error?.[1]).toMatch(/mainnet.*regtest/)
    client.stop()
  })

  test('lines that make no sense get errors, and nobody is disturbed', async () => {
    const miner = await aMiner(atPool, 'farm.c')
    const client = new V1Client(atPool)
    clients.push(client)
    expect((await client.login()).result).toBe(true)
    const nonsense = ['{', '[]', '\u0000\u0001', '{"id":{"a":[[[]]]},"method":"x","params":null}', '"']
    client.write(`${nonsense.join('\n')}\n{"id":7,"method":"mining.submit","params":[-1,{},"zz",1e9,"0x"]}\n`)
    const errors = () => client.lines.filter(({ error }) => error?.[0] === 20)
    await client.until(() => errors().length === nonsense.length + 1)
    const before = miner.accepted.size
    await miner.until(() => miner.accepted.size > before + 3)
    for (const each of [client, miner]) each.stop()
  })

  test('a miner that asks and never reads is dropped, and the others mine on', async () => {
    const miner = await aMiner(atPool, 'farm.d')
    const client = new V1Client(atPool)
    clients.push(client)
    await client.login()
    client.socket.pause()
    const place = translator.place
    const asked = Buffer.from('{"id":1,"method":"mining.ping","params":[]}\n'.repeat(5_000))
    const flood = setInterval(() => client.socket.write(asked), 1)
    await translator.logged(
      (line) => line.msg === 'connection closed' && /slow|much/.test(String(line.reason)),
      place,
    )
    clearInterval(flood)
    const before = miner.accepted.size
    await miner.until(() => miner.accepted.size > before + 3)
    for (const each of [client, miner]) each.stop()
  })
})
