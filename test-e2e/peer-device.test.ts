import { spawn } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import { type LogLine, type Stand, startStand } from './stand.ts'

/** The mining device of the Rust reference implementation, or any that takes the same arguments. */
const binary = process.env.SV2_PEER_DEVICE

const stands: Stand[] = []
const devices: PeerDevice[] = []
afterEach(async () => {
  for (const device of devices.splice(0)) await device.stop()
  for (const stand of stands.splice(0)) await stand.close()
})

if (binary === undefined) {
  test.skip('a foreign mining device mines on our pool: set SV2_PEER_DEVICE to its binary', () => undefined)
} else {
  test('a foreign mining device mines on our pool: no share is refused, its blocks become the tip', async () => {
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
    expect(stand.pool.counts()).toMatchObject({ refused: 0 })
    expect(stand.pool.counts().accepted).toBeGreaterThanOrEqual(2)
    expect(stand.log.filter(({ msg }) => msg === 'miner misbehaved')).toEqual([])
  })

  test('a foreign mining device that was told another authority key opens no channel', async () => {
    const [stand, other] = [await ownStand(), await ownStand()]
    const key = other.pool.urls[0]!.split('/').at(-1)!
    const device = startDevice(stand.pool.urls[0]!.replace(/[^/]+$/, key))
    await expect(device.failed).rejects.toThrow('the device ended')
    expect(stand.log.filter(({ msg }) => msg === 'channel opened')).toEqual([])
  })
}

/** Blocks after some ten million hashes, shares after a fraction of that: seconds for one core. */
async function ownStand(): Promise<Stand> {
  const stand = await startStand('current', {
    node: { difficulty: 0.003 },
    pool: { difficulty: { shares_per_minute: 120, min_difficulty: 1e-7 } },
  })
  stands.push(stand)
  return stand
}

interface PeerDevice {
  /** Rejects, with what it printed last, when the device ends by itself. */
  readonly failed: Promise<never>
  stop(): Promise<void>
}

function startDevice(url: string): PeerDevice {
  const { host, pathname } = new URL(url.replace(/^[^:]+/, 'http'))
  const child = spawn(
    binary!,
    [
      '--address-pool',
      host,
      '--pubkey-pool',
      pathname.slice(1),
      '--id-device',
      'peer',
      '--id-user',
      'peer.1',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let printed = ''
  const keep = (chunk: Buffer): void => {
    printed = (printed + chunk.toString()).slice(-2_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = new Promise<string>((resolve) => {
    child.on('error', ({ message }) => resolve(message))
    child.on('close', (code, signal) => resolve(`the device ended, ${signal ?? code}: ${printed}`))
  })
  let stopping = false
  const failed = ended.then((how): Promise<never> => {
    // A stopped device has not failed: whoever still waits is about to be torn down.
    return stopping ? new Promise(() => undefined) : Promise.reject(new Error(how))
  })
  failed.catch(() => undefined)
  const device = {
    failed,
    async stop() {
      stopping = true
      child.kill()
      await ended
    },
  }
  devices.push(device)
  return device
}
