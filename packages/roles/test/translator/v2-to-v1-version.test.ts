import type { Edition } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { filled } from '../_fixtures.ts'
import type { TestChannel, TestMiner } from '../_test-miner.ts'
import { aTranslator, ScriptedPool, TranslatorWorld } from '../_v1-pool.ts'

const REQUIRES_FIXED_VERSION = 1
const BITS = 1 << 13

/** Sends a share and lets the batch of acknowledgements run out; what came for it. */
function submitted(world: TranslatorWorld, miner: TestMiner, channel: TestChannel, wanted = {}) {
  miner.take()
  miner.peer.send(miner.find(channel, wanted))
  world.advance(1_100)
  return miner.take().filter(({ type }) => type.startsWith('SubmitShares.'))
}

describe.each([current, draft])('version rolling in edition $name', (edition: Edition) => {
  test('granted: rolled bits go up, and are what the pool hashes', () => {
    const { world, pool } = aTranslator()
    const miner = world.miner(edition)
    expect(miner.log[0]).toMatchObject({ type: 'SetupConnection.Success', flags: 0 })
    const channel = miner.open('extended')
    submitted(world, miner, channel, { version: 0x2000_0000 | BITS })
    expect(pool.submits).toMatchObject([{ verdict: true, share: { versionBits: BITS } }])
  })

  test.each([
    ['refused', undefined],
    ['not heard of', 'silent'],
    ['granted for too few bits', 0x0000_6000],
  ] as const)('%s: devices are told to keep the version', (_, mask) => {
    const pool = new ScriptedPool()
    pool.mask = mask
    const world = new TranslatorWorld([pool])
    const miner = world.miner(edition)
    if (mask === 'silent') {
      expect(miner.log).toEqual([])
      world.advance(11_000)
      miner.take()
    }
    expect(miner.log[0]).toMatchObject({ type: 'SetupConnection.Success', flags: REQUIRES_FIXED_VERSION })
    const channel = miner.open('extended')
    expect(miner.job(channel)).toMatchObject({ versionRollingAllowed: false })
    submitted(world, miner, channel, { version: 0x2000_0000 | BITS })
    expect(pool.submits).toEqual([])
    submitted(world, miner, channel)
    expect(pool.submits).toMatchObject([{ verdict: true }])
  })

  test('off by configuration: the pool is not asked', () => {
    const { world, pool } = aTranslator({ pool: { versionRolling: false } })
    expect(pool.line.of('mining.configure')).toEqual([])
    expect(world.miner(edition).log[0]).toMatchObject({ flags: REQUIRES_FIXED_VERSION })
  })

  test('taken away later: what is rolled against it does not go up', () => {
    const { world, pool } = aTranslator()
    const miner = world.miner(edition)
    const channel = miner.open('extended')
    pool.mask = 0
    pool.line.say({ type: 'mining.set_version_mask', mask: 0 })
    pool.notify({ jobId: 'j2', coinbase1: filled(5, 41) })
    expect(miner.job(channel)).toMatchObject({ versionRollingAllowed: false })
    const answers = submitted(world, miner, channel, { version: 0x2000_0000 | BITS })
    expect(answers).toMatchObject([{ type: 'SubmitShares.Error' }])
    expect(pool.submits).toEqual([])
    expect(world.miner(edition).log[0]).toMatchObject({ flags: REQUIRES_FIXED_VERSION })
  })
})

test('bits outside the pool’s mask are refused here (BIP 323 against BIP 320)', () => {
  const { world, pool } = aTranslator()
  const miner = world.miner(current)
  const channel = miner.open('extended')
  const answers = submitted(world, miner, channel, { version: 0x2000_0000 | (1 << 6) })
  expect(answers).toMatchObject([
    { type: 'SubmitShares.Error', errorCode: 'invalid-non-rollable-version-bit' },
  ])
  expect(pool.submits).toEqual([])
})
