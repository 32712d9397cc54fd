import { difficultyToTarget, MAX_TARGET, targetToDifficulty } from '@sv2/bitcoin'
import { describe, expect } from 'vitest'
import { aPool, filled, NBITS_EASY, proves } from '../_fixtures.ts'
import { TestMiner } from '../_test-miner.ts'

describe('updating', () => {
  proves('POOL-21', 'both', 'a smaller maximum_target is answered by SetTarget', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const channel = miner.open('standard')
    const maximumTarget = difficultyToTarget(0.5)
    miner.peer.send({
      type: 'UpdateChannel',
      channelId: channel.channelId,
      nominalHashRate: 0,
      maximumTarget,
    })
    expect(miner.takeOf('SetTarget')).toEqual([
      { type: 'SetTarget', channelId: channel.channelId, maximumTarget },
    ])
  })

  proves(
    'POOL-21',
    'both',
    'a maximum_target harder than the network is reflected, and blocks count',
    (edition) => {
      const { link, tip } = aPool(edition)
      tip({ templateId: 2n }, { prevHash: filled(2), nbits: NBITS_EASY })
      const miner = new TestMiner(link, edition)
      const channel = miner.open('standard')
      const maximumTarget = difficultyToTarget(0.5)
      const { channelId } = channel
      miner.peer.send({ type: 'UpdateChannel', channelId, nominalHashRate: 0, maximumTarget })
      expect(miner.takeOf('SetTarget')).toEqual([{ type: 'SetTarget', channelId, maximumTarget }])
      miner.peer.send(miner.find(channel, { hash: (hash) => hash[31]! < 0x7f }))
      expect(link.factsOf('blockFound')).toHaveLength(1)
    },
  )

  proves('POOL-22', 'both', 'an accepted UpdateChannel that changes nothing has no answer', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const { channelId } = miner.open('extended')
    miner.peer.send({ type: 'UpdateChannel', channelId, nominalHashRate: 0, maximumTarget: MAX_TARGET })
    expect(miner.take()).toEqual([])
  })

  proves('POOL-22', 'both', 'an invalid UpdateChannel gets UpdateChannel.Error', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const channel = miner.open('extended')
    const { channelId } = channel
    const update = { type: 'UpdateChannel', nominalHashRate: 1, maximumTarget: MAX_TARGET } as const
    const bad = [
      { ...update, channelId: 999 },
      { ...update, channelId, nominalHashRate: Number.NaN },
      { ...update, channelId, maximumTarget: filled(0) },
    ]
    for (const each of bad) {
      miner.peer.send(each)
      expect(miner.take()).toMatchObject([{ type: 'UpdateChannel.Error', channelId: each.channelId }])
    }
    // and the channel is what it was
    miner.peer.send(miner.find(channel))
    link.advance(1_000)
    expect(miner.take()).toMatchObject([{ type: 'SubmitShares.Success', channelId }])
  })

  proves('POOL-21', 'both', 'the difficulty follows a declared hash rate', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const { channelId, target } = miner.open('standard', { hashrate: 10 })
    miner.peer.send({
      type: 'UpdateChannel',
      channelId,
      nominalHashRate: 1_000_000,
      maximumTarget: MAX_TARGET,
    })
    const [set] = miner.takeOf('SetTarget')
    const factor = targetToDifficulty(set!.maximumTarget) / targetToDifficulty(target)
    expect(factor).toBeGreaterThan(80_000)
    expect(factor).toBeLessThan(125_000)
  })
})

describe('closing', () => {
  proves('POOL-23', 'both', 'nothing is sent for a closed channel, its shares are refused', (edition) => {
    const { link, tip } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const closed = miner.open('extended')
    const open = miner.open('standard')
    miner.peer.send(miner.find(closed))
    const late = miner.find(closed)
    miner.peer.send({ type: 'CloseChannel', channelId: closed.channelId, reasonCode: 'done' })
    miner.take()
    link.advance(5_000)
    tip({ templateId: 2n }, { prevHash: filled(2) })
    link.advance(130_000)
    link.tell({ kind: 'renewPrefix', session: miner.peer.session, channelId: closed.channelId })
    const about = miner.take().map((message) => ('channelId' in message ? message.channelId : undefined))
    expect(about).not.toContain(closed.channelId)
    expect(about.some((id) => id === open.channelId || id === open.groupId)).toBe(true)
    miner.peer.send(late)
    expect(miner.takeOf('SubmitShares.Error')).toMatchObject([{ errorCode: 'invalid-channel-id' }])
  })

  proves(
    'POOL-24',
    'current',
    'CloseChannel on a group id closes all its channels and no others',
    (edition) => {
      const { link } = aPool(edition)
      const miner = new TestMiner(link, edition)
      const [one, two] = [miner.open('standard'), miner.open('extended')]
      const other = miner.open('extended')
      link.tell({ kind: 'regroup', session: miner.peer.session, channelIds: [other.channelId] })
      other.groupId = miner.takeOf('SetGroupChannel')[0]!.groupChannelId
      expect(one.groupId).toBe(two.groupId)
      expect(other.groupId).not.toBe(one.groupId)
      miner.peer.send({ type: 'CloseChannel', channelId: one.groupId, reasonCode: 'done' })
      const codes = [one, two, other].map((channel) => {
        miner.take()
        miner.peer.send(miner.find(channel))
        return miner.takeOf('SubmitShares.Error').map(({ errorCode }) => errorCode)
      })
      expect(codes).toEqual([['invalid-channel-id'], ['invalid-channel-id'], []])
    },
  )

  proves(
    'POOL-63',
    'both',
    'a drain sends one Reconnect for the whole connection, then closes it',
    (edition) => {
      const { link } = aPool(edition)
      const miner = new TestMiner(link, edition)
      const channel = miner.open('standard')
      miner.open('extended')
      miner.peer.send(miner.find(channel))
      miner.take()
      link.tell({ kind: 'drain', host: 'other.pool', port: 4444 })
      expect(miner.take()).toMatchObject([
        // what was earned is acknowledged first
        { type: 'SubmitShares.Success', newSubmitsAcceptedCount: 1 },
        { type: 'Reconnect', newHost: 'other.pool', newPort: 4444 },
      ])
      expect(miner.peer.closed).toBe('draining')
    },
  )

  proves('POOL-64', 'both', 'channels of both kinds live side by side', (edition) => {
    const { link, tip } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const channels = [
      miner.open('standard'),
      miner.open('extended'),
      miner.open('extended', { minExtranonceSize: 16 }),
      miner.open('standard'),
    ]
    tip({ templateId: 2n }, { prevHash: filled(2) })
    for (const channel of channels) miner.peer.send(miner.find(channel))
    link.advance(2_000)
    const acks = miner.take().filter(({ type }) => type.startsWith('SubmitShares'))
    expect(acks).toMatchObject(
      channels.map(({ channelId }) => ({
        type: 'SubmitShares.Success',
        channelId,
        newSubmitsAcceptedCount: 1,
      })),
    )
  })
})
