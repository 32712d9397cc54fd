import { difficultyToTarget, MAX_TARGET, targetToDifficulty } from '@sv2/bitcoin'
import { decodeHeader } from '@sv2/codec'
import { MINING_SETUP_FLAGS, MINING_SUCCESS_FLAGS } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { aPool, aSetup, filled, proves } from '../_fixtures.ts'
import { TestMiner } from '../_test-miner.ts'

const { REQUIRES_STANDARD_JOBS, REQUIRES_VERSION_ROLLING, REQUIRES_WORK_SELECTION } = MINING_SETUP_FLAGS

const { REQUIRES_EXTENDED_CHANNELS, REQUIRES_FIXED_VERSION } = MINING_SUCCESS_FLAGS

describe('opening', () => {
  proves(
    'POOL-01, POOL-02, POOL-16, POOL-18',
    'both',
    'both kinds of channel open, their request_id echoed',
    (edition) => {
      const { link } = aPool(edition)
      const miner = new TestMiner(link, edition)
      const standard = miner.request('standard')
      expect(miner.takeOf('OpenStandardMiningChannel.Success')).toMatchObject([{ requestId: standard }])
      const extended = miner.request('extended')
      expect(miner.takeOf('OpenExtendedMiningChannel.Success')).toMatchObject([{ requestId: extended }])
    },
  )

  proves(
    'POOL-18',
    'both',
    'request ids are the client’s: the same one may come again, and the largest',
    (edition) => {
      const { link } = aPool(edition)
      const miner = new TestMiner(link, edition)
      for (const requestId of [0, 0xffff_ffff, 0xffff_ffff]) {
        miner.peer.send({
          type: 'OpenStandardMiningChannel',
          requestId,
          userIdentity: '',
          nominalHashRate: 0,
          maxTarget: MAX_TARGET,
        })
        expect(miner.takeOf('OpenStandardMiningChannel.Success')).toMatchObject([{ requestId }])
      }
    },
  )

  proves('POOL-06', 'current', 'ids of channels are never used twice on a connection', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const ids = Array.from({ length: 20 }, (_, index) => {
      const { channelId } = miner.open(index % 2 === 0 ? 'standard' : 'extended')
      if (index % 3 === 0) miner.peer.send({ type: 'CloseChannel', channelId, reasonCode: '' })
      return channelId
    })
    expect(new Set(ids).size).toBe(ids.length)
  })

  proves('POOL-07', 'both', 'a group id is never a channel id, nor a channel id a group id', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const channels = [1, 2, 3].flatMap((size) => [
      miner.open('standard'),
      miner.open('extended', { minExtranonceSize: size * 8 }),
    ])
    link.tell({ kind: 'regroup', session: miner.peer.session, channelIds: [channels[0]!.channelId] })
    const regrouped = miner.takeOf('SetGroupChannel').map(({ groupChannelId }) => groupChannelId)
    expect(regrouped).toHaveLength(1)
    const channelIds = new Set(channels.map(({ channelId }) => channelId))
    // the draft says of an extended channel that it is its own group
    const groups = channels.filter(({ channelId, groupId }) => groupId !== channelId)
    for (const { groupId } of groups) expect(channelIds.has(groupId)).toBe(false)
    for (const groupId of regrouped) {
      expect(channelIds.has(groupId)).toBe(false)
      expect(groups.some((each) => each.groupId === groupId)).toBe(false)
    }
  })

  proves('POOL-08', 'draft', 'a standard channel is in a group from the start', (edition) => {
    const { link } = aPool(edition)
    const channel = new TestMiner(link, edition).open('standard')
    expect(channel.groupId).toBeGreaterThan(0)
    expect(channel.groupId).not.toBe(channel.channelId)
  })

  proves('POOL-09', 'current', 'standard and extended channels are in a group from the start', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    for (const kind of ['standard', 'extended'] as const) {
      const channel = miner.open(kind)
      expect(channel.groupId).toBeGreaterThan(0)
      expect(channel.groupId).not.toBe(channel.channelId)
    }
  })

  proves('POOL-10', 'current', 'channels of one group have the same full extranonce size', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const sizes = new Set<number>()
    for (const size of [2, 8, 8, 12, 20, 0, 12]) {
      for (const kind of ['extended', 'standard'] as const) {
        const channel = miner.open(kind, { minExtranonceSize: size })
        sizes.add(channel.prefix.length + channel.extranonceSize)
      }
    }
    // and those of all groups, of all connections: two channels never have the same coinbase
    expect([...sizes]).toEqual([32])
  })

  proves('POOL-05', 'both', 'a channel keeps its id through jobs, targets and other channels', (edition) => {
    const { link, tip } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const channel = miner.open('extended')
    for (let round = 2n; round < 6n; round++) {
      miner.open('standard')
      tip({ templateId: round }, { prevHash: filled(Number(round)) })
      link.tell({ kind: 'renewPrefix', session: miner.peer.session, channelId: channel.channelId })
      channel.prefix = miner.takeOf('SetExtranoncePrefix').at(-1)!.extranoncePrefix
      miner.peer.send(miner.find(channel))
    }
    link.advance(2_000)
    expect(miner.takeOf('SubmitShares.Success')).toMatchObject([
      { channelId: channel.channelId, newSubmitsAcceptedCount: 4 },
    ])
  })

  proves(
    'POOL-14',
    'both',
    'a pool that requires extended channels says so and opens no other',
    (edition) => {
      const { link } = aPool(edition, { miners: { extendedChannelsOnly: true } })
      const miner = new TestMiner(link, edition)
      expect(miner.log).toMatchObject([
        { type: 'SetupConnection.Success', flags: REQUIRES_EXTENDED_CHANNELS },
      ])
      const requestId = miner.request('standard')
      expect(miner.take()).toMatchObject([{ type: 'OpenMiningChannel.Error', requestId }])
      expect(miner.open('extended').channelId).toBeGreaterThan(0)
    },
  )

  proves('POOL-17', 'both', 'the first target is not above max_target', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    for (const difficulty of [2 ** -31, 2 ** -20, 0.01, 0.9]) {
      const maxTarget = difficultyToTarget(difficulty)
      const { target } = miner.open('standard', { maxTarget })
      expect(targetToDifficulty(target)).toBeGreaterThanOrEqual(targetToDifficulty(maxTarget))
    }
  })

  proves('POOL-17', 'both', 'a max_target no share can meet is refused', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    // zero, and harder than a block
    for (const maxTarget of [filled(0), difficultyToTarget(1000)]) {
      const requestId = miner.request('extended', { maxTarget })
      expect(miner.take()).toEqual([
        { type: 'OpenMiningChannel.Error', requestId, errorCode: 'max-target-out-of-range' },
      ])
    }
  })

  proves('POOL-19', 'both', 'extranonce_size is at least min_extranonce_size', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    for (const minExtranonceSize of [0, 4, 8, 9, 26]) {
      const channel = miner.open('extended', { minExtranonceSize })
      expect(channel.extranonceSize).toBeGreaterThanOrEqual(minExtranonceSize)
      expect(channel.extranonceSize + channel.prefix.length).toBeLessThanOrEqual(32)
    }
  })

  proves('POOL-19', 'both', 'what does not fit beside the prefix is refused', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    for (const minExtranonceSize of [27, 32, 65_535]) {
      miner.request('extended', { minExtranonceSize })
      expect(miner.take()).toMatchObject([{ type: 'OpenMiningChannel.Error' }])
    }
  })

  proves('POOL-20', 'draft', 'a refusal has the number of its request', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const numbers = (['standard', 'extended'] as const).map((kind) => {
      miner.request(kind, { hashrate: -1 })
      return decodeHeader(miner.peer.frames.at(-1)!).msgType
    })
    expect(numbers).toEqual([0x12, 0x15])
  })

  proves('POOL-68', 'current', 'kinds of channel that the setup ruled out are refused', (edition) => {
    const { link } = aPool(edition)
    const standard = new TestMiner(link, edition, REQUIRES_STANDARD_JOBS)
    standard.request('extended')
    expect(standard.take()).toMatchObject([
      { type: 'OpenMiningChannel.Error', errorCode: 'extended-channels-not-supported-for-standard-jobs' },
    ])
    const custom = new TestMiner(link, edition, REQUIRES_WORK_SELECTION)
    custom.request('standard')
    expect(custom.take()).toMatchObject([
      { type: 'OpenMiningChannel.Error', errorCode: 'standard-channels-not-supported-for-custom-work' },
    ])
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, -1e-45])(
    'a hash rate of %d is refused and the connection stays',
    (hashrate) => {
      const { link } = aPool(current)
      const miner = new TestMiner(link, current)
      miner.request('standard', { hashrate })
      expect(miner.take()).toMatchObject([{ errorCode: 'invalid-nominal-hashrate' }])
      expect(miner.open('standard').channelId).toBeGreaterThan(0)
    },
  )

  test.each([0, 1e-45, 3.4e38])(
    'a hash rate of %d opens a channel with a target that can be met',
    (hashrate) => {
      const { link } = aPool(current)
      const { target } = new TestMiner(link, current).open('standard', { hashrate })
      expect(targetToDifficulty(target)).toBeLessThanOrEqual(1)
    },
  )
})

