import { meetsTarget, type Sha256d, sha256d, targetToDifficulty } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { aPool, aTemplate, aTip, filled, NBITS_EASY, NTIME, proves } from '../_fixtures.ts'
import { aMiner, codes } from '../_pool-shares.ts'
import { findShare, type TestChannel, TestMiner } from '../_test-miner.ts'

describe('acknowledging', () => {
  proves(
    'POOL-26, POOL-27',
    'both',
    'ten shares are acknowledged at once, by the newest good one',
    (edition) => {
      const { miner, channel } = aMiner(edition)
      // neither growing nor unique
      const numbers = [5, 4, 4, 900, 0, 0xffff_ffff, 7, 7, 8, 3]
      for (const sequenceNumber of numbers) {
        expect(miner.take()).not.toContainEqual(expect.objectContaining({ type: 'SubmitShares.Success' }))
        miner.peer.send(miner.find(channel, { sequenceNumber }))
      }
      expect(miner.take()).toMatchObject([
        {
          type: 'SubmitShares.Success',
          channelId: channel.channelId,
          lastSequenceNumber: 3,
          newSubmitsAcceptedCount: 10,
        },
      ])
    },
  )

  proves(
    'POOL-26',
    'both',
    'fewer shares are acknowledged after a second, refused ones between do not matter',
    (edition) => {
      const { link, miner, channel } = aMiner(edition)
      miner.take()
      miner.peer.send(miner.find(channel, { sequenceNumber: 1 }))
      link.advance(400)
      miner.peer.send(miner.find(channel, { sequenceNumber: 2 }))
      miner.peer.send({ ...miner.find(channel, { sequenceNumber: 3 }), jobId: 4711 })
      expect(miner.takeOf('SubmitShares.Error')).toMatchObject([{ sequenceNumber: 3 }])
      link.advance(599)
      expect(miner.take()).toEqual([])
      link.advance(1)
      expect(miner.take()).toMatchObject([
        { type: 'SubmitShares.Success', lastSequenceNumber: 2, newSubmitsAcceptedCount: 2 },
      ])
      link.advance(10_000)
      expect(miner.take()).toEqual([])
    },
  )

  proves('POOL-28', 'current', 'count and sum restart with each batch', (edition) => {
    // every hash is as good as one of difficulty 65536
    const lucky: Sha256d = (data) => sha256d(data).fill(0, 26)
    const { link, tip } = aPool(edition, { hash: lucky, miners: { startDifficulty: 5 }, tip: false })
    tip({}, { nbits: 0x1900ffff })
    const miner = new TestMiner(link, edition)
    const channel = miner.open('extended')
    expect(targetToDifficulty(channel.target)).toBeCloseTo(2 ** 2.25)
    const batches = Array.from({ length: 4 }, () => {
      for (let share = 0; share < 10; share++) miner.peer.send(miner.find(channel, { hash: () => true }))
      return miner.takeOf('SubmitShares.Success')
    })
    // 47.57 each: what a batch leaves over is in a later one
    expect(batches.flat().map(({ newSharesSum }) => newSharesSum)).toEqual([47n, 48n, 47n, 48n])
    for (const [ack] of batches) expect(ack?.newSubmitsAcceptedCount).toBe(10)
  })

  proves('POOL-29', 'both', 'each wrong submit gets its SubmitShares.Error at once', (edition) => {
    const { miner, channel } = aMiner(edition)
    const good = miner.find(channel)
    miner.peer.send(good)
    for (const sequenceNumber of [11, 12, 12]) {
      miner.peer.send({ ...good, sequenceNumber })
      expect(miner.take()).toMatchObject([
        { type: 'SubmitShares.Error', channelId: channel.channelId, sequenceNumber },
      ])
    }
  })
})

