import { equalBytes, hex } from '@sv2/bitcoin'
import { MINING_SETUP_FLAGS } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aCustomJob, aCustomPool, aToken, refusalOf, setJob } from '../_custom-jobs.ts'
import { aPool, filled } from '../_fixtures.ts'
import { codes } from '../_pool-shares.ts'
import { TestMiner } from '../_test-miner.ts'

/** A worker process of a pool: all have one server_id, and a run of their own. */
const aWorker = (epoch: number, leaseBytes = 4) =>
  aPool(current, {
    run: { epoch, secret: filled(epoch & 0xff), hasSiblings: true },
    miners: { extranonce: { serverId: Uint8Array.of(0, 7), leaseBytes }, startDifficulty: 2 ** -24 },
  })

describe('worker processes of one pool', () => {
  test('never have the same coinbase: every prefix that any of them can give out is another', () => {
    // the whole space of each: 256 leases of one byte; restarts take further epochs, and they begin anew
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 1, max: 6 }), (first, workers) => {
        const seen = new Set<string>()
        for (let worker = 0; worker < workers; worker++) {
          const { link } = aWorker((first + worker) % 65_536, 1)
          for (let connection = 0; connection < 3; connection++) {
            const miner = new TestMiner(link, current)
            for (let n = 0; n < 80; n++) {
              const { prefix } = miner.open('extended')
              seen.add(hex(prefix))
            }
          }
        }
        expect(seen.size).toBe(workers * 240)
      }),
      { numRuns: 12 },
    )
  })

  test('a share earns in the one that its header belongs to, and in no other, wherever the miner goes', () => {
    const workers = [11, 12, 13, 14].map((epoch) => {
      const { link } = aWorker(epoch)
      const miner = new TestMiner(link, current)
      const channel = miner.open('extended')
      return { link, miner, channel, job: miner.job(channel) }
    })
    const headers = new Set<string>()
    for (const from of workers) {
      const shares = Array.from({ length: 8 }, () => from.miner.find(from.channel))
      from.miner.peer.send(...shares)
      for (const share of shares)
        headers.add(
          `${hex(from.channel.prefix)} ${JSON.stringify(share, (_, value) => (value instanceof Uint8Array ? hex(value) : value))}`,
        )
      for (const to of workers) {
        if (to === from) continue
        expect(equalBytes(to.channel.prefix, from.channel.prefix)).toBe(false)
        const { channelId } = to.channel
        to.miner.peer.send(...shares.map((share) => ({ ...share, channelId })))
        to.miner.peer.send(...shares.map((share) => ({ ...share, channelId, jobId: to.job.jobId })))
        expect(codes(to.miner)).toHaveLength(16)
      }
    }
    expect(headers.size).toBe(32)
    for (const { link } of workers) expect(link.factsOf('shareAccepted')).toHaveLength(8)
  })

  test('a job of another one is late, not unknown: its miner was sent on', () => {
    const workers = [20, 21].map((epoch) => {
      const miner = new TestMiner(aWorker(epoch).link, current)
      return { miner, channel: miner.open('extended') }
    })
    for (const from of workers) {
      const share = from.miner.find(from.channel)
      for (const to of workers) {
        if (to === from) continue
        to.miner.peer.send({ ...share, channelId: to.channel.channelId })
        expect(codes(to.miner)).toEqual(['stale-share'])
      }
    }
    const [{ miner, channel }] = workers as [(typeof workers)[0]]
    miner.peer.send({ ...miner.find(channel), jobId: miner.job(channel).jobId + 1_000 })
    expect(codes(miner)).toEqual(['invalid-job-id'])
  })
})

describe('a token that processes share', () => {
  const FLAGS = MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION

  function aClient(epoch: number) {
    const { link } = aCustomPool(current, { run: { epoch, secret: filled(epoch) }, sharesTokens: true })
    const miner = new TestMiner(link, current, FLAGS)
    return { link, miner, channel: miner.open('extended') }
  }

  test('stands for no job before the others were asked, and then for the first of all', () => {
    const token = aToken()
    const [one, two] = [aClient(1), aClient(2)]
    const of = (client: typeof one, merklePath?: Uint8Array[]) =>
      aCustomJob(client.channel, { miningJobToken: token, ...(merklePath && { merklePath }) })
    one.miner.peer.send(of(one))
    two.miner.peer.send(of(two, []))
    expect(one.miner.takeOf('SetCustomMiningJob.Success')).toEqual([])
    expect(two.miner.takeOf('SetCustomMiningJob.Success')).toEqual([])
    const [claim] = one.link.factsOf('tokenUsed')
    expect(two.link.factsOf('tokenUsed')).toHaveLength(1)
    for (const { link } of [one, two]) link.tell({ kind: 'tokenTaken', token: claim!.token })
    expect(one.miner.takeOf('SetCustomMiningJob.Success')).toHaveLength(1)
    expect(two.miner.takeOf('SetCustomMiningJob.Error').map(({ errorCode }) => errorCode)).toEqual([
      'invalid-mining-job-token',
    ])
    // it is known now: nobody is asked again
    expect(refusalOf(two.miner, of(two, []))).toBe('invalid-mining-job-token')
    setJob(two.miner, two.channel, of(two))
    expect(two.link.factsOf('tokenUsed')).toEqual([])
  })
})
