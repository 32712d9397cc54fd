import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type PeerProcess, startPeer } from './peer-process.ts'
import { AppProcess } from './process.ts'
import { type LogLine, type Stand, startStand } from './stand.ts'
import { V1Client } from './v1-client.ts'

/** cpuminer, when somebody has built one: https://github.com/pooler/cpuminer. */
const MINERD = process.env.MINERD
const WHO = MINERD === undefined ? 'a scripted client, as MINERD names no cpuminer,' : 'cpuminer'

/** Hashes that a block takes: seconds for cpuminer's millions a second, and for thousands in JavaScript. */
const NETWORK = MINERD === undefined ? 4e-6 : 0.003

/** Somebody who mines, until the end of the test. */
interface Miner {
  /** Rejects when it ends by itself. */
  readonly failed: Promise<never>
  stop(): unknown
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function startTranslator(stand: Stand, aggregated: boolean, port = 0): Promise<AppProcess> {
  const translator = new AppProcess('translator-proxy', {
    data_dir: join(stand.dataDir, 'translator'),
    network: 'regtest',
    v1_to_v2: {
      aggregate_channels: aggregated,
      upstreams: [{ url: stand.pool.urls[0], user_identity: aggregated ? 'farm' : '{identity}' }],
      difficulty:
        MINERD === undefined
          ? { min_difficulty: 1e-8, start_difficulty: 1e-7 }
          : { min_difficulty: 1e-4, start_difficulty: 1e-3 },
    },
    listen: [{ host: '127.0.0.1', port }],
    monitoring: { port: 0 },
  })
  closing.push(() => translator.kill('SIGKILL'))
  await translator.logged('listening for Stratum V1')
  return translator
}

async function startMiner(port: number): Promise<Miner> {
  if (MINERD !== undefined) {
    const url = `stratum+tcp://127.0.0.1:${port}`
    const args = ['-a', 'sha256d', '-o', url, '-u', 'farm.cpu', '-p', 'x', '-t', '1', '--retry-pause=1']
    const peer: PeerProcess = startPeer(MINERD, args)
    closing.push(() => peer.stop())
    return peer
  }
  const client = new V1Client(port, 'farm.cpu')
  closing.push(() => client.stop())
  await client.login()
  client.start()
  const failed = client.ended().then((): never => {
    throw new Error('the client was sent away')
  })
  failed.catch(() => undefined)
  return { failed, stop: () => client.stop() }
}

describe.each([
  { name: 'one upstream channel for all', aggregated: true },
  { name: 'an upstream channel for each', aggregated: false },
])('$name', ({ aggregated }) => {
  test(`${WHO} finds blocks that become the tip, and mines on when the translator comes back`, async () => {
    const stand = await startStand('current', { node: { difficulty: NETWORK } })
    closing.push(() => stand.close())
    const first = await startTranslator(stand, aggregated)
    const { port } = await first.logged('listening for Stratum V1')
    const miner = await startMiner(Number(port))
    /** A block that became the tip after so many lines of the pool's log. */
    const blockSince = async (who: Miner, place: number): Promise<void> => {
      const isTip = ({ msg, prevHash }: LogLine): boolean =>
        msg === 'new tip' &&
        stand.log.slice(place).some((line) => line.msg === 'block found' && line.hash === prevHash)
      const { prevHash } = await Promise.race([stand.logged(isTip), who.failed])
      expect(stand.node.block(String(prevHash))).toBeDefined()
    }
    await blockSince(miner, 0)
    await first.kill('SIGTERM')
    const place = stand.log.length
    const second = await startTranslator(stand, aggregated, Number(port))
    await blockSince(MINERD === undefined ? await startMiner(Number(port)) : miner, place)
    for (const { log } of [first, second]) {
      const refused = log.filter(({ msg, code }) => msg === 'share refused' && code !== 21)
      expect(refused).toEqual([])
    }
  })
})
