import { decodeHeader } from '@sv2/codec'
import type { Edition, Message } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import {
  aDevice,
  aPool,
  aProvider,
  aSetup,
  aTemplateClient,
  connectTemplates,
  type PoolOverrides,
  proves,
} from '../_fixtures.ts'
import { aNodeTemplate } from '../_node-templates.ts'
import { TestMiner } from '../_test-miner.ts'

const request = (...requestedExtensions: number[]): Message => ({
  type: 'RequestExtensions',
  requestId: 3,
  requestedExtensions,
})

const extensions = (supported: number[], required: number[] = []): PoolOverrides => ({
  miners: { extensions: { supported: new Set(supported), required: new Set(required) } },
})

describe('the pool’s negotiation', () => {
  proves(
    'EXT-07, EXT-04, EXT-15',
    'current',
    'worker names count once 0x0001 has agreed on 0x0002, not before',
    (edition) => {
      const { link } = aPool(edition)
      const workers = [false, true].map((negotiates) => {
        const miner = new TestMiner(link, edition)
        if (negotiates) {
          miner.peer.send(request(2, 0x7777))
          expect(miner.take()).toEqual([
            { type: 'RequestExtensions.Success', requestId: 3, supportedExtensions: [2] },
          ])
        }
        const channel = miner.open('extended')
        miner.peer.send({ ...miner.find(channel), userIdentity: 'rig7' } as Message)
        return link.factsOf('shareAccepted').map(({ worker }) => worker)
      })
      expect(workers).toEqual([[undefined], ['rig7']])
    },
  )

  proves(
    'EXT-17',
    'current',
    'nothing of what is requested is supported: RequestExtensions.Error',
    (edition) => {
      const { link } = aPool(edition)
      const miner = new TestMiner(link, edition)
      miner.peer.send(request(0x4000, 0x7fff))
      expect(miner.take()).toEqual([
        {
          type: 'RequestExtensions.Error',
          requestId: 3,
          unsupportedExtensions: [0x4000, 0x7fff],
          requiredExtensions: [],
        },
      ])
      // and it may go on without
      expect(miner.open('standard').channelId).toBeGreaterThan(0)
    },
  )

  proves(
    'EXT-18, EXT-19',
    'current',
    'a client without a required extension is told which, and left if it does not come back',
    (edition) => {
      const { link } = aPool(edition, extensions([2, 5], [5]))
      const miner = new TestMiner(link, edition)
      miner.peer.send(request(2))
      expect(miner.take()).toMatchObject([{ type: 'RequestExtensions.Error', requiredExtensions: [5] }])
      miner.request('standard')
      expect(miner.peer.closed).toBe('required extensions were not requested')
      const better = new TestMiner(link, edition)
      better.peer.send(request(2), request(2, 5))
      expect(better.take().at(-1)).toMatchObject({ supportedExtensions: [2, 5] })
      expect(better.open('standard').channelId).toBeGreaterThan(0)
    },
  )

  test('a draft client, which has no negotiation, is served in spite of required extensions', () => {
    const { link } = aPool(draft, extensions([5], [5]))
    expect(new TestMiner(link, draft).open('standard').channelId).toBeGreaterThan(0)
  })
})

proves('EXT-01, EXT-05', 'both', 'no role sends a frame of an extension nobody asked for', (edition) => {
  const { link, templates, tip } = aPool(edition)
  const miner = new TestMiner(link, edition)
  const channels = [miner.open('standard'), miner.open('extended')]
  for (const channel of channels) miner.peer.send(miner.find(channel))
  tip({ templateId: 2n })
  link.advance(120_000)
  const provider = aProvider()
  const client = aTemplateClient(provider, edition)
  provider.node(aNodeTemplate())
  const { server } = aDevice(edition)
  server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
  const peers = [miner.peer, templates, client, server, connectTemplates(link, edition)]
  for (const { frames } of peers) {
    expect(frames.length).toBeGreaterThan(0)
    for (const frame of frames) expect(decodeHeader(frame).extensionType & 0x7fff).toBe(0)
  }
})

