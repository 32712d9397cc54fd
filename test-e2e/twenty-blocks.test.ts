import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { scriptToAddress } from '@sv2/bitcoin'
import { freePort } from '@sv2/topology'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type BookedBlock, Books } from './books.ts'
import { AppProcess, runCommand } from './process.ts'
import { bitcoindNodes, embeddedNodes, type RpcNode, type RpcNodes, rpc, whyNoBitcoind } from './rpc-nodes.ts'

const POOL = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const FEE_PPM = 20_000
const BLOCKS = 20
/** The third mines the jobs of its own job client. */
const MINERS = [40_000, 20_000, 20_000].map((hashrate, n) => ({ address: addressOf(n), hashrate }))
const WITHOUT_LIMITS = { jobs_per_minute: 6_000, tokens_per_minute: 6_000 }
/** Of a block on the embedded nodes. */
const NETWORK_DIFFICULTY = 2 ** -15

interface Kind {
  readonly name: string
  /** Without extensions in the draft: there a client's jobs pay the pool alone, which owes it to its miners. */
  readonly edition: 'current' | 'draft'
  readonly start: (folder: string) => Promise<RpcNodes>
  /** Of a share. On a real regtest every hash is a block: each share is one, and they come every two seconds. */
  readonly difficulty: number
}

const whyNot = whyNoBitcoind()
const KINDS: readonly Kind[] = [
  {
    name: 'embedded nodes',
    edition: 'current',
    start: (folder) => embeddedNodes(folder, NETWORK_DIFFICULTY),
    difficulty: 2 ** -18,
  },
  {
    name: 'embedded nodes, in the draft edition',
    edition: 'draft',
    start: (folder) => embeddedNodes(folder, NETWORK_DIFFICULTY),
    difficulty: 2 ** -18,
  },
  ...(whyNot === undefined
    ? [{ name: 'Bitcoin Core', edition: 'current' as const, start: bitcoindNodes, difficulty: 2 ** -15 }]
    : []),
]

if (whyNot !== undefined) test.skip(`twenty blocks on Bitcoin Core: ${whyNot}`, () => undefined)

