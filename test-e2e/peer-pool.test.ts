import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** The pool of the Rust reference implementation, or any that reads the same configuration. */
const binary = process.env.SV2_PEER_POOL

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

if (binary === undefined) {
  test.skip('a foreign pool works on our template provider: set SV2_PEER_POOL to its binary', () => undefined)
} else {
  // Not in mode grouped: the reference, 0.7.0, puts the template's outputs into such a block twice.
  test.each(['standard', 'extended'] as const)(
    'a foreign pool takes our templates and the shares of our %s device, and solves blocks with them',
    async (mode) => {
      const stand = await startStand('current', {
        node: { difficulty: 0.0001, mempoolRate: 3 },
      })
      closing.push(() => stand.close())
      const { peer, url } = await startPool(stand)
      const device = new AppProcess('mining-device', {
        user_identity: `peer.${mode}`,
        mode,
        threads: 1,
        hashrate_cap: 200_000,
        upstream: { url },
      })
      closing.push(() => device.kill('SIGTERM'))
      await Promise.race([device.logged('shares accepted'), peer.failed])
      const first = await Promise.race([stand.logged(({ msg }) => msg === 'block accepted'), peer.failed])
      const second = await Promise.race([
        stand.logged(({ msg, hash }) => msg === 'block accepted' && hash !== first.hash),
        peer.failed,
      ])
      expect(stand.node.block(String(second.hash))).toBeDefined()
      expect(stand.log.filter(({ msg }) => msg === 'solution refused')).toEqual([])
    },
  )
}

async function startPool(stand: Stand): Promise<{ readonly peer: PeerProcess; readonly url: string }> {
  const provider = parsePoolUrl(stand.provider.urls[0]!)
  const keys = makeAuthorityKeyPair(certificatesOf('current', nobleBackend), (n) => randomBytes(n))
  const port = await freePort(0)
  const folder = mkdtempSync(join(tmpdir(), 'sv2-peer-pool-'))
  const file = join(folder, 'pool.toml')
  const key = (authorityKey: Uint8Array) => encodeAuthorityKey({ edition: 'current', key: authorityKey })
  writeFileSync(
    file,
    stringify({
      authority_public_key: key(keys.publicKey),
      authority_secret_key: encodeSecretKey(keys.secret),
      cert_validity_sec: 3600,
      listen_address: `127.0.0.1:${port}`,
      coinbase_reward_script: 'addr(bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202)',
      server_id: 1,
      pool_signature: 'peer',
      shares_per_minute: 120.5,
      share_batch_size: 1,
      supported_extensions: [],
      required_extensions: [],
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
