import { hex } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { EASY_TARGET, filled, NBITS_HARD, NTIME } from '../_fixtures.ts'
import { aTranslator, TranslatorWorld } from '../_sv1-world.ts'
import { anUpstreamJob } from '../_test-upstream.ts'

function acknowledgement(sequence: number): Message {
  return {
    type: 'SubmitShares.Success',
    channelId: 1,
    lastSequenceNumber: sequence,
    newSubmitsAcceptedCount: 1,
    newSharesSum: 1n,
  }
}

test.each([current, draft])(
  'a tip told again with a later time ($name) leaves running work as it was',
  (edition) => {
    const { world, pool } = aTranslator(edition)
    const miner = world.miner().login()
    const before = miner.job
    pool.send(anUpstreamJob(1, 11), {
      type: 'SetNewPrevHash',
      channelId: 1,
      jobId: 11,
      prevHash: filled(0xaa),
      minNtime: NTIME + 50,
      nbits: NBITS_HARD,
    })
    expect(miner.job).toMatchObject({ clean: false, ntime: NTIME + 50 })
    expect(miner.mine({ job: before })).toBe(true)
    expect(miner.mine()).toBe(true)
    expect(pool.take('SubmitSharesExtended')).toMatchObject([{ jobId: 10 }, { jobId: 11, ntime: NTIME + 50 }])
    pool.tip(1, 12, filled(0xbb))
    expect(miner.job.clean).toBe(true)
  },
)