describe('version rolling', () => {
  proves(
    'POOL-11, POOL-12',
    'both',
    'a client that requires version rolling gets it in every job',
    (edition) => {
      const { link, tip } = aPool(edition)
      const miner = new TestMiner(link, edition, REQUIRES_VERSION_ROLLING)
      expect(miner.log).toMatchObject([{ type: 'SetupConnection.Success', flags: 0 }])
      const channel = miner.open('extended')
      tip({ templateId: 2n }, { prevHash: filled(2) })
      link.advance(70_000)
      const jobs = miner.jobs(channel)
      expect(jobs.length).toBeGreaterThan(2)
      for (const job of jobs) expect(job).toMatchObject({ versionRollingAllowed: true })
    },
  )

  proves('POOL-11, POOL-12', 'both', 'a pool without version rolling refuses such a client', (edition) => {
    const { link } = aPool(edition, { versionRolling: false })
    const peer = link.connect({ port: { kind: 'miners' }, edition, protocol: 'mining', plays: 'client' })
    peer.send(aSetup({ flags: REQUIRES_VERSION_ROLLING }))
    expect(peer.received()).toMatchObject([
      { type: 'SetupConnection.Error', flags: REQUIRES_VERSION_ROLLING },
    ])
  })

  proves('POOL-13', 'both', 'with REQUIRES_FIXED_VERSION no extended job allows rolling', (edition) => {
    const { link, tip } = aPool(edition, { versionRolling: false })
    const miner = new TestMiner(link, edition)
    expect(miner.log).toMatchObject([{ type: 'SetupConnection.Success', flags: REQUIRES_FIXED_VERSION }])
    const channel = miner.open('extended')
    tip({ templateId: 2n }, { prevHash: filled(2) })
    const jobs = miner.jobs(channel)
    expect(jobs.length).toBeGreaterThan(1)
    for (const job of jobs) expect(job).toMatchObject({ versionRollingAllowed: false })
  })
})

