import { meetsTarget } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { AggregatorWorld } from '../_aggregator.ts'
import { EASY_TARGET, filled, NBITS_HARD, NTIME, proves } from '../_fixtures.ts'
import { anUpstreamJob } from '../_test-upstream.ts'

describe('the upstream side', () => {
  proves('PRX-01, PRX-02', 'both', 'many miners share one extended channel', (edition) => {
    const world = new AggregatorWorld()
    const upstream = world.upstream(edition)
    upstream.tip(1, 10)
    for (let n = 0; n < 10; n++) {
      const miner = world.miner(edition)
      miner.open('extended')
      miner.open('standard')
    }
    expect(upstream.channels).toEqual([1])
    expect(world.proxy.counts).toEqual({ connections: 10, channels: 20, upstreamChannels: 1 })
  })

  test('asks for one channel, however many miners come before it is there', () => {
    const world = new AggregatorWorld({ eager: false })
    const miners = Array.from({ length: 10 }, () => world.miner(current))
    const upstream = world.upstream(current, { silent: true })
    for (const miner of miners) miner.request('extended')
    upstream.serve()
    const [request, ...more] = upstream.take('OpenExtendedMiningChannel')
    expect(more).toEqual([])
    upstream.grant(request!)
    upstream.tip(1, 10)
    for (const miner of miners) expect(miner.takeOf('OpenExtendedMiningChannel.Success')).toHaveLength(1)
    expect(upstream.take('UpdateChannel')).toEqual([])
  })

  proves(
    'PRX-03, PRX-04, PRX-07, PRX-08',
    'both',
    'is told how fast those below are, 0.0 for nobody',
    (edition) => {
      const world = new AggregatorWorld()
      const upstream = world.upstream(edition)
      upstream.tip(1, 10)
      expect(upstream.take('OpenExtendedMiningChannel')).toMatchObject([{ nominalHashRate: 0 }])
      const [a, b] = [world.miner(edition), world.miner(edition)]
      const first = a.open('extended', { hashrate: 1000 })
      b.open('standard', { hashrate: 500 })
      world.link.advance(1_000)
      expect(upstream.take('UpdateChannel')).toMatchObject([{ channelId: 1, nominalHashRate: 1500 }])
      a.peer.send({ type: 'CloseChannel', channelId: first.channelId, reasonCode: 'bye' })
      world.link.advance(1_000)
      expect(upstream.take('UpdateChannel')).toMatchObject([{ nominalHashRate: 500 }])
      b.peer.disconnect()
      world.link.advance(2_000)
      expect(upstream.take('UpdateChannel')).toMatchObject([{ nominalHashRate: 0 }])
    },
  )

  proves('PRX-05', 'both', 'is not told more often than once a second', (edition) => {
    const world = new AggregatorWorld()
    const upstream = world.upstream(edition)
    upstream.tip(1, 10)
    const miner = world.miner(edition)
    for (let n = 1; n <= 50; n++) {
      miner.open('extended', { hashrate: 100 })
      world.link.advance(100)
    }
    expect(upstream.take('UpdateChannel').length).toBeLessThanOrEqual(5)
  })

  proves('PRX-13', 'both', 'its Reconnect stays here', (edition) => {
    const world = new AggregatorWorld()
    const upstream = world.upstream(edition)
    upstream.tip(1, 10)
    const miner = world.miner(edition)
    miner.open('extended')
    miner.take()
    upstream.send({ type: 'Reconnect', newHost: 'other.test', newPort: 4444 })
    expect(miner.take()).toEqual([])
    expect(miner.peer.closed).toBeUndefined()
    expect(world.factsOf('redial')).toEqual([{ kind: 'redial', upstream: 0, host: 'other.test', port: 4444 }])
  })

  proves('PRX-16, PRX-17', 'both', 'frames of extensions end here, on either side', (edition) => {
    const world = new AggregatorWorld()
    const upstream = world.upstream(edition)
    upstream.tip(1, 10)
    const miner = world.miner(edition)
    const channel = miner.open('extended')
    miner.take()
    const opaque = (channelId: number, channelMsg: boolean): Message => ({
      type: 'Opaque',
      extensionType: 0x77,
      channelMsg,
      msgType: 5,
      payload: Uint8Array.of(channelId, 0, 0, 0, 1, 2),
      ...(channelMsg ? { channelId } : {}),
    })
    upstream.send(opaque(1, true), opaque(1, false))
    miner.peer.send(opaque(channel.channelId, true), opaque(channel.channelId, false))
    upstream.serve()
    expect(miner.take()).toEqual([])
    expect(upstream.take('Opaque')).toEqual([])
    expect([miner.peer.closed, upstream.peer.closed]).toEqual([undefined, undefined])
  })
})