describe.each(KINDS)(
  'a pool that pays three accounts by pplns, on $name',
  ({ start, difficulty, edition }) => {
    const folder = mkdtempSync(join(tmpdir(), 'sv2-twenty-blocks-'))
    const processes: AppProcess[] = []
    let nodes: RpcNodes
    let pool: AppProcess
    let client: AppProcess
    let books: Books
    let apiPort = 0
    /** The block that was taken out of the chain. */
    let orphan: BookedBlock

    beforeAll(async () => {
      nodes = await start(folder)
      apiPort = await freePort(0)
      books = new Books({
        apiPort,
        rawBlock: (hash) => rpc(nodes.node, 'getblock', hash, 0),
        poolAddress: POOL,
        feePpm: FEE_PPM,
      })
      const poolProvider = await startProvider('pool-provider', nodes.node)
      const farmProvider = await startProvider('farm-provider', nodes.farmNode)
      const { poolUrl, negotiatorUrl } = await startPool(poolProvider)
      const clientUrl = await startClient(farmProvider, { poolUrl, negotiatorUrl })
      for (const [n, { address, hashrate }] of MINERS.entries())
        startDevice(n, { address, hashrate, url: n === 2 ? clientUrl : poolUrl })
    }, 60_000)
    afterAll(async () => {
      await Promise.all(processes.map((each) => each.kill('SIGKILL')))
      await nodes?.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    test('books twenty blocks, two at least of them by a job client, and takes back one that is orphaned', async () => {
      await confirmed(5)
      orphan = await vi.waitFor(async () => {
        const newest = (await books.blocks()).find(({ state }) => state === 'pending')
        expect(newest).toBeDefined()
        return newest!
      })
      for (const node of [nodes.node, nodes.farmNode]) await rpc(node, 'invalidateblock', orphan.hash)

      const found = await confirmed(BLOCKS)
      const withAll = await books.expectBooked(
        found,
        MINERS.map(({ address }) => address),
      )
      expect(withAll).toBeGreaterThan(BLOCKS / 4)
      const ofClient = pool.log
        .filter(({ msg, templateId }) => msg === 'block found' && templateId === undefined)
        .map(({ hash }) => String(hash))
      expect(found.filter(({ hash }) => ofClient.includes(hash)).length).toBeGreaterThan(1)

      expect((await books.blocks()).find(({ hash }) => hash === orphan.hash)?.state).toBe('orphaned')
      // another block stands in its place, and no hash is booked twice
      expect(found.filter(({ height }) => height === orphan.height)).toHaveLength(1)
      expect(new Set(found.map(({ hash }) => hash)).size).toBe(found.length)
      expect(client.log.filter(({ level }) => level >= 50)).toEqual([])
    }, 240_000)

    test('is agreed with by an auditor with a node of his own', async () => {
      const { url, cookie_file } = nodes.farmNode
      const { code, stdout, stderr } = await runCommand(
        'verify',
        ...[
          '--pool',
          `http://127.0.0.1:${apiPort}`,
          '--account',
          MINERS[0]!.address,
          '--node',
          url,
          '--cookie',
          cookie_file,
        ],
      )
      expect({ code, stderr, broken: stdout.includes('BROKEN') }, stdout).toEqual({
        code: 0,
        stderr: '',
        broken: false,
      })
      expect(stdout).toMatch(/ok {6}The coinbases of \d+ jobs and \d{2} blocks pay what the journal says/)
      expect(stdout).toMatch(/ok {6}In your node, \d{2} blocks have the coinbase that the pool has booked/)
    }, 60_000)

    /** So many blocks of the pool that are deep in the chain, all of them. */
    function confirmed(count: number): Promise<readonly BookedBlock[]> {
      return vi.waitFor(
        async () => {
          const found = (await books.blocks()).filter(({ state }) => state === 'confirmed')
          expect(found.length).toBeGreaterThanOrEqual(count)
          return found
        },
        { timeout: 200_000, interval: 500 },
      )
    }

    async function startProvider(name: string, node: RpcNode): Promise<string> {
      const { url } = await startApp('template-provider', {
        data_dir: join(folder, name),
        template_interval_sec: 0.5,
        nodes: [node],
        listen: [{ host: '127.0.0.1', port: 0, edition }],
        monitoring: { port: 0 },
      }).logged('listening')
      return String(url)
    }

    async function startPool(provider: string): Promise<{ poolUrl: string; negotiatorUrl: string }> {
      pool = startApp('pool', {
        data_dir: join(folder, 'pool'),
        payout: {
          mode: 'pplns',
          address: POOL,
          fee_ppm: FEE_PPM,
          window_blocks: 8,
          refresh_sec: 1,
          confirmations: 3,
        },
        ledger: { nodes: [nodes.node] },
        difficulty: { vardiff: false, min_difficulty: difficulty, start_difficulty: difficulty },
        template_provider: { url: provider },
        listen: [{ host: '127.0.0.1', port: 0, edition }],
        job_negotiator: {
          enabled: true,
          nodes: [nodes.node],
          listen: [{ host: '127.0.0.1', port: 0, edition }],
          negotiation: WITHOUT_LIMITS,
          transactions: { interval_sec: 1 },
        },
        monitoring: { port: apiPort },
      })
      await pool.logged('ledger ready')
      await pool.logged('new tip')
      const [negotiatorUrl, poolUrl] = await vi.waitFor(() => {
        const urls = pool.log.filter(({ msg }) => msg === 'listening').map(({ url }) => String(url))
        expect(urls).toHaveLength(2)
        return urls as [string, string]
      })
      return { poolUrl, negotiatorUrl }
    }

    async function startClient(
      provider: string,
      { poolUrl, negotiatorUrl }: { readonly poolUrl: string; readonly negotiatorUrl: string },
    ): Promise<string> {
      const { address } = MINERS[2]!
      client = startApp(
        { app: 'job-negotiator', subcommand: 'client' },
        {
          data_dir: join(folder, 'client'),
          payout: { address },
          extensions: [2, 3],
          difficulty: { vardiff: false, min_difficulty: difficulty, start_difficulty: difficulty },
          template_provider: { url: provider },
          upstreams: [
            { user_identity: `${address}.farm`, pool: { url: poolUrl }, negotiator: { url: negotiatorUrl } },
          ],
          listen: [{ host: '127.0.0.1', port: 0, edition }],
          monitoring: { port: 0 },
        },
      )
      const { url } = await client.logged('listening')
      return String(url)
    }

    function startDevice(
      n: number,
      {
        address,
        hashrate,
        url,
      }: { readonly address: string; readonly hashrate: number; readonly url: string },
    ): void {
      startApp('mining-device', {
        upstream: { url },
        user_identity: `${address}.rig`,
        mode: 'extended',
        threads: 1,
        hashrate_cap: hashrate,
        nominal_hashrate: 10_000 + n,
      })
    }

    function startApp(...how: ConstructorParameters<typeof AppProcess>): AppProcess {
      const started = new AppProcess(...how)
      processes.push(started)
      return started
    }
  },
)

/** An address of its own for each miner. */
function addressOf(miner: number): string {
  return scriptToAddress(Uint8Array.of(0, 20, ...new Array(20).fill(miner + 1)), 'regtest')!
}