proves(
  'EXT-01',
  'current',
  'the only extension messages are those of the allocated 0x0001, in answer to it',
  (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    miner.peer.send(request(2))
    expect(miner.peer.frames.map((frame) => decodeHeader(frame).extensionType)).toEqual([0, 1])
  },
)

test('a message before SetupConnection is no way into the negotiation', () => {
  const { link } = aPool(current)
  const peer = link.connect({
    port: { kind: 'miners' },
    edition: current,
    protocol: 'mining',
    plays: 'client',
  })
  expect(() => peer.sendFrame(current.encode(request(2)))).toThrow(/SetupConnection/)
  peer.send(aSetup(), request(2))
  expect(peer.received().map(({ type }) => type)).toEqual([
    'SetupConnection.Success',
    'RequestExtensions.Success',
  ])
})

/** A pool, and a client of it with an extended channel and worker names agreed on. */
function withWorkers(edition: Edition, miners: PoolOverrides['miners'] = {}) {
  const { link } = aPool(edition, { miners })
  const miner = new TestMiner(link, edition)
  if (edition.capabilities.extensions) miner.peer.send(request(2))
  miner.take()
  const channel = miner.open('extended')
  const submit = (worker?: string) => {
    for (const { maximumTarget } of miner.takeOf('SetTarget')) channel.target = maximumTarget
    const share = miner.find(channel)
    miner.peer.send((worker === undefined ? share : { ...share, userIdentity: worker }) as Message)
  }
  return { link, miner, channel, submit }
}

proves(
  'EXT-06',
  'both',
  'after ChannelEndpointChanged a share is judged as ever, and no worker of before is carried over',
  (edition) => {
    const { link, miner, channel, submit } = withWorkers(edition)
    submit('rig7')
    miner.peer.send({ type: 'ChannelEndpointChanged', channelId: channel.channelId })
    // of a channel that is not there it means nothing
    miner.peer.send({ type: 'ChannelEndpointChanged', channelId: 4_242 })
    submit('')
    const known = edition.capabilities.extensions
    expect(link.factsOf('shareAccepted').map(({ worker }) => worker)).toEqual(
      known ? ['rig7', ''] : [undefined, undefined],
    )
    expect(miner.peer.closed).toBeUndefined()
    if (!known) return
    // it may agree on extensions anew
    miner.take()
    miner.peer.send(request(2))
    expect(miner.takeOf('RequestExtensions.Success')).toMatchObject([{ supportedExtensions: [2] }])
  },
)

/** Shares a minute of a channel after twenty minutes, the same hash rate always, of so many workers in turn. */
function sharesPerMinute(edition: Edition, workers: number, changeEndpoint = false): number {
  const { link, miner, channel, submit } = withWorkers(edition, {
    vardiff: true,
    startDifficulty: 2 ** -24,
  })
  /** At this difficulty the channel finds the twelve shares a minute that are aimed at. */
  const rate = (difficulty: number) => (12 * 2 ** -24) / difficulty
  let difficulty = 2 ** -24
  let due = link.now
  let count = 0
  const end = link.now + 20 * 60_000
  while (due < end) {
    link.advance(due - link.now)
    submit(`rig${count % workers}`)
    count++
    if (changeEndpoint) miner.peer.send({ type: 'ChannelEndpointChanged', channelId: channel.channelId })
    for (const { to } of link.factsOf('difficultyChanged')) difficulty = to
    due += 60_000 / rate(difficulty)
  }
  return rate(difficulty)
}

proves(
  'EXT-27',
  'current',
  'the more workers share a channel, the easier its target, so that each of them is seen',
  (edition) => {
    expect(sharesPerMinute(edition, 1)).toBe(12)
    const four = sharesPerMinute(edition, 4)
    expect(four / 4).toBeGreaterThan(12 / 1.5)
    expect(four / 4).toBeLessThan(12 * 1.5)
    // without memory of them they are one
    expect(sharesPerMinute(edition, 4, true)).toBe(12)
  },
)
