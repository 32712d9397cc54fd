import { afterEach, expect, test } from 'vitest'
import { type PeerProcess, startPeer } from './peer-process.ts'
import { type LogLine, type Stand, startStand } from './stand.ts'

/** The mining device of the Rust reference implementation, or any that takes the same arguments. */
const binary = process.env.SV2_PEER_DEVICE

const stands: Stand[] = []
const devices: PeerProcess[] = []
afterEach(async () => {
  for (const device of devices.splice(0)) await device.stop()
  for (const stand of stands.splice(0)) await stand.close()
})

if (binary === undefined) {
  test.skip('a foreign mining device mines on our pool: set SV2_PEER_DEVICE to its binary', () => undefined)
} else {
  test('a foreign mining device mines on our pool: its shares are accepted, its blocks become the tip', async () => {
    const stand = await ownStand()
    const device = startDevice(stand.pool.urls[0]!)
    const logged = (fits: (line: LogLine) => boolean) => Promise.race([stand.logged(fits), device.failed])
    expect(await logged(({ msg }) => msg === 'channel opened')).toMatchObject({ channelKind: 'standard' })
    const first = await logged(({ msg }) => msg === 'block found')
    await logged(({ msg, prevHash }) => msg === 'new tip' && prevHash === first.hash)
    // It goes on with the job on top of its own block.
    const second = await logged(({ msg, hash }) => msg === 'block found' && hash !== first.hash)
    await logged(({ msg, prevHash }) => msg === 'new tip' && prevHash === second.hash)
    expect(stand.node.block(String(second.hash))).toBeDefined()
    // A share may cross our new tip on the wire; nothing else is refused.
    const refused = stand.log.filter(({ msg, code }) => msg === 'share refused' && code !== 'stale-share')
    expect(refused).toEqual([])
    expect(stand.pool.counts().accepted).toBeGreaterThanOrEqual(2)
    expect(stand.log.filter(({ msg }) => msg === 'miner misbehaved')).toEqual([])
  })

  test('a foreign mining device that was told another authority key opens no channel', async () => {
    const [stand, other] = [await ownStand(), await ownStand()]
    const key = other.pool.urls[0]!.split('/').at(-1)!
    const device = startDevice(stand.pool.urls[0]!.replace(/[^/]+$/, key))
    await expect(device.failed).rejects.toThrow('the peer ended')
    expect(stand.log.filter(({ msg }) => msg === 'channel opened')).toEqual([])
  })
}

/**
 * Blocks after some ten million hashes, shares after a fraction of that: seconds for one core. No vardiff, since
 * the reference begins a job again when its target changes, and then sends the same shares twice.
 */
async function ownStand(): Promise<Stand> {
  const stand = await startStand('current', {
    node: { difficulty: 0.003 },
    pool: {
      difficulty: { shares_per_minute: 120, min_difficulty: 1e-7, start_difficulty: 1e-6, vardiff: false },
    },
  })
  stands.push(stand)
  return stand
}

function startDevice(url: string): PeerProcess {
  const { host, pathname } = new URL(url.replace(/^[^:]+/, 'http'))
  const login = ['--id-device', 'peer', '--id-user', 'peer.1']
  const device = startPeer(binary!, ['--address-pool', host, '--pubkey-pool', pathname.slice(1), ...login])
  devices.push(device)
  return device
}
