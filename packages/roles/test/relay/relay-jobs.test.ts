import { concatBytes, merkleRootFromPath, sha256d } from '@sv2/bitcoin'
import { MINING_SETUP_FLAGS, type NewExtendedMiningJob } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft, draftOf2020 } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { anExtendedJob, aPrevHash } from '../_device.ts'
import { filled, NTIME, proves } from '../_fixtures.ts'
import { aRelay, RelayClient, relays, ScriptedPool } from '../_relay.ts'

const { REQUIRES_STANDARD_JOBS } = MINING_SETUP_FLAGS
const GROUP = 1

function rootOf(job: NewExtendedMiningJob, extranonce: Uint8Array): Uint8Array {
  const coinbase = concatBytes(job.coinbaseTxPrefix, extranonce, job.coinbaseTxSuffix)
  return merkleRootFromPath(sha256d(coinbase), job.merklePath, sha256d)
}

describe('jobs over a relaying proxy', () => {
  relays(
    'PRX-09, PRX-10, PRX-11',
    'a job of the group becomes one of each standard channel where the connection requires that',
    ({ below, above }) => {
      const { link } = aRelay()
      const pool = new ScriptedPool(link, { edition: above })
      const client = new RelayClient(link, below, REQUIRES_STANDARD_JOBS)
      const channels = [client.open(pool, 'standard'), client.open(pool, 'standard')]
      const job = anExtendedJob({ channelId: GROUP, jobId: 4 })
      pool.peer.send(job, aPrevHash({ channelId: GROUP, jobId: 4 }))
      const { version } = job
      expect(client.take()).toEqual([
        ...channels.map(({ channelId, prefix }) => ({
          type: 'NewMiningJob',
          channelId,
          jobId: 4,
          minNtime: undefined,
          version,
          merkleRoot: rootOf(job, prefix),
        })),
        ...channels.map(({ channelId }) => aPrevHash({ channelId, jobId: 4 })),
      ])
      pool.peer.send({ type: 'SetTarget', channelId: GROUP, maximumTarget: filled(0x33) })
      expect(client.take()).toEqual(
        channels.map(({ channelId }) => ({ type: 'SetTarget', channelId, maximumTarget: filled(0x33) })),
      )
    },
  )

  test('software of 2020 below, which requires nothing, is told jobs of its channels alone', () => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: current })
    const client = new RelayClient(link, draftOf2020)
    const channels = [client.open(pool, 'standard'), client.open(pool, 'standard')]
    const job = anExtendedJob({ channelId: GROUP, jobId: 4 })
    pool.peer.send(job, aPrevHash({ channelId: GROUP, jobId: 4 }))
    expect(client.take()).toMatchObject([
      ...channels.map(({ channelId, prefix }) => ({
        type: 'NewMiningJob',
        channelId,
        merkleRoot: rootOf(job, prefix),
      })),
      ...channels.map(({ channelId }) => aPrevHash({ channelId, jobId: 4 })),
    ])
  })

  relays('PRX-11', 'a new prefix holds for the jobs after it, not for those before', ({ below, above }) => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: above })
    const client = new RelayClient(link, below, REQUIRES_STANDARD_JOBS)
    const { channelId, prefix } = client.open(pool, 'standard')
    const next = Uint8Array.of(9, 9, 9)
    const [first, second] = [4, 5].map((jobId) => anExtendedJob({ channelId: GROUP, jobId }))
    pool.peer.send(first!, { type: 'SetExtranoncePrefix', channelId, extranoncePrefix: next }, second!)
    expect(client.take()).toMatchObject([
      { type: 'NewMiningJob', merkleRoot: rootOf(first!, prefix) },
      { type: 'SetExtranoncePrefix', channelId, extranoncePrefix: next },
      { type: 'NewMiningJob', merkleRoot: rootOf(second!, next) },
    ])
  })

  relays(
    'PRX-09',
    'a job of a group goes once to each connection that has channels in it',
    ({ below, above }) => {
      const { link } = aRelay()
      const pool = new ScriptedPool(link, { edition: above })
      const [one, two, outside] = [1, 2, 3].map(() => new RelayClient(link, below))
      one!.open(pool, 'standard')
      one!.open(pool, 'standard')
      two!.open(pool, 'standard')
      outside!.open(pool, 'standard', { groupId: 77 })
      const sent = [anExtendedJob({ channelId: GROUP, jobId: 4 }), aPrevHash({ channelId: GROUP, jobId: 4 })]
      pool.peer.send(...sent)
      const fixed = below.capabilities.versionRollingMask & ~above.capabilities.versionRollingMask
      const expected = [{ ...sent[0], versionRollingAllowed: fixed === 0 }, sent[1]]
      expect(one!.take()).toEqual(expected)
      expect(two!.take()).toEqual(expected)
      expect(outside!.take()).toEqual([])
    },
  )

  relays(
    'POOL-47',
    'a target for a group is told to every channel of it, and to no other',
    ({ below, above }) => {
      const { link } = aRelay()
      const pool = new ScriptedPool(link, { edition: above })
      const clients = [1, 2, 3].map(() => new RelayClient(link, below))
      const [one, two, outside] = clients as [RelayClient, RelayClient, RelayClient]
      one.open(pool, 'standard')
      one.open(pool, 'standard')
      two.open(pool, 'standard')
      outside.open(pool, 'standard', { groupId: 77 })
      for (const client of clients) client.take()
      const maximumTarget = filled(0x11)
      pool.peer.send({ type: 'SetTarget', channelId: GROUP, maximumTarget })
      // each connection has its channels of the group under this id
      const told = [{ type: 'SetTarget', channelId: GROUP, maximumTarget }]
      expect(clients.map((client) => client.take())).toEqual([told, told, []])
    },
  )

  test('a job for many connections is one message, so that it is encoded once', () => {
    const { relay, link } = aRelay()
    const pool = new ScriptedPool(link, { edition: current })
    for (let n = 0; n < 5; n++) new RelayClient(link, current).open(pool, 'standard')
    const job = anExtendedJob({ channelId: GROUP })
    const effects = relay.handle({ kind: 'message', session: pool.peer.session, message: job }, link.now)
    expect(effects).toEqual([{ kind: 'send', to: [2, 3, 4, 5, 6], message: job }])
    expect((effects[0] as { message: unknown }).message).toBe(job)
  })

  test('PRX-09 (current, draft): what a group is told reaches draft extended channels one by one', () => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: current })
    const client = new RelayClient(link, draft)
    const standard = client.open(pool, 'standard')
    const extended = [client.open(pool, 'extended'), client.open(pool, 'extended')]
    expect(standard.groupId).toBe(GROUP)
    const job = anExtendedJob({ channelId: GROUP, jobId: 4 })
    pool.peer.send(job, aPrevHash({ channelId: GROUP, jobId: 4 }))
    const addressed = client
      .take()
      .map((message) => [message.type, (message as { channelId: number }).channelId])
    const ids = [...extended.map(({ channelId }) => channelId), GROUP]
    expect(addressed).toEqual(
      ['NewExtendedMiningJob', 'SetNewPrevHash'].flatMap((type) => ids.map((id) => [type, id])),
    )
  })

  test('PRX-20 (current, draft): channels that a draft upstream does not group have groups of their own below', () => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: draft })
    const client = new RelayClient(link, current)
    const channels = [
      client.open(pool, 'extended'),
      client.open(pool, 'extended'),
      client.open(pool, 'standard'),
    ]
    const ids = channels.flatMap(({ channelId, groupId }) => [channelId, groupId])
    expect(new Set(ids).size).toBe(6)
    const [one] = channels
    pool.peer.send(anExtendedJob({ channelId: one!.channelId, jobId: 4 }))
    expect(client.take()).toMatchObject([{ type: 'NewExtendedMiningJob', channelId: one!.channelId }])
    client.peer.send({ type: 'CloseChannel', channelId: one!.groupId, reasonCode: 'x' })
    expect(pool.takeOf('CloseChannel').map(({ channelId }) => channelId)).toEqual([one!.channelId])
  })

  relays(
    'PRX-20',
    'a channel that is moved to another group is told so, on its own connection',
    ({ below, above }) => {
      const { link } = aRelay()
      const pool = new ScriptedPool(link, { edition: above })
      const [one, two] = [new RelayClient(link, below), new RelayClient(link, below)]
      const needs = new RelayClient(link, below, REQUIRES_STANDARD_JOBS)
      const [moved, stays] = [one.open(pool, 'standard'), one.open(pool, 'standard')]
      const other = two.open(pool, 'standard')
      const silent = needs.open(pool, 'standard')
      const channelIds = [moved.channelId, other.channelId, silent.channelId, 999]
      pool.peer.send({ type: 'SetGroupChannel', groupChannelId: 50, channelIds })
      expect(one.take()).toEqual([
        { type: 'SetGroupChannel', groupChannelId: 50, channelIds: [moved.channelId] },
      ])
      expect(two.take()).toEqual([
        { type: 'SetGroupChannel', groupChannelId: 50, channelIds: [other.channelId] },
      ])
      expect(needs.take()).toEqual([])
      pool.peer.send(anExtendedJob({ channelId: 50, jobId: 6 }))
      expect(one.takeOf('NewExtendedMiningJob')).toMatchObject([{ channelId: 50 }])
      expect(two.takeOf('NewExtendedMiningJob')).toMatchObject([{ channelId: 50 }])
      expect(needs.takeOf('NewMiningJob')).toMatchObject([{ channelId: silent.channelId }])
      pool.peer.send(anExtendedJob({ channelId: GROUP, jobId: 7 }))
      expect(one.takeOf('NewExtendedMiningJob')).toMatchObject([{ channelId: stays.groupId }])
      expect(two.take()).toEqual([])
    },
  )

  relays('PRX-20', 'a job of one channel goes to that channel alone', ({ below, above }) => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: above })
    const [one, two] = [new RelayClient(link, below), new RelayClient(link, below)]
    const { channelId } = one.open(pool, 'standard')
    two.open(pool, 'standard')
    const job = { type: 'NewMiningJob', channelId, jobId: 3, version: 5, merkleRoot: filled(7) } as const
    const tip = aPrevHash({ channelId, jobId: 3 })
    pool.peer.send({ ...job, minNtime: undefined }, tip, { ...job, jobId: 4, minNtime: NTIME })
    expect(one.take()).toEqual([{ ...job, minNtime: undefined }, tip, { ...job, jobId: 4, minNtime: NTIME }])
    expect(two.take()).toEqual([])
  })

  relays('POOL-11, POOL-12, POOL-13', 'no version rolling above is none below', ({ below, above }) => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: above, flags: 1 })
    const refused = new RelayClient(link, below, MINING_SETUP_FLAGS.REQUIRES_VERSION_ROLLING)
    expect(refused.take()).toEqual([
      { type: 'SetupConnection.Error', flags: 4, errorCode: 'unsupported-feature-flags' },
    ])
    const client = new RelayClient(link, below)
    expect(client.take()).toMatchObject([{ type: 'SetupConnection.Success', flags: 1 }])
    client.open(pool, 'extended')
    pool.peer.send(anExtendedJob({ channelId: above === draft ? 2 : GROUP, versionRollingAllowed: true }))
    expect(client.takeOf('NewExtendedMiningJob')).toMatchObject([{ versionRollingAllowed: false }])
  })

  test('POOL-13 (current, draft): version bits that a draft upstream does not know are not rolled below', () => {
    const { link } = aRelay()
    new ScriptedPool(link, { edition: draft })
    expect(new RelayClient(link, current).take()).toMatchObject([
      { type: 'SetupConnection.Success', flags: 1 },
    ])
    expect(new RelayClient(link, draft).take()).toMatchObject([{ type: 'SetupConnection.Success', flags: 0 }])
  })

  proves('POOL-14', 'both', 'an upstream without standard channels has none below', (edition) => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition, flags: 2 })
    const client = new RelayClient(link, edition)
    expect(client.take()).toMatchObject([{ type: 'SetupConnection.Success', flags: 2 }])
    const requestId = client.request('standard')
    expect(client.take()).toMatchObject([{ type: 'OpenMiningChannel.Error', requestId }])
    expect(pool.waiting()).toEqual([])
  })
})
