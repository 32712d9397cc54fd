import { difficultyToTarget, meetsTarget, targetToDifficulty } from '@sv2/bitcoin'
import type { Edition } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { subscribeResult } from '@sv2/sv1'
import { describe, expect, test } from 'vitest'
import { EASY_TARGET, filled, NBITS_EASY, NTIME } from '../_fixtures.ts'
import type { TestChannel, TestMiner } from '../_test-miner.ts'
import { aTranslator, type ScriptedPool, type TranslatorWorld } from '../_v1-pool.ts'

const REQUIRES_STANDARD_JOBS = 1

/** Sends a share and lets the batch of acknowledgements run out; what came for it. */
function submitted(world: TranslatorWorld, miner: TestMiner, channel: TestChannel, wanted = {}) {
  miner.take()
  const share = miner.find(channel, wanted)
  miner.peer.send(share)
  world.advance(1_100)
  const answers = miner.take().filter(({ type }) => type.startsWith('SubmitShares.'))
  return { share, answers }
}

function pools(pool: ScriptedPool) {
  return pool.submits.map(({ verdict }) => verdict)
}

test.each([current, draft])(
  'a pool’s job of another target on the same tip is a new tip ($name)',
  (edition) => {
    const { world, pool } = aTranslator()
    const miner = world.miner(edition)
    const channel = miner.open('extended')
    const late = miner.find(channel)
    const nbits = 0x1c00ffff
    pool.notify({ jobId: 'easier', nbits, cleanJobs: false })
    expect(miner.tip(channel).nbits).toBe(nbits)
    miner.take()
    miner.peer.send(late)
    world.advance(1_100)
    expect(miner.take()).toMatchObject([{ type: 'SubmitShares.Error' }])
  },
)