describe('capacity', () => {
  proves('POOL-03', 'both', 'every channel has a prefix of its own, over all connections', (edition) => {
    const { link } = aPool(edition)
    const prefixes = new Set<string>()
    for (let connection = 0; connection < 5; connection++) {
      const miner = new TestMiner(link, edition)
      for (let channel = 0; channel < 10; channel++) {
        const { prefix, kind } = miner.open(channel % 2 === 0 ? 'standard' : 'extended')
        // no prefix may begin another: what follows it is rolled
        prefixes.add(Buffer.from(prefix.subarray(0, 6)).toString('hex'))
        expect(prefix.length).toBe(kind === 'extended' ? 24 : 32)
      }
    }
    expect(prefixes.size).toBe(50)
  })

  proves(
    'POOL-03',
    'both',
    'a full extranonce space refuses one channel and disturbs no other',
    (edition) => {
      const { link, tip } = aPool(edition, {
        miners: { extranonce: { serverId: new Uint8Array(0), leaseBytes: 1 } },
      })
      const miners = Array.from({ length: 4 }, () => new TestMiner(link, edition))
      const channels = Array.from({ length: 256 }, (_, index) => miners[index % 4]!.open('standard'))
      miners[0]!.request('standard')
      expect(miners[0]!.take()).toMatchObject([{ type: 'OpenMiningChannel.Error' }])
      expect(link.factsOf('channelRefused')).toMatchObject([{ code: 'channel-capacity-exhausted' }])
      miners[0]!.peer.send(miners[0]!.find(channels[0]!))
      miners[0]!.peer.send({ type: 'CloseChannel', channelId: channels[0]!.channelId, reasonCode: '' })
      // its part of the space is still in use by the jobs it had
      miners[0]!.request('standard')
      expect(miners[0]!.take()).toMatchObject([{ type: 'OpenMiningChannel.Error' }])
      tip({ templateId: 2n }, { prevHash: filled(2) })
      expect(miners[0]!.open('standard').prefix[0]).toBe(channels[0]!.prefix[0])
    },
  )

  test('a connection and the node take no more channels than configured', () => {
    const edition = current
    const { link } = aPool(edition, { miners: { maxChannelsPerConnection: 3, maxChannels: 5 } })
    const [one, two] = [new TestMiner(link, edition), new TestMiner(link, edition)]
    for (let channel = 0; channel < 3; channel++) one.open('standard')
    one.request('standard')
    expect(one.take()).toMatchObject([{ errorCode: 'channel-capacity-exhausted' }])
    two.open('standard')
    two.open('standard')
    two.request('standard')
    expect(two.take()).toMatchObject([{ errorCode: 'channel-capacity-exhausted' }])
    one.peer.disconnect()
    expect(two.open('standard').channelId).toBeGreaterThan(0)
  })

  test('a connection names no more accounts than configured in its life, whatever it closes', () => {
    const most = 50
    const { link } = aPool(current, {
      miners: { maxChannelsPerConnection: 200, maxAccountsPerConnection: most },
    })
    const miner = new TestMiner(link, current)
    const open = (user: string) => {
      const requestId = miner.request('standard', { user })
      const [answer] = miner.take()
      if (answer?.type !== 'OpenStandardMiningChannel.Success') return answer
      miner.peer.send({ type: 'CloseChannel', channelId: answer.channelId, reasonCode: '' })
      return requestId
    }
    for (let n = 0; n < most; n++) expect(open(`account${n}.rig`)).toEqual(expect.any(Number))
    for (let n = most; n < 100_000; n += 997)
      expect(open(`account${n}.rig`)).toMatchObject({ errorCode: 'channel-capacity-exhausted' })
    expect(link.factsOf('channelRefused').at(-1)).toMatchObject({ detail: '50 accounts on one connection' })
    // more workers of those that it named, and others on another connection
    expect(open('account7.another')).toEqual(expect.any(Number))
    const second = new TestMiner(link, current)
    expect(second.open('standard', { user: 'account99999' }).channelId).toBeGreaterThan(0)
  })

  test('a solo pool pays no more addresses at one time than configured', () => {
    const { link } = aPool(current, { payout: { mode: 'solo', network: 'regtest', maxPayouts: 2 } })
    const miner = new TestMiner(link, current)
    const [first, second, third] = [
      'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
      'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry',
      'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202',
    ] as const
    miner.open('standard', { user: first })
    const { channelId } = miner.open('extended', { user: second })
    const requestId = miner.request('standard', { user: third })
    expect(miner.take()).toEqual([
      { type: 'OpenMiningChannel.Error', requestId, errorCode: 'channel-capacity-exhausted' },
    ])
    expect(link.factsOf('channelRefused')).toMatchObject([{ detail: '2 payouts at one time' }])
    // more for an address that is known
    miner.open('extended', { user: `${first}.rig2` })
    miner.open('extended', { user: first, minExtranonceSize: 20 })
    miner.peer.send({ type: 'CloseChannel', channelId, reasonCode: '' })
    expect(miner.open('standard', { user: third }).channelId).toBeGreaterThan(0)
  })
})
