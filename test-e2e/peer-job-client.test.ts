import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressToScript, hex } from '@sv2/bitcoin'
import {
  certificatesOf,
  encodeAuthorityKey,
  encodeSecretKey,
  formatPoolUrl,
  makeAuthorityKeyPair,
  nobleBackend,
  parsePoolUrl,
} from '@sv2/noise'
import { freePort } from '@sv2/topology'
import { stringify } from 'smol-toml'
import { afterEach, expect, test } from 'vitest'
import { type PeerProcess, startPeer } from './peer-process.ts'
import { AppProcess } from './process.ts'
import { type Stand, startStand } from './stand.ts'

/** The job declarator client of the Rust reference implementation, or any that reads the same configuration. */
const binary = process.env.SV2_PEER_JOB_CLIENT

const LOGIN = { user: 'stand', password: 'stand' }
const POOL_ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const FARM_ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
/** What stands in the coinbase of its jobs. */
const TAG = 'a foreign client'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

if (binary === undefined) {
  test.skip('a foreign job client works with us: set SV2_PEER_JOB_CLIENT to its binary', () => undefined)
} else {
  test.each([
    ['FULLTEMPLATE', 'standard'],
    ['FULLTEMPLATE', 'extended'],
    ['COINBASEONLY', 'standard'],
    ['COINBASEONLY', 'extended'],
  ] as const)(
    'a foreign job client, %s, mines our templates at our pool with our %s devices',
    async (mode, channels) => {
      const stand = await ownStand()
      const { peer, url } = await startJobClient(stand, mode)
      for (const name of ['one', 'two']) startDevice(url, name, channels)
      const logged = (msg: string) => Promise.race([stand.logged((line) => line.msg === msg), peer.failed])
      await logged('custom job set')
      const { hash } = await logged('block found')
      await Promise.race([
        stand.logged(({ msg, prevHash }) => msg === 'new tip' && prevHash === hash),
        peer.failed,
      ])
      expect(stand.pool.counts().accepted).toBeGreaterThanOrEqual(1)
      const block = hex(stand.node.block(String(hash)) ?? new Uint8Array(0))
      expect(block).toContain(hex(new TextEncoder().encode(TAG)))
      expect(block).toContain(hex(addressToScript(POOL_ADDRESS, 'regtest')))
      // the client's own view of the tip may be another than the pool's for a moment
      const refused = stand.log.filter(
        ({ msg, code }) => String(msg).endsWith(' refused') && !String(code).startsWith('stale'),
      )
      expect(refused.filter(({ msg }) => msg !== 'solution refused')).toEqual([])
      expect(stand.log.some(({ msg }) => msg === 'solution pushed')).toBe(true)
      expect(stand.log.some(({ msg }) => msg === 'job accepted')).toBe(mode === 'FULLTEMPLATE')
    },
  )
}

/** A negotiator server that does not know what stands in the node's mempool: it has to ask for it. */
async function ownStand(): Promise<Stand> {
  const port = await freePort(0)
  const stand = await startStand('current', {
    node: {
      difficulty: 0.0003,
      mempoolRate: 3,
      port,
      rpcUser: LOGIN.user,
      rpcPassword: LOGIN.password,
    },
    // in COINBASEONLY the reference, 0.6.0, sets no job when the tip changes, and waits for the next fees
    provider: { template_interval_sec: 0.5 },
    pool: {
      difficulty: { shares_per_minute: 120, min_difficulty: 1e-7, start_difficulty: 1e-6 },
      // its COINBASEONLY shows nobody its transactions
      custom_work: { unchecked_trust_difficulty: 1 },
      job_negotiator: {
        enabled: true,
        transactions: { interval_sec: 60 },
        negotiation: { jobs_per_minute: 600, tokens_per_minute: 600 },
        nodes: [{ url: `http://127.0.0.1:${port}`, ...LOGIN }],
        listen: [{ host: '127.0.0.1', port: 0 }],
      },
    },
  })
  closing.push(() => stand.close())
  return stand
}

async function startJobClient(
  stand: Stand,
  mode: string,
): Promise<{ readonly peer: PeerProcess; readonly url: string }> {
  const provider = parsePoolUrl(stand.provider.urls[0]!)
  const pool = parsePoolUrl(stand.pool.urls[0]!)
  const keys = makeAuthorityKeyPair(certificatesOf('current', nobleBackend), (n) => randomBytes(n))
  const port = await freePort(0)
  const folder = mkdtempSync(join(tmpdir(), 'sv2-peer-job-client-'))
  const file = join(folder, 'client.toml')
  const key = (authorityKey: Uint8Array) => encodeAuthorityKey({ edition: 'current', key: authorityKey })
  writeFileSync(
    file,
    stringify({
      listening_address: `127.0.0.1:${port}`,
      max_supported_version: 2,
      min_supported_version: 2,
      authority_public_key: key(keys.publicKey),
      authority_secret_key: encodeSecretKey(keys.secret),
      cert_validity_sec: 3600,
      shares_per_minute: 120.5,
      share_batch_size: 1,
      mode,
      jdc_signature: TAG,
      coinbase_reward_script: `addr(${FARM_ADDRESS})`,
      supported_extensions: [2],
      upstreams: [
        {
          authority_pubkey: key(pool.authorityKey),
          pool_address: '127.0.0.1',
          pool_port: pool.port,
          jds_address: '127.0.0.1',
          jds_port: parsePoolUrl(stand.pool.negotiatorUrls[0]!).port,
          user_identity: 'peer.farm',
        },
      ],
      template_provider_type: {
        Sv2Tp: { address: `127.0.0.1:${provider.port}`, public_key: key(provider.authorityKey) },
      },
    }),
  )
  const peer = startPeer(binary!, ['-c', file])
  closing.push(() => peer.stop().then(() => rmSync(folder, { recursive: true, force: true })))
  const url = formatPoolUrl({ host: '127.0.0.1', port, authorityKey: keys.publicKey, edition: 'current' })
  return { peer, url }
}

function startDevice(url: string, name: string, mode: string): void {
  const device = new AppProcess('mining-device', {
    user_identity: `peer.${name}`,
    mode,
    threads: 1,
    hashrate_cap: 100_000,
    upstream: { url },
  })
  closing.push(() => device.kill('SIGTERM'))
}