describe('judging', () => {
  proves('POOL-30', 'both', 'a share above the target is refused', (edition) => {
    for (const kind of ['standard', 'extended'] as const) {
      const { miner, channel } = aMiner(edition, kind)
      miner.peer.send(miner.find(channel, { hash: (hash) => !meetsTarget(hash, channel.target) }))
      expect(codes(miner)).toEqual(['difficulty-too-low'])
    }
  })

  proves('POOL-31', 'both', 'an extranonce of the wrong size is refused', (edition) => {
    const { miner, channel } = aMiner(edition)
    for (const size of [0, 7, 9, 31]) {
      const share = miner.find({ ...channel, extranonceSize: size }, { extranonce: filled(1, size) })
      miner.peer.send(share)
      expect(codes(miner)).toEqual(['bad-extranonce-size'])
    }
    const standard = miner.find({ ...channel, kind: 'standard' })
    miner.peer.send(standard)
    expect(codes(miner)).toEqual(['bad-extranonce-size'])
  })

  proves('POOL-32', 'both', 'version bits inside the mask may be rolled, no others', (edition) => {
    for (const kind of ['standard', 'extended'] as const) {
      const { link, miner, channel } = aMiner(edition, kind)
      const mask = edition.capabilities.versionRollingMask
      const { version } = miner.job(channel)
      for (let bit = 0; bit < 32; bit++) {
        const flag = (1 << bit) >>> 0
        miner.peer.send(miner.find(channel, { version: (version ^ flag) >>> 0 }))
        const expected = (mask & flag) !== 0 ? [] : ['invalid-non-rollable-version-bit']
        expect(codes(miner)).toEqual(expected)
      }
      miner.peer.send(miner.find(channel, { version: (version ^ mask) >>> 0 }))
      expect(codes(miner)).toEqual([])
      expect(link.factsOf('shareAccepted').length).toBeGreaterThan(16)
    }
  })

  proves('POOL-32', 'both', 'no bit may be rolled where the job does not allow it', (edition) => {
    const { link } = aPool(edition, { versionRolling: false })
    const miner = new TestMiner(link, edition)
    const channel = miner.open('extended')
    const { version } = miner.job(channel)
    miner.peer.send(miner.find(channel, { version: (version ^ 0x2000) >>> 0 }))
    expect(codes(miner)).toEqual(['version-rolling-not-allowed'])
    miner.peer.send(miner.find(channel))
    expect(codes(miner)).toEqual([])
  })

  proves('POOL-33', 'both', 'nTime may be rolled once per second', (edition) => {
    const { link, miner, channel } = aMiner(edition)
    for (let second = 0; second < 30; second++) {
      miner.peer.send(miner.find(channel, { ntime: NTIME + second }))
      link.advance(1_000)
    }
    expect(codes(miner)).toEqual([])
    expect(link.factsOf('shareAccepted')).toHaveLength(30)
  })

  proves('POOL-34', 'both', 'nTime up to two hours ahead is accepted, more is not', (edition) => {
    const { miner, channel } = aMiner(edition)
    for (const ahead of [600, 7_199, 7_200]) miner.peer.send(miner.find(channel, { ntime: NTIME + ahead }))
    expect(codes(miner)).toEqual([])
    miner.peer.send(miner.find(channel, { ntime: NTIME + 7_201 }))
    expect(codes(miner)).toEqual(['invalid-share'])
  })

  proves('POOL-35', 'both', 'nTime below min_ntime is refused', (edition) => {
    const { miner, channel } = aMiner(edition)
    miner.peer.send(miner.find(channel, { ntime: NTIME - 1 }))
    expect(codes(miner)).toEqual(['invalid-share'])
    miner.peer.send(miner.find(channel, { ntime: NTIME }))
    expect(codes(miner)).toEqual([])
  })

  proves('POOL-69', 'current', 'a share sent twice is refused, whatever name it comes under', (edition) => {
    const { miner, channel } = aMiner(edition)
    const share = miner.find(channel)
    miner.peer.send(share)
    miner.peer.send(share)
    miner.peer.send({ ...share, sequenceNumber: 9 })
    expect(codes(miner)).toEqual(['duplicate-share', 'duplicate-share'])
  })

  proves('POOL-70', 'both', 'unknown channels and channels of others: invalid-channel-id', (edition) => {
    const { link, miner, channel } = aMiner(edition)
    const other = new TestMiner(link, edition)
    for (let opened = 0; opened < 3; opened++) other.open('extended')
    const share = miner.find(channel)
    other.take()
    // the other connection has a channel of this number, another search space
    other.peer.send(share)
    expect(codes(other)).toEqual(['difficulty-too-low'])
    other.peer.send({ ...share, channelId: 99 }, { ...share, channelId: channel.groupId + 1_000 })
    expect(codes(other)).toEqual(['invalid-channel-id', 'invalid-channel-id'])
    expect(codes(miner)).toEqual([])
  })

  proves(
    'POOL-70',
    'both',
    'jobs replaced by SetNewPrevHash: stale-share; jobs of the same tip still count',
    (edition) => {
      const { templates, tip, miner, channel } = aMiner(edition)
      const first = miner.find(channel)
      const late = miner.find(channel)
      templates.send(aTemplate({ templateId: 2n, futureTemplate: false }))
      miner.peer.send(first)
      expect(codes(miner)).toEqual([])
      tip({ templateId: 3n }, { prevHash: filled(3) })
      miner.peer.send(late)
      expect(codes(miner)).toEqual(['stale-share'])
      miner.peer.send({ ...late, jobId: 123_456 })
      expect(codes(miner)).toEqual(['invalid-job-id'])
    },
  )

  proves(
    'POOL-36',
    'both',
    'a share on a prevhash not known yet is kept until the pool hears of it',
    (edition) => {
      const { link, templates, miner, channel } = aMiner(edition)
      templates.send(aTemplate({ templateId: 2n }), aTemplate({ templateId: 3n }))
      const [, dropped, future] = miner.jobs(channel)
      const tip = { prevHash: filled(3), minNtime: NTIME, nbits: miner.tip(channel).nbits }
      miner.take()
      miner.peer.send(
        findShare(channel, { job: future!, tip, sequenceNumber: 1 }),
        findShare(channel, {
          job: future!,
          tip,
          sequenceNumber: 2,
          hash: (hash) => !meetsTarget(hash, channel.target),
        }),
        findShare(channel, { job: dropped!, tip, sequenceNumber: 3 }),
      )
      link.advance(2_000)
      expect(miner.take()).toEqual([])
      templates.send(aTip({ templateId: 3n, prevHash: tip.prevHash }))
      link.advance(1_000)
      expect(miner.take().filter(({ type }) => type.startsWith('SubmitShares'))).toMatchObject([
        { type: 'SubmitShares.Error', sequenceNumber: 2, errorCode: 'difficulty-too-low' },
        { type: 'SubmitShares.Error', sequenceNumber: 3, errorCode: 'stale-share' },
        { type: 'SubmitShares.Success', lastSequenceNumber: 1, newSubmitsAcceptedCount: 1 },
      ])
    },
  )

  proves('POOL-36', 'both', 'it is refused when no such tip comes, and only a few are kept', (edition) => {
    const { link, templates, miner, channel } = aMiner(edition)
    templates.send(aTemplate({ templateId: 2n }))
    const job = miner.job(channel)
    miner.take()
    const share = findShare(channel, { job, tip: miner.tip(channel) })
    for (let copy = 0; copy < 100; copy++) miner.peer.send(share)
    expect(codes(miner)).toHaveLength(92)
    link.advance(10_000)
    expect(codes(miner)).toEqual(Array.from({ length: 8 }, () => 'invalid-job-id'))
  })

  test('a connection that sends nothing but refused shares is closed in the end', () => {
    const { link, miner, channel } = aMiner(current)
    const bad = { ...miner.find(channel), jobId: 999 }
    for (let second = 0; second < 180; second++) {
      miner.peer.send(bad)
      expect(miner.peer.closed).toBeUndefined()
      link.advance(1_000)
    }
    miner.peer.send(bad)
    expect(miner.peer.closed).toBe('nothing but refused shares')
  })

  test('one accepted share forgives all that were refused before', () => {
    const { link, miner, channel } = aMiner(current)
    for (let second = 0; second < 600; second++) {
      miner.peer.send({ ...miner.find(channel), jobId: 999 })
      if (second % 100 === 0) miner.peer.send(miner.find(channel))
      link.advance(1_000)
    }
    expect(miner.peer.closed).toBeUndefined()
  })

  proves('POOL-51, POOL-52', 'both', 'a custom job is refused under its request_id', (edition) => {
    const { miner, channel } = aMiner(edition)
    miner.peer.send(customJob(channel))
    expect(miner.take()).toEqual([
      {
        type: 'SetCustomMiningJob.Error',
        channelId: channel.channelId,
        requestId: 77,
        errorCode: 'jd-not-supported',
      },
    ])
    expect(miner.peer.closed).toBeUndefined()
  })
})

function customJob({ channelId }: TestChannel): Message {
  return {
    type: 'SetCustomMiningJob',
    channelId,
    requestId: 77,
    miningJobToken: filled(1, 4),
    version: 0x2000_0000,
    prevHash: filled(0xaa),
    minNtime: NTIME,
    nbits: NBITS_EASY,
    coinbaseTxVersion: 2,
    coinbasePrefix: filled(1, 4),
    coinbaseTxInputSequence: 0xffff_ffff,
    coinbaseTxValueRemaining: 0n,
    coinbaseTxOutputs: Uint8Array.of(0),
    coinbaseTxLocktime: 0,
    merklePath: [],
    extranonceSize: 8,
  }
}