describe('jobs', () => {
  test('whose transactions are not known here say so, instead of an empty block', () => {
    const { world } = aTranslator(current)
    const miner = world.miner().login()
    const { error } = miner.peer.request('mining.get_transactions', miner.job.jobId)
    expect(error).toEqual([20, 'The transactions of this job are not known here', null])
    expect((miner.peer.request('mining.get_txnhashes').error as [number])[0]).toBe(20)
  })

  test('a better job of the same tip is not clean, a new tip is', () => {
    const { world, pool } = aTranslator(current)
    const miner = world.miner().login()
    const first = miner.job
    pool.send(anUpstreamJob(1, 11, { minNtime: NTIME }))
    expect(miner.job.clean).toBe(false)
    expect(miner.mine({ job: first })).toBe(true)
    const old = miner.job
    pool.tip(1, 12, filled(0xbb))
    expect(miner.job.clean).toBe(true)
    expect(miner.mine({ job: old })).toBe(21)
    expect(miner.peer.lines.at(-1)?.error).toEqual([21, 'Stale share', null])
  })

  test('a future job is no job until its tip comes', () => {
    const { world, pool } = aTranslator(current)
    const miner = world.miner().login()
    const jobs = miner.jobs.length
    pool.send(anUpstreamJob(1, 11))
    expect(miner.jobs).toHaveLength(jobs)
    const next = (Number.parseInt(miner.job.jobId, 16) + 1).toString(16)
    expect(miner.mine({ job: { ...miner.job, jobId: next } })).toBe(21)
  })

  test('aggregated_handles_downstream_connecting_during_future_job', () => {
    const { world, pool } = aTranslator(current)
    pool.send(anUpstreamJob(1, 11))
    const miner = world.miner().login()
    expect(miner.mine()).toBe(true)
    pool.send({
      type: 'SetNewPrevHash',
      channelId: 1,
      jobId: 11,
      prevHash: filled(0xbb),
      minNtime: NTIME,
      nbits: 0x1d00ffff,
    })
    expect(miner.job.clean).toBe(true)
    expect(miner.mine()).toBe(true)
    expect(pool.take('SubmitSharesExtended').map(({ jobId }) => jobId)).toEqual([10, 11])
  })

  test('keepalive_job_sent_and_share_received_by_pool: every 60 s a new id and a later time', () => {
    const { world, pool } = aTranslator(current)
    const miner = world.miner().login('bitaxe/BM1368/v2.9.0')
    const shares = []
    for (let sequence = 1; sequence <= 4; sequence++) {
      shares.push(miner.mine())
      pool.send(acknowledgement(sequence))
      if (sequence < 4) world.link.advance(61_000)
    }
    const ids = miner.jobs.map(({ jobId }) => jobId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toHaveLength(4)
    const times = miner.jobs.map(({ ntime }) => ntime - NTIME)
    expect(times.every((time, at) => time >= 60 * at && time <= 62 * at)).toBe(true)
    // a miner that does not roll the time itself finds nothing twice
    expect(shares).toEqual([true, true, true, true])
    expect(pool.take('SubmitSharesExtended')).toHaveLength(4)
  })

  test('a job with a later time of its own is mined from then on, and what repeats it later still', () => {
    const { world, pool } = aTranslator(current)
    const miner = world.miner().login('bitaxe/x')
    pool.send(anUpstreamJob(1, 11, { minNtime: NTIME + 500 }))
    expect(miner.job.ntime).toBe(NTIME + 500)
    world.link.advance(61_000)
    expect(miner.job.ntime).toBeGreaterThanOrEqual(NTIME + 560)
    expect(miner.mine()).toBe(true)
  })

  test('a share on a job that repeats another goes up by the target the upstream gave that one with', () => {
    const front = { minDifficulty: 2 ** -31 }
    const { world, pool } = aTranslator(current, { front })
    const miner = world.miner().login('bitaxe/x', `d=${(2 ** -31).toFixed(20)}`)
    const easier = new Uint8Array(32).fill(0xff, 0, 31).fill(0x7f, 31)
    pool.send({ type: 'SetTarget', channelId: 1, maximumTarget: easier })
    world.link.advance(61_000)
    pool.send({ type: 'SetTarget', channelId: 1, maximumTarget: EASY_TARGET })
    const isBetween = (hash: Uint8Array) => hash[31]! >= 0x20 && hash[31]! < 0x7f
    expect(miner.jobs).toHaveLength(2)
    expect(miner.mine({ hash: isBetween })).toBe(true)
    expect(pool.take('SubmitSharesExtended')).toEqual([])
    expect(miner.mine({ hash: (hash) => hash[31]! < 0x08 })).toBe(true)
    expect(pool.take('SubmitSharesExtended')).toHaveLength(1)
  })

  test('devices that take 60 s of silence for a dead line hear something sooner', () => {
    const { world } = aTranslator(current)
    const miner = world.miner().login('NerdMinerV2/V1.8.3')
    world.link.advance(46_000)
    expect(miner.jobs.length).toBeGreaterThan(1)
  })

  test('one line serves all miners of a job', () => {
    const { world, pool } = aTranslator(current)
    const miners = Array.from({ length: 3 }, () => world.miner().login('bitaxe/x'))
    pool.tip(1, 11, filled(0xbb))
    const jobs = miners.map(({ job }) => job)
    expect(new Set(jobs.map(({ jobId }) => jobId)).size).toBe(1)
    expect(new Set(miners.map(({ extranonce1 }) => extranonce1)).size).toBe(3)
  })

  test('work a device is known to choke on is not sent to it, and that is told once', () => {
    const { world, pool } = aTranslator(current)
    const small = world.miner().login('bmminer/2.0.0')
    const large = world.miner().login('whatsminer/v1.1')
    const unknown = world.miner().login('odd')
    const jobs = small.jobs.length
    world.facts()
    for (const jobId of [11, 12])
      pool.send(anUpstreamJob(1, jobId, { minNtime: NTIME, coinbaseTxSuffix: filled(0x77, 900) }))
    expect(small.jobs).toHaveLength(jobs)
    expect(large.jobs.at(-1)?.coinbase2).toHaveLength(1_800)
    expect(unknown.jobs.at(-1)?.coinbase2).toHaveLength(1_800)
    expect(world.factsOf('workTooLarge')).toMatchObject([
      { dialect: 'antminer', what: 'coinbase', limit: 730 },
      { dialect: 'unknown', what: 'coinbase' },
    ])
    pool.send(anUpstreamJob(1, 13, { minNtime: NTIME }))
    expect(small.jobs).toHaveLength(jobs + 1)
  })

  test('a prober sees work before it authorizes, at no cost upstream', () => {
    const { world, pool } = aTranslator(current)
    world.miner().login()
    pool.serve()
    const prober = world.miner()
    prober.subscribe()
    expect(prober.peer.takeKinds()).toEqual(['answer', 'mining.set_difficulty', 'mining.notify'])
    expect(prober.mine()).toBe(24)
    prober.peer.request('mining.authorize', prober.user, 'x')
    expect(prober.mine()).toBe(true)
  })
})

describe('extranonce', () => {
  test('extranonce1 is the same under every upstream and prefix; extranonce2 has eight bytes', () => {
    const { world, pool } = aTranslator(current)
    const miner = world.miner().login()
    expect(miner.extranonce1).toHaveLength(4)
    expect(miner.extranonce2Size).toBe(8)
    pool.send({ type: 'SetExtranoncePrefix', channelId: 1, extranoncePrefix: filled(0xd0, 4) })
    pool.send(anUpstreamJob(1, 11, { minNtime: NTIME }))
    // and two bytes that tell repeated jobs apart
    expect(miner.job.coinbase1.endsWith('d0d0d0d00000')).toBe(true)
    expect(miner.mine()).toBe(true)
    expect(miner.mine({ job: miner.jobs[0]! })).toBe(true)
    expect(hex(pool.take('SubmitSharesExtended')[0]!.extranonce ?? new Uint8Array(0))).toBe(
      `0000${miner.extranonce1}${'5a'.repeat(8)}`,
    )
    expect(miner.peer.all('mining.set_extranonce')).toEqual([])
  })

  test('of another size than told is refused with 20', () => {
    const { world } = aTranslator(current)
    const miner = world.miner().login()
    expect(miner.mine({ extranonce2: '00000001' })).toBe(20)
  })

  test('an upstream that grants less: later miners are told so, and one that was told more comes again', () => {
    const world = new TranslatorWorld({ front: { minDifficulty: 2 ** -28 } })
    const stubborn = world.miner().login()
    const able = world.miner()
    able.peer.request('mining.extranonce.subscribe')
    able.login()
    expect([stubborn.extranonce2Size, able.extranonce2Size]).toEqual([8, 8])
    const pool = world.upstream(current, { target: EASY_TARGET, extranonceSize: () => 6 })
    pool.tip(1, 10)
    expect(stubborn.peer.takeKinds().at(-1)).toBe('client.reconnect')
    expect(stubborn.peer.closed).toBeDefined()
    expect(able.peer.all('mining.set_extranonce')).toMatchObject([{ params: [able.extranonce1, 4] }])
    expect(able.mine({ extranonce2: '5a5a5a5a' })).toBe(true)
    expect(world.miner().login().mine()).toBe(true)
  })

  test('a new prefix below: set_extranonce for who takes it, and it holds from the next job on', () => {
    const { world } = aTranslator(current)
    const miner = world.miner()
    miner.peer.request('mining.extranonce.subscribe')
    miner.login()
    const [opened] = world.factsOf('channelOpened')
    const old = miner.job
    miner.peer.take()
    world.link.tell({ kind: 'renewPrefix', session: miner.peer.session, channelId: opened?.channelId })
    expect(miner.peer.takeKinds()).toEqual(['mining.set_extranonce', 'mining.notify'])
    const extranonce1 = String(miner.peer.all('mining.set_extranonce')[0]?.params?.[0])
    expect(extranonce1).not.toBe(miner.extranonce1)
    expect(miner.mine({ job: old })).toBe(true)
    expect(miner.mine({ extranonce1 })).toBe(true)
  })

  test('a new prefix below: who never subscribed to it is sent to come again', () => {
    const { world } = aTranslator(current)
    const miner = world.miner().login()
    const [opened] = world.factsOf('channelOpened')
    miner.peer.take()
    world.link.tell({ kind: 'renewPrefix', session: miner.peer.session, channelId: opened?.channelId })
    expect(miner.peer.takeKinds()).toEqual(['client.reconnect'])
    expect(miner.peer.closed).toContain('extranonce')
  })
})

test.each([true, false])(
  'a drain sends everybody away, and takes leave of the upstream (aggregated: %s)',
  (aggregated) => {
    const world = new TranslatorWorld({ eager: aggregated, aggregated })
    const pool = world.upstream(current)
    if (aggregated) pool.tip(1, 10)
    const miner = world.miner().login()
    if (!aggregated) {
      pool.serve()
      pool.tip(1, 10)
    }
    world.link.tell({ kind: 'drain', host: 'b.test', port: 3333 })
    expect(miner.peer.all('client.reconnect')).toMatchObject([{ params: ['b.test', 3333, 0] }])
    expect(miner.peer.closed).toBe('draining')
    expect(pool.take('CloseChannel')).toMatchObject([{ channelId: 1, reasonCode: 'shutting-down' }])
  },
)
