import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { EASY_TARGET, NTIME } from '../_fixtures.ts'
import { aTranslator, TranslatorWorld } from '../_sv1-world.ts'
import { anUpstreamJob } from '../_test-upstream.ts'

const ROLLING = ['version-rolling'] as const
const FIXED_VERSION = 1

function configure(mask: string, more: Record<string, unknown> = {}) {
  return [[...ROLLING], { 'version-rolling.mask': mask, ...more }] as const
}

describe('a job whose version has bits that the miner may roll', () => {
  const SIGNALS = 0x3000_4000
  const MASK = 0x1fff_e000

  function aSignallingPool() {
    const { world, pool } = aTranslator(current)
    pool.send(anUpstreamJob(1, 11, { version: SIGNALS, minNtime: NTIME }))
    return { world, pool }
  }

  test.each([
    ['in the place of those of the job (BIP 310)', (version: number) => version & MASK],
    ['as what it changed of them (ESP-Miner)', (version: number, shown: number) => version ^ shown],
  ])('is good for a miner that sends its bits %s', (_, bitsOf) => {
    const { world, pool } = aSignallingPool()
    const miner = world.miner()
    miner.peer.request('mining.configure', ...configure('1fffe000'))
    miner.login()
    const shown = miner.job.version
    const rolled = (shown ^ 0x0123_4000 ^ 0x2000) >>> 0
    const params = miner.find({ versionBits: (rolled ^ shown) >>> 0 })
    params[5] = (bitsOf(rolled, shown) >>> 0).toString(16).padStart(8, '0')
    expect(miner.peer.request('mining.submit', ...params).result).toBe(true)
    expect(miner.mine()).toBe(true)
    const went = pool.take('SubmitSharesExtended').map(({ version }) => version >>> 0)
    expect(went).toEqual([rolled, 0x2000_0000])
  })

  test('is shown as it is to a miner that rolls none', () => {
    const { world, pool } = aSignallingPool()
    const miner = world.miner().login()
    expect(miner.job.version).toBe(SIGNALS)
    expect(miner.mine()).toBe(true)
    expect(pool.take('SubmitSharesExtended')).toMatchObject([{ version: SIGNALS }])
  })

  test('is held against what the miner was shown, whatever it may roll since', () => {
    const { world, pool } = aSignallingPool()
    const miner = world.miner()
    miner.peer.request('mining.configure', ...configure('1fffe000'))
    miner.login()
    const before = miner.job
    pool.send(anUpstreamJob(1, 12, { version: SIGNALS, minNtime: NTIME, versionRollingAllowed: false }))
    expect(miner.job.version).toBe(SIGNALS)
    expect(miner.mine()).toBe(true)
    expect(miner.mine({ job: before, versionBits: 0x2000 })).toBe(true)
    pool.send(anUpstreamJob(1, 13, { version: SIGNALS, minNtime: NTIME }))
    expect(miner.mine({ versionBits: 0x4000 })).toBe(true)
    const went = pool.take('SubmitSharesExtended').map(({ version }) => version >>> 0)
    expect(went).toEqual([SIGNALS, 0x2000_2000, 0x2000_4000])
  })
})

