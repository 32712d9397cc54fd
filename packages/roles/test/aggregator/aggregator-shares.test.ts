import { compareLe, difficultyToTarget, hex, meetsTarget, sha256d, targetToDifficulty } from '@sv2/bitcoin'
import { type Edition, WORKER_TRACKING } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { AggregatorWorld } from '../_aggregator.ts'
import { EASY_TARGET, filled, NTIME, proves } from '../_fixtures.ts'
import { anUpstreamJob } from '../_test-upstream.ts'

const EASIER = difficultyToTarget(2 ** -31)

describe('a share', () => {
  function aWorld(edition: Edition = current, upstreamTarget = EASY_TARGET) {
    const world = new AggregatorWorld({ miners: { startDifficulty: 2 ** -31 } })
    const upstream = world.upstream(edition, { target: upstreamTarget })
    upstream.tip(1, 10)
    const miner = world.miner(edition)
    const channel = miner.open('extended', { user: 'alice.rig1' })
    miner.take()
    return { world, upstream, miner, channel }
  }
  const good = (target: Uint8Array) => (hash: Uint8Array) => meetsTarget(hash, target)
  const poor = (hash: Uint8Array) => meetsTarget(hash, EASIER) && !meetsTarget(hash, EASY_TARGET)

  test('that only its own target lets pass stays here, and is acknowledged', () => {
    const { world, upstream, miner, channel } = aWorld()
    miner.peer.send(miner.find(channel, { hash: poor, sequenceNumber: 7 }))
    world.link.advance(1_000)
    expect(upstream.take('SubmitSharesExtended')).toEqual([])
    expect(miner.takeOf('SubmitShares.Success')).toMatchObject([
      { lastSequenceNumber: 7, newSubmitsAcceptedCount: 1 },
    ])
  })

  proves(
    'PRX-23',
    'both',
    'that the upstream pays for goes up, and gets its answer from there',
    (edition) => {
      const { world, upstream, miner, channel } = aWorld(edition)
      for (const sequenceNumber of [1, 2])
        miner.peer.send(miner.find(channel, { hash: good(EASY_TARGET), sequenceNumber }))
      const sent = upstream.take('SubmitSharesExtended')
      expect(sent).toMatchObject([
        { channelId: 1, jobId: 10 },
        { channelId: 1, jobId: 10 },
      ])
      world.link.advance(1_000)
      expect(miner.takeOf('SubmitShares.Success')).toEqual([])
      upstream.send(
        {
          type: 'SubmitShares.Error',
          channelId: 1,
          sequenceNumber: sent[1]!.sequenceNumber,
          errorCode: 'stale-share',
        },
        {
          type: 'SubmitShares.Success',
          channelId: 1,
          lastSequenceNumber: sent[0]!.sequenceNumber,
          newSubmitsAcceptedCount: 1,
          newSharesSum: 1n,
        },
      )
      world.link.advance(1_000)
      const answers = miner.take().filter(({ type }) => type.startsWith('SubmitShares.'))
      expect(answers).toMatchObject([
        { type: 'SubmitShares.Error', sequenceNumber: 2, errorCode: 'stale-share' },
        { type: 'SubmitShares.Success', lastSequenceNumber: 1, newSubmitsAcceptedCount: 1 },
      ])
      const tallies = [...world.proxy.tallies.entries()].map(([, tally]) => tally)
      expect(tallies).toEqual([{ found: 2, sent: 2, acknowledged: 1, refused: 1, unanswered: 0 }])
    },
  )

  test('that stays here is not acknowledged before one that was found earlier and is not decided', () => {
    const { world, upstream, miner, channel } = aWorld()
    miner.peer.send(miner.find(channel, { hash: good(EASY_TARGET), sequenceNumber: 1 }))
    miner.peer.send(miner.find(channel, { hash: poor, sequenceNumber: 2 }))
    const [sent] = upstream.take('SubmitSharesExtended')
    world.link.advance(2_000)
    // an acknowledgement of the second would speak for the first as well
    expect(miner.takeOf('SubmitShares.Success')).toEqual([])
    const { sequenceNumber = 0 } = sent ?? {}
    upstream.send({ type: 'SubmitShares.Error', channelId: 1, sequenceNumber, errorCode: 'stale-share' })
    world.link.advance(2_000)
    const answers = miner.take().filter(({ type }) => type.startsWith('SubmitShares.'))
    expect(answers).toMatchObject([
      { type: 'SubmitShares.Error', sequenceNumber: 1, errorCode: 'stale-share' },
      { type: 'SubmitShares.Success', lastSequenceNumber: 2, newSubmitsAcceptedCount: 1 },
    ])
  })

  test('is judged and sent as its job was, whatever prefix or job came since', () => {
    const { upstream, miner, channel } = aWorld()
    const before = miner.job(channel)
    const tip = miner.tip(channel)
    upstream.send({ type: 'SetExtranoncePrefix', channelId: 1, extranoncePrefix: filled(0xdd, 4) })
    upstream.send(anUpstreamJob(1, 11, { minNtime: tip.minNtime }))
    const after = miner.job(channel)
    expect(after).not.toBe(before)
    for (const job of [before, after])
      miner.peer.send(miner.find(channel, { job, tip, hash: good(EASY_TARGET) }))
    expect(upstream.take('SubmitSharesExtended').map(({ jobId }) => jobId)).toEqual([10, 11])
    expect(miner.takeOf('SetExtranoncePrefix')).toEqual([])
  })

  test('is never asked to be harder than the upstream pays for', () => {
    const world = new AggregatorWorld({ miners: { startDifficulty: 2 ** -20 } })
    const upstream = world.upstream(current, { target: EASY_TARGET })
    upstream.tip(1, 10)
    const miner = world.miner(current)
    const channel = miner.open('extended', { hashrate: 1e12 })
    expect(compareLe(channel.target, EASY_TARGET)).toBeGreaterThanOrEqual(0)
    upstream.send({ type: 'SetTarget', channelId: 1, maximumTarget: EASIER })
    world.link.advance(6_000)
    const [told] = miner.takeOf('SetTarget')
    expect(compareLe(told!.maximumTarget, EASIER)).toBeGreaterThanOrEqual(0)
  })

  test('is not sent up for an easier target that came after its job, which holds for later jobs only', () => {
    const world = new AggregatorWorld({ miners: { startDifficulty: 2 ** -32 } })
    const upstream = world.upstream(current, { target: EASY_TARGET })
    upstream.tip(1, 10)
    const miner = world.miner(current)
    const channel = miner.open('extended')
    const hash = (found: Uint8Array) => meetsTarget(found, EASIER) && !meetsTarget(found, EASY_TARGET)
    upstream.send({ type: 'SetTarget', channelId: 1, maximumTarget: EASIER })
    miner.peer.send(miner.find(channel, { hash }))
    expect(upstream.take('SubmitSharesExtended')).toEqual([])
    upstream.send(anUpstreamJob(1, 11, { minNtime: NTIME }))
    miner.peer.send(miner.find(channel, { hash }))
    expect(upstream.take('SubmitSharesExtended')).toMatchObject([{ jobId: 11 }])
    expect(miner.takeOf('SubmitShares.Error')).toEqual([])
  })

  test('is no flood where an upstream that knows of nobody has every hash meet its target', () => {
    const world = new AggregatorWorld({ miners: { startDifficulty: 2 ** -20 } })
    const upstream = world.upstream(current, { target: filled(0xff, 32) })
    upstream.tip(1, 10)
    const miner = world.miner(current)
    const own = targetToDifficulty(miner.open('extended', { hashrate: 1e6 }).target)
    expect(own).toBeGreaterThan(2 ** -20)
    world.link.advance(1_000)
    expect(upstream.take('UpdateChannel')).toMatchObject([{ nominalHashRate: 1e6 }])
    upstream.send({ type: 'SetTarget', channelId: 1, maximumTarget: difficultyToTarget(own / 16) })
    world.link.advance(6_000)
    expect(targetToDifficulty(miner.takeOf('SetTarget').at(-1)!.maximumTarget)).toBeLessThanOrEqual(own / 16)
  })

  test('is never easier than what the upstream pays for, by option', () => {
    const world = new AggregatorWorld({ onlyPaidShares: true, miners: { startDifficulty: 2 ** -31 } })
    const upstream = world.upstream(current, { target: EASY_TARGET })
    upstream.tip(1, 10)
    const miner = world.miner(current)
    const channel = miner.open('extended', { hashrate: 1 })
    expect(channel.target).toEqual(EASY_TARGET)
    miner.peer.send(miner.find(channel, { hash: poor }))
    expect(miner.takeOf('SubmitShares.Error')).toMatchObject([{ errorCode: 'difficulty-too-low' }])
    miner.peer.send(miner.find(channel, { hash: good(EASY_TARGET) }))
    expect(upstream.take('SubmitSharesExtended')).toHaveLength(1)
    upstream.send({ type: 'SetTarget', channelId: 1, maximumTarget: EASIER })
    world.link.advance(6_000)
    expect(miner.takeOf('SetTarget').at(-1)?.maximumTarget).toEqual(EASIER)
  })

  test('on a job that repeats another is another share: the search space is a new one', () => {
    const world = new AggregatorWorld({ repeatMs: 60_000, miners: { startDifficulty: 2 ** -31 } })
    const upstream = world.upstream(current, { target: EASY_TARGET })
    upstream.tip(1, 10)
    const miner = world.miner(current)
    const channel = miner.open('extended')
    const jobs = [miner.job(channel)]
    for (let minute = 0; minute < 3; minute++) {
      world.link.advance(61_000)
      jobs.push(miner.job(channel))
    }
    const prefixes = jobs.map((job) => ('coinbaseTxPrefix' in job ? hex(job.coinbaseTxPrefix) : ''))
    expect(new Set(prefixes).size).toBe(4)
    for (const job of jobs) miner.peer.send(miner.find(channel, { job, hash: good(EASY_TARGET) }))
    const sent = upstream.take('SubmitSharesExtended')
    expect(sent.map(({ jobId }) => jobId)).toEqual([10, 10, 10, 10])
    expect(sent.map(({ extranonce }) => extranonce.subarray(0, 2))).toEqual(
      [0, 1, 2, 3].map((times) => Uint8Array.of(0, times)),
    )
    expect(miner.takeOf('SubmitShares.Error')).toEqual([])
  })

  test('counts once where there is no room to tell repeated jobs apart, whatever job id it comes with', () => {
    const rolled = { most: 8, least: 8 }
    const world = new AggregatorWorld({ rolled, repeatMs: 60_000, miners: { startDifficulty: 2 ** -31 } })
    const upstream = world.upstream(current, { target: EASY_TARGET, extranonceSize: () => 10 })
    upstream.tip(1, 10)
    const miner = world.miner(current)
    const channel = miner.open('extended')
    const first = miner.job(channel)
    world.link.advance(61_000)
    const again = miner.job(channel)
    expect(again.jobId).not.toBe(first.jobId)
    // nobody does again what was done
    expect(again.minNtime).toBe(NTIME + 60)
    const share = miner.find(channel, { job: first, hash: good(EASY_TARGET) })
    miner.peer.send(share, { ...share, jobId: again.jobId })
    expect(upstream.take('SubmitSharesExtended')).toHaveLength(1)
    expect(miner.takeOf('SubmitShares.Error')).toMatchObject([{ errorCode: 'duplicate-share' }])
  })

  test('is not found again on a job repeated in the same second, where there is no room to tell the two apart', () => {
    const rolled = { most: 8, least: 8 }
    const world = new AggregatorWorld({ rolled, miners: { startDifficulty: 2 ** -32 } })
    const upstream = world.upstream(current, { target: EASY_TARGET, extranonceSize: () => 10 })
    upstream.tip(1, 10)
    const miner = world.miner(current)
    const { channelId } = miner.open('extended', { hashrate: 1 })
    world.link.advance(900)
    miner.peer.send({ type: 'UpdateChannel', channelId, nominalHashRate: 1000, maximumTarget: EASIER })
    expect(miner.takeOf('NewExtendedMiningJob').at(-1)).toMatchObject({ minNtime: NTIME + 1 })
  })

  test('names its worker where the upstream agreed to that', () => {
    const world = new AggregatorWorld({
      upstreams: [{ extensions: [WORKER_TRACKING] }],
      miners: { startDifficulty: 2 ** -31 },
    })
    const upstream = world.upstream(current, { target: EASY_TARGET, supports: [WORKER_TRACKING] })
    upstream.tip(1, 10)
    const miner = world.miner(current)
    const channel = miner.open('extended', { user: 'alice.rig1' })
    miner.peer.send(miner.find(channel, { hash: good(EASY_TARGET) }))
    expect(upstream.take('SubmitSharesExtended')).toMatchObject([{ userIdentity: 'rig1' }])
  })
})

test('a header of a share that went up is the one the miner hashed', () => {
  const world = new AggregatorWorld({ miners: { startDifficulty: 2 ** -31 } })
  const upstream = world.upstream(draft, { target: EASY_TARGET, prefix: filled(3, 5) })
  upstream.tip(1, 10)
  const miner = world.miner(current)
  const channel = miner.open('standard')
  miner.peer.send(miner.find(channel, { hash: (hash) => meetsTarget(hash, EASY_TARGET) }))
  const [share] = upstream.take('SubmitSharesExtended')
  const job = anUpstreamJob(1, 10)
  const coinbase = Buffer.concat([
    job.coinbaseTxPrefix,
    filled(3, 5),
    share!.extranonce,
    job.coinbaseTxSuffix,
  ])
  let root = sha256d(coinbase)
  for (const step of job.merklePath) root = sha256d(Buffer.concat([root, step]))
  const own = miner.job(channel)
  if (own.type !== 'NewMiningJob') throw new Error('no standard job')
  expect(Buffer.from(root).toString('hex')).toBe(Buffer.from(own.merkleRoot).toString('hex'))
})