describe('jobs of an upstream', () => {
  function aMinerAtWork() {
    const world = new AggregatorWorld()
    const upstream = world.upstream(current)
    upstream.tip(1, 10)
    const miner = world.miner(current)
    const channel = miner.open('extended')
    miner.take()
    world.facts()
    return { world, upstream, miner, channel }
  }

  test.each([
    [60_000, 1, 0],
    [60_001, 0, 1],
  ])('with a coinbase of %i bytes: %i handed on, %i ignored', (bytes, handedOn, ignored) => {
    const { world, upstream, miner } = aMinerAtWork()
    const [coinbaseTxPrefix, coinbaseTxSuffix] = [filled(1, 30_000), filled(2, bytes - 30_000)]
    upstream.send(anUpstreamJob(1, 11, { minNtime: NTIME, coinbaseTxPrefix, coinbaseTxSuffix }))
    expect(miner.takeOf('NewExtendedMiningJob')).toHaveLength(handedOn)
    expect(world.factsOf('upstreamMessageIgnored')).toHaveLength(ignored)
  })

  test('one that waits is started by its tip, however many others were told meanwhile under one id', () => {
    const { upstream, miner, channel } = aMinerAtWork()
    upstream.send(anUpstreamJob(1, 20))
    for (let n = 0; n < 40; n++) upstream.send(anUpstreamJob(1, 21))
    const prevHash = filled(0xbb)
    upstream.send({
      type: 'SetNewPrevHash',
      channelId: 1,
      jobId: 20,
      prevHash,
      minNtime: NTIME,
      nbits: NBITS_HARD,
    })
    const tip = miner.tip(channel)
    expect(tip.prevHash).toEqual(prevHash)
    const started = miner.jobs(channel).find(({ jobId }) => jobId === tip.jobId)
    expect(started?.type === 'NewExtendedMiningJob' && started.coinbaseTxPrefix.at(3)).toBe(20)
  })
})

describe('the search space', () => {
  proves(
    'PRX-21',
    'both',
    'is split without overlap: upstream prefix, own bytes, those of the device',
    (edition) => {
      const world = new AggregatorWorld()
      const upstream = world.upstream(edition, { prefix: filled(0xc7, 6) })
      upstream.tip(1, 10)
      const miner = world.miner(edition)
      const channels = [miner.open('extended'), miner.open('standard'), miner.open('extended')]
      const seen = new Set(channels.map(({ prefix }) => Buffer.from(prefix.subarray(0, 2)).toString('hex')))
      expect(seen.size).toBe(3)
      const job = miner.job(channels[0]!)
      if (job.type !== 'NewExtendedMiningJob') throw new Error('no extended job')
      // two bytes tell repeated jobs apart
      expect(job.coinbaseTxPrefix.subarray(-8)).toEqual(Uint8Array.of(...filled(0xc7, 6), 0, 0))
      expect(channels.map(({ prefix, extranonceSize }) => prefix.length + extranonceSize)).toEqual([
        10, 10, 10,
      ])
    },
  )

  test('grows smaller with every proxy below a proxy, and ends with a clear code', () => {
    const world = new AggregatorWorld({ rolled: { most: 8, least: 4 } })
    const upstream = world.upstream(current)
    upstream.tip(1, 10)
    const miner = world.miner(current)
    miner.request('extended', { minExtranonceSize: 9 })
    expect(miner.takeOf('OpenMiningChannel.Error')).toMatchObject([
      { errorCode: 'min-extranonce-size-too-large' },
    ])
    expect(miner.open('extended', { minExtranonceSize: 8 }).extranonceSize).toBe(8)
  })

  test('is asked for in smaller and smaller pieces until the upstream has enough', () => {
    const world = new AggregatorWorld({ rolled: { most: 16, least: 4 } })
    const upstream = world.upstream(current, { silent: true })
    const asked: number[] = []
    for (;;) {
      upstream.serve()
      const [request] = upstream.take('OpenExtendedMiningChannel')
      if (request === undefined) break
      asked.push(request.minExtranonceSize)
      if (request.minExtranonceSize <= 10) upstream.grant(request)
      else {
        const { requestId } = request
        upstream.send({
          type: 'OpenMiningChannel.Error',
          requestId,
          errorCode: 'min-extranonce-size-too-large',
        })
      }
    }
    expect(asked).toEqual([20, 18, 14, 10])
    upstream.tip(1, 10)
    expect(world.miner(current).open('extended').extranonceSize).toBe(6)
  })

  test('that is used up refuses one channel, and no other', () => {
    const world = new AggregatorWorld({
      miners: { extranonce: { serverId: new Uint8Array(0), leaseBytes: 1 }, maxChannelsPerConnection: 1000 },
    })
    const upstream = world.upstream(current)
    upstream.tip(1, 10)
    const miner = world.miner(current)
    for (let n = 0; n < 256; n++) miner.open('standard')
    miner.request('standard')
    expect(miner.takeOf('OpenMiningChannel.Error')).toMatchObject([
      { errorCode: 'channel-capacity-exhausted' },
    ])
  })

  proves('PRX-21', 'both', 'bytes granted beyond what devices roll stand in front', (edition) => {
    const world = new AggregatorWorld({ rolled: { most: 8, least: 4 } })
    const upstream = world.upstream(edition, { extranonceSize: (asked) => asked + 3, target: EASY_TARGET })
    upstream.tip(1, 10)
    const miner = world.miner(edition)
    const channel = miner.open('extended')
    expect(channel.extranonceSize).toBe(8)
    miner.peer.send(miner.find(channel, { hash: (hash) => meetsTarget(hash, EASY_TARGET) }))
    const [share] = upstream.take('SubmitSharesExtended')
    expect(share?.extranonce.length).toBe(15)
    expect(share?.extranonce.subarray(0, 5)).toEqual(new Uint8Array(5))
    expect(share?.extranonce.subarray(5, 7)).toEqual(channel.prefix)
  })
})
