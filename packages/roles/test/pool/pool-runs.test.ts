import { equalBytes, hex } from '@sv2/bitcoin'
import { MINING_SETUP_FLAGS } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { aCustomJob, aCustomPool, aToken, refusalOf, setJob, tipOfJob } from '../_custom-jobs.ts'
import { aPool, filled } from '../_fixtures.ts'
import { codes } from '../_pool-shares.ts'
import { findShare, TestMiner } from '../_test-miner.ts'

const run = (epoch: number) => ({ epoch, secret: filled(epoch + 1) })

/** A pool's run with one channel of one miner on the same template and tip as every other. */
function aRun(epoch: number) {
  const { link } = aPool(current, { run: run(epoch) })
  const miner = new TestMiner(link, current)
  const channel = miner.open('extended')
  return { link, miner, channel, job: miner.job(channel) }
}

describe('a pool that is started again', () => {
  test('gives out nothing again: a share of before is late, and none is credited twice', () => {
    const before = aRun(7)
    const shares = Array.from({ length: 5 }, () => before.miner.find(before.channel))
    before.miner.peer.send(...shares)
    expect(before.link.factsOf('shareAccepted')).toHaveLength(5)
    const after = aRun(8)
    expect(equalBytes(after.channel.prefix, before.channel.prefix)).toBe(false)
    expect(after.job.jobId).not.toBe(before.job.jobId)
    after.miner.peer.send(...shares.map((share) => ({ ...share, channelId: after.channel.channelId })))
    expect(codes(after.miner)).toEqual(shares.map(() => 'stale-share'))
    after.miner.peer.send(
      ...shares.map((share) => ({ ...share, channelId: after.channel.channelId, jobId: after.job.jobId })),
    )
    expect(after.link.factsOf('shareAccepted')).toEqual([])
  })

  test('has its job ids and prefixes in room of its own when epochs begin anew', () => {
    const [last, first] = [aRun(0xffff), aRun(0)]
    expect([last.channel.prefix, first.channel.prefix].map((prefix) => hex(prefix.subarray(2, 4)))).toEqual([
      'ffff',
      '0000',
    ])
    first.miner.peer.send(first.miner.find(first.channel, { job: { ...first.job, jobId: last.job.jobId } }))
    expect(codes(first.miner)).toEqual(['stale-share'])
  })

  test('gives nobody a search space that can be guessed', () => {
    const { link } = aPool(current, { run: run(1) })
    const miner = new TestMiner(link, current)
    const leases = Array.from({ length: 50 }, () => {
      const { prefix } = miner.open('extended')
      return new DataView(prefix.buffer, prefix.byteOffset).getUint32(4)
    })
    expect(new Set(leases).size).toBe(50)
    const steps = leases.slice(1).map((lease, at) => lease - leases[at]!)
    expect(new Set(steps).size).toBe(49)
  })
})

test('a token that was used before a restart stands for the same job after it, and for no other', () => {
  const token = aToken()
  const before = aCustomPool(current, { run: run(1) })
  const miner = new TestMiner(before.link, current, MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION)
  const channel = miner.open('extended')
  setJob(miner, channel, aCustomJob(channel, { miningJobToken: token }))
  const usedTokens = before.link.factsOf('tokenUsed').map((fact) => fact.token)
  expect(usedTokens).toHaveLength(1)
  const after = aCustomPool(current, { run: run(2), usedTokens })
  const again = new TestMiner(after.link, current, MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION)
  const other = again.open('extended')
  expect(refusalOf(again, aCustomJob(other, { miningJobToken: token, merklePath: [] }))).toBe(
    'invalid-mining-job-token',
  )
  setJob(again, other, aCustomJob(other, { miningJobToken: token }))
})

describe('channels of different sizes, prefixes and kinds', () => {
  test('never have the same coinbase, whatever their clients write in front: one hash pays once', () => {
    // hard enough that a hash of another coinbase is no share by chance
    const { link } = aCustomPool(current, { run: run(3), miners: { startDifficulty: 2 ** -16 } })
    const miner = new TestMiner(link, current, MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION)
    const sizes = [2, 8, 14, 20, 24]
    const channels = sizes.map((minExtranonceSize) => miner.open('extended', { minExtranonceSize }))
    expect(channels.map(({ extranonceSize }) => extranonceSize)).toEqual([8, 8, 14, 20, 24])
    const [small] = channels
    // each tries to be the first one: by what stands in front, and by what it rolls
    const sent = aCustomJob(small!)
    const job = setJob(miner, small!, sent)
    const share = findShare(small!, { job, tip: tipOfJob(sent) })
    miner.peer.send(share)
    expect(link.factsOf('shareAccepted')).toHaveLength(1)
    const whole = [...small!.prefix, ...('extranonce' in share ? share.extranonce : [])]
    for (const channel of channels.slice(1)) {
      for (let shift = 0; shift <= 30; shift++) {
        const coinbasePrefix = Uint8Array.from([...sent.coinbasePrefix, ...whole.slice(0, shift)])
        const other = setJob(
          miner,
          channel,
          aCustomJob(channel, { coinbasePrefix, miningJobToken: aToken() }),
        )
        const extranonce = Uint8Array.from(whole.slice(-channel.extranonceSize))
        miner.peer.send({ ...share, channelId: channel.channelId, jobId: other.jobId, extranonce } as never)
      }
    }
    expect(link.factsOf('shareAccepted')).toEqual([])
  })
})