describe.each([current, draft])('edition $name', (edition: Edition) => {
  test('a pool is configured, subscribed and authorized, in this order', () => {
    const { pool } = aTranslator()
    expect(pool.line.heard).toMatchObject([
      { type: 'mining.configure', extensions: ['version-rolling', 'subscribe-extranonce'] },
      { type: 'mining.subscribe', userAgent: 'test/1' },
      { type: 'mining.extranonce.subscribe' },
      { type: 'mining.authorize', user: 'me0', password: 'x' },
    ])
  })

  test('a pool that breaks on mining.extranonce.subscribe can be spared it, and says where it hung up', () => {
    const spared = aTranslator({ pool: { extranonceSubscribe: false } })
    expect(spared.pool.line.of('mining.extranonce.subscribe')).toEqual([])
    expect(spared.pool.line.of('mining.authorize')).toHaveLength(1)
    const { world, pool } = aTranslator()
    expect(world.factsOf('poolReady')).toHaveLength(1)
    world.drop(pool.line)
    expect(world.factsOf('poolLost')).toMatchObject([{ unanswered: undefined }])
    pool.hear = (line, message) => {
      if (message.type === 'mining.subscribe')
        line.say({
          type: 'response',
          id: message.id,
          result: subscribeResult({ extranonce1: filled(1, 4), extranonce2Size: 8 }),
          error: null,
        })
      else if (message.type === 'mining.configure') line.answer(message, 20)
      else if (message.type === 'mining.extranonce.subscribe') world.drop(line)
    }
    world.connectPools()
    expect(world.factsOf('poolLost')).toMatchObject([{ unanswered: 'extranonce.subscribe' }])
  })

  test.each([
    ['standard', 0],
    ['extended', 0],
    ['standard', REQUIRES_STANDARD_JOBS],
  ] as const)('a share of a %s channel (flags %i) is what the pool makes of it', (kind, flags) => {
    const { world, pool } = aTranslator()
    const miner = world.miner(edition, flags)
    const channels = [miner.open(kind), miner.open(kind)]
    for (const channel of channels) {
      const { share, answers } = submitted(world, miner, channel)
      expect(answers).toMatchObject([
        {
          type: 'SubmitShares.Success',
          channelId: channel.channelId,
          lastSequenceNumber: share.sequenceNumber,
        },
      ])
    }
    expect(pools(pool)).toEqual([true, true])
    expect(pool.submits[0]!.share).toMatchObject({ worker: 'me0', jobId: 'j1' })
  })

  test('shares of later jobs and tips are what the pool makes of them', () => {
    const { world, pool } = aTranslator()
    const miner = world.miner(edition)
    const channel = miner.open('extended')
    const old = miner.job(channel)
    pool.notify({ jobId: 'j2', cleanJobs: false, merkleBranch: [], ntime: NTIME + 5 })
    submitted(world, miner, channel, { ntime: NTIME + 5 })
    submitted(world, miner, channel, { job: old })
    pool.notify({ jobId: 'j3', prevHash: filled(0xbb), cleanJobs: false })
    submitted(world, miner, channel)
    expect(pools(pool)).toEqual([true, true, true])
    expect(pool.submits.map(({ share }) => share.jobId)).toEqual(['j2', 'j1', 'j3'])
  })

  test('clean_jobs makes what came before stale, and nothing of it goes up', () => {
    const { world, pool } = aTranslator()
    const miner = world.miner(edition)
    const channel = miner.open('standard')
    const [job, tip] = [miner.job(channel), miner.tip(channel)]
    pool.notify({ jobId: 'j2', cleanJobs: true, coinbase1: filled(9, 41) })
    const { answers } = submitted(world, miner, channel, { job, tip })
    expect(answers).toMatchObject([{ type: 'SubmitShares.Error', errorCode: 'stale-share' }])
    expect(pool.submits).toEqual([])
  })

  test('a share that is easier than the pool wants stays here', () => {
    const { world, pool } = aTranslator({ miners: { startDifficulty: 2 ** -32 } })
    const miner = world.miner(edition)
    const channel = miner.open('extended')
    const target = difficultyToTarget(pool.difficulty)
    const easy = submitted(world, miner, channel, { hash: (hash: Uint8Array) => !meetsTarget(hash, target) })
    expect(easy.answers).toMatchObject([{ type: 'SubmitShares.Success' }])
    expect(pool.submits).toEqual([])
    submitted(world, miner, channel, { hash: (hash: Uint8Array) => meetsTarget(hash, target) })
    expect(pools(pool)).toEqual([true])
  })

  test.each([
    [20, 'invalid-share'],
    [21, 'stale-share'],
    [22, 'duplicate-share'],
    [23, 'difficulty-too-low'],
    [24, 'invalid-share'],
    [25, 'invalid-share'],
  ] as const)("the pool's %i becomes %s", (verdict, errorCode) => {
    const { world, pool } = aTranslator()
    pool.verdict = verdict
    const miner = world.miner(edition)
    const channel = miner.open('standard')
    const { answers, share } = submitted(world, miner, channel)
    expect(answers).toMatchObject([
      { type: 'SubmitShares.Error', errorCode, sequenceNumber: share.sequenceNumber },
    ])
  })

  test('a device is never told a target harder than what the pool pays for', () => {
    const { world, pool } = aTranslator({ difficulty: 2 ** -28, miners: { startDifficulty: 1 } })
    const miner = world.miner(edition)
    const channel = miner.open('standard')
    expect(targetToDifficulty(channel.target)).toBeLessThanOrEqual(2 ** -28)
    pool.difficulty = 2 ** -30
    pool.line.say({ type: 'mining.set_difficulty', difficulty: pool.difficulty })
    world.advance(6_000)
    const target = miner.takeOf('SetTarget').at(-1)?.maximumTarget
    expect(targetToDifficulty(target!)).toBeLessThanOrEqual(2 ** -30)
  })

  test('a share found before the difficulty rose is judged as its job was', () => {
    const { world, pool } = aTranslator({ difficulty: 2 ** -30, miners: { startDifficulty: 2 ** -30 } })
    const miner = world.miner(edition)
    const channel = miner.open('extended')
    const [job, tip] = [miner.job(channel), miner.tip(channel)]
    const harder = difficultyToTarget(2 ** -26)
    const between = (hash: Uint8Array) => meetsTarget(hash, channel.target) && !meetsTarget(hash, harder)
    pool.difficulty = 2 ** -26
    pool.line.say({ type: 'mining.set_difficulty', difficulty: pool.difficulty })
    submitted(world, miner, channel, { hash: between })
    pool.notify({ jobId: 'j2', cleanJobs: false, coinbase1: filled(8, 41) })
    submitted(world, miner, channel, { hash: between })
    expect(pools(pool)).toEqual([true])
    submitted(world, miner, channel, { job, tip, hash: between })
    expect(pools(pool)).toEqual([true, true])
  })

  test('set_extranonce holds for later jobs, also for shares in flight', () => {
    const { world, pool } = aTranslator()
    const miner = world.miner(edition)
    const channels = [miner.open('standard'), miner.open('extended')]
    const before = channels.map((channel) => ({ channel, job: miner.job(channel), tip: miner.tip(channel) }))
    pool.extranonce1 = Uint8Array.of(0x77, 0, 0, 1)
    pool.line.say({ type: 'mining.set_extranonce', extranonce1: pool.extranonce1, extranonce2Size: 8 })
    for (const { channel, job, tip } of before) submitted(world, miner, channel, { job, tip })
    pool.notify({ jobId: 'j2', cleanJobs: false })
    for (const channel of channels) submitted(world, miner, channel)
    for (const { channel, job, tip } of before) submitted(world, miner, channel, { job, tip })
    expect(pools(pool)).toEqual([true, true, true, true, true, true])
  })

  test('another size of extranonce2 closes the channels, and new ones have it', () => {
    const { world, pool } = aTranslator()
    const miner = world.miner(edition)
    const channel = miner.open('extended')
    expect(channel.extranonceSize).toBe(6)
    pool.extranonce2Size = 5
    pool.line.say({
      type: 'mining.set_extranonce',
      extranonce1: pool.extranonce1,
      extranonce2Size: pool.extranonce2Size,
    })
    pool.notify({ jobId: 'j2' })
    expect(miner.takeOf('CloseChannel')).toMatchObject([
      { channelId: channel.channelId, reasonCode: 'extranonce-size-changed' },
    ])
    const next = miner.open('extended', { minExtranonceSize: 3 })
    expect(next.extranonceSize).toBe(3)
    submitted(world, miner, next)
    expect(pools(pool)).toEqual([true])
  })

  test('what does not fit extranonce2 is refused', () => {
    const { world } = aTranslator()
    const miner = world.miner(edition)
    miner.request('extended', { minExtranonceSize: 7 })
    expect(world.factsOf('channelRefused')).toMatchObject([{ code: 'min-extranonce-size-too-large' }])
  })

  test('a repeated job is the same search space: what was credited is not credited again', () => {
    const { world, pool } = aTranslator()
    const miner = world.miner(edition)
    const channel = miner.open('extended')
    const { share } = submitted(world, miner, channel)
    pool.notify({ jobId: 'j1', cleanJobs: false })
    miner.peer.send({ ...share, jobId: miner.job(channel).jobId })
    expect(world.factsOf('shareRefused')).toMatchObject([{ code: 'duplicate-share' }])
    expect(pool.submits).toHaveLength(1)
  })

  test('a block goes to the pool, and is a fact', () => {
    const { world, pool } = aTranslator()
    const miner = world.miner(edition)
    const channel = miner.open('standard')
    pool.notify({ jobId: 'j2', nbits: NBITS_EASY })
    submitted(world, miner, channel, { hash: (hash: Uint8Array) => meetsTarget(hash, EASY_TARGET) })
    expect(pools(pool)).toEqual([true])
    expect(world.factsOf('blockFound')).toHaveLength(1)
  })

  test('five hundred shares in a row are each answered once', () => {
    const { world, pool } = aTranslator({
      difficulty: 2 ** -32,
      miners: { startDifficulty: 2 ** -32, shareBatchSize: 100 },
    })
    const miner = world.miner(edition)
    const channel = miner.open('extended')
    const [job, tip] = [miner.job(channel), miner.tip(channel)]
    for (let n = 0; n < 500; n++) miner.peer.send(miner.find(channel, { job, tip }))
    world.advance(2_000)
    const acknowledged = miner
      .takeOf('SubmitShares.Success')
      .reduce((sum, { newSubmitsAcceptedCount }) => sum + newSubmitsAcceptedCount, 0)
    expect(acknowledged).toBe(500)
    expect(pools(pool)).toHaveLength(500)
  })
})

// edition draft has no time in its jobs
test('a job given again in the second of the first one begins with the next: nothing is done twice (current)', () => {
  const { world } = aTranslator({ miners: { startDifficulty: 2 ** -32 } })
  const miner = world.miner(current)
  const channel = miner.open('standard')
  const [first, { minNtime }] = [miner.job(channel), miner.tip(channel)]
  world.advance(900)
  const maximumTarget = filled(0xff)
  miner.peer.send({ type: 'UpdateChannel', channelId: channel.channelId, nominalHashRate: 5, maximumTarget })
  expect(miner.takeOf('SetTarget')).toHaveLength(1)
  const again = miner.job(channel)
  expect(again.jobId).not.toBe(first.jobId)
  expect(again.minNtime).toBe(minNtime + 1)
})