describe('version rolling', () => {
  test.each([
    ['ffffffff', { 'version-rolling': true, 'version-rolling.mask': '1fffe000' }],
    ['00ffe000', { 'version-rolling': true, 'version-rolling.mask': '00ffe000' }],
    ['e0000000', { 'version-rolling': false }],
  ])('asked for %s, granted what both sides may do', (mask, result) => {
    const { world } = aTranslator(current)
    expect(world.peer().request('mining.configure', ...configure(mask)).result).toEqual(result)
  })

  test('a miner that needs more bits than there are is refused', () => {
    const { world } = aTranslator(current)
    const asked = configure('00006000', { 'version-rolling.min-bit-count': '3' })
    expect(world.peer().request('mining.configure', ...asked).result).toEqual({ 'version-rolling': false })
  })

  test('every extension asked for is answered, unknown ones with false', () => {
    const { world } = aTranslator(current)
    const names = ['version-rolling', 'minimum-difficulty', 'subscribe-extranonce', 'info', 'x']
    const { result } = world.peer().request('mining.configure', names, { 'minimum-difficulty.value': 2 })
    expect(result).toMatchObject({
      'version-rolling': true,
      'minimum-difficulty': true,
      'subscribe-extranonce': true,
      info: false,
      x: false,
    })
  })

  test.each([current, draft])('by option up to 1fffffe0 where the upstream ($name) takes it', (edition) => {
    const { world } = aTranslator(edition, { front: { versionRollingMask: 0x1fff_ffe0 } })
    const { result } = world.peer().request('mining.configure', ...configure('ffffffff'))
    const mask = edition === current ? '1fffffe0' : '1fffe000'
    expect(result).toMatchObject({ 'version-rolling.mask': mask })
  })

  test('rolled bits reach the pool; bits outside of the mask are refused with 20', () => {
    const { world, pool } = aTranslator(current)
    const miner = world.miner()
    miner.peer.request('mining.configure', ...configure('1fffe000'))
    miner.login()
    expect(miner.mine({ versionBits: 0x0000_2000 })).toBe(true)
    expect(pool.take('SubmitSharesExtended')).toMatchObject([{ version: 0x2000_2000 }])
    expect(miner.mine({ versionBits: 0x0000_1000 })).toBe(20)
    expect(miner.mine()).toBe(true)
  })

  test('bits of a miner that never negotiated them are refused', () => {
    const { world } = aTranslator(current)
    const miner = world.miner().login()
    expect(miner.mine({ versionBits: 0x2000 })).toBe(20)
    expect(miner.mine({ versionBits: 0 })).toBe(true)
  })

  test('version rolling refused upstream: no mask is granted, and shares without it are good', () => {
    const { world } = aTranslator(current, {}, { flags: FIXED_VERSION })
    const miner = world.miner()
    const { result } = miner.peer.request('mining.configure', ...configure('1fffe000'))
    expect(result).toEqual({ 'version-rolling': false })
    miner.login()
    expect(miner.mine()).toBe(true)
  })

  test('version rolling refused by an upstream that comes later: the mask shrinks to nothing', () => {
    const world = new TranslatorWorld({ front: { minDifficulty: 2 ** -28 } })
    const miner = world.miner()
    miner.peer.request('mining.configure', ...configure('1fffe000'))
    miner.login()
    const pool = world.upstream(current, { flags: FIXED_VERSION, target: EASY_TARGET })
    pool.tip(1, 10)
    expect(miner.peer.all('mining.set_version_mask').map(({ params }) => params)).toEqual([['00000000']])
    expect(miner.peer.closed).toBeUndefined()
    expect(miner.mine({ versionBits: 0x2000 })).toBe(20)
    expect(miner.mine()).toBe(true)
  })

  test('a job that allows none takes the mask away before it, and the next one gives it back', () => {
    const { world, pool } = aTranslator(current)
    const miner = world.miner()
    miner.peer.request('mining.configure', ...configure('1fffe000'))
    miner.login()
    miner.peer.take()
    pool.send(anUpstreamJob(1, 11, { minNtime: NTIME, versionRollingAllowed: false }))
    pool.send(anUpstreamJob(1, 12, { minNtime: NTIME }))
    expect(miner.peer.takeKinds()).toEqual([
      'mining.set_version_mask',
      'mining.notify',
      'mining.set_version_mask',
      'mining.notify',
    ])
    expect(miner.peer.all('mining.set_version_mask').map(({ params }) => params?.[0])).toEqual([
      '00000000',
      '1fffe000',
    ])
  })

  test('firmware that waits for it is sent the mask behind its answers', () => {
    const { world } = aTranslator(current)
    const miner = world.miner()
    miner.peer.request('mining.configure', ...configure('1fffe000'))
    expect(miner.peer.takeKinds()).toEqual(['answer'])
    miner.subscribe('whatsminer/v1.1')
    expect(miner.peer.takeKinds()).toEqual(['answer', 'mining.set_version_mask'])
  })
})
