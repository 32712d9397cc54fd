import { MINING_SETUP_FLAGS } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { anExtendedJob, aPrevHash } from '../_device.ts'
import { filled } from '../_fixtures.ts'
import { aRelay, RelayClient, relays, ScriptedPool, type Sides } from '../_relay.ts'

const GROUP = 1
const TWO = { upstreams: [{}, {}] }

/** A relay with two upstreams: the first is there, and a client with a channel of each kind works for it. */
function twoUpstreams({ below, above }: Sides, overrides: Parameters<typeof aRelay>[0] = {}) {
  const world = aRelay({ ...TWO, ...overrides })
  const first = new ScriptedPool(world.link, { edition: above })
  const client = new RelayClient(world.link, below)
  const standard = client.open(first, 'standard')
  const extended = client.open(first, 'extended')
  first.take()
  world.link.takeFacts()
  return { ...world, first, client, standard, extended }
}

describe('failover of a relaying proxy', () => {
  relays('PRX-20, DEV-21', 'channels are opened again elsewhere, and devices told what changes', (sides) => {
    const { link, first, client, standard, extended } = twoUpstreams(sides)
    const maximumTarget = filled(0x77)
    client.peer.send({
      type: 'UpdateChannel',
      channelId: extended.channelId,
      nominalHashRate: 4_321,
      maximumTarget,
    })
    first.peer.disconnect()
    expect(link.factsOf('dial')).toEqual([{ kind: 'dial', upstream: 1 }])
    expect(client.take()).toEqual([])
    const second = new ScriptedPool(link, { edition: sides.above, upstream: 1 })
    expect(second.waiting()).toMatchObject([
      { type: 'OpenStandardMiningChannel', userIdentity: 'alice.1', nominalHashRate: 1_000 },
      {
        type: 'OpenExtendedMiningChannel',
        nominalHashRate: 4_321,
        maxTarget: maximumTarget,
        minExtranonceSize: extended.extranonceSize,
      },
    ])
    second.grant({ channelId: 7, groupId: 30, prefix: Uint8Array.of(1, 2), target: filled(0x11) })
    second.grant({ channelId: 8, groupId: 30, prefix: extended.prefix, target: extended.target })
    const grouped = { type: 'SetGroupChannel', groupChannelId: 30 }
    const { channelId } = standard
    const own = sides.above === draft ? [{ type: 'SetGroupChannel', channelIds: [extended.channelId] }] : []
    expect(client.take()).toMatchObject([
      { type: 'SetExtranoncePrefix', channelId, extranoncePrefix: Uint8Array.of(1, 2) },
      { type: 'SetTarget', channelId, maximumTarget: filled(0x11) },
      { ...grouped, channelIds: [channelId] },
      ...(sides.below === draft
        ? []
        : own.length > 0
          ? own
          : [{ ...grouped, channelIds: [extended.channelId] }]),
    ])
    second.peer.send(anExtendedJob({ channelId: 30, jobId: 9 }), aPrevHash({ channelId: 30, jobId: 9 }))
    expect(client.takeOf('SetNewPrevHash').length).toBeGreaterThan(0)
    client.share(standard, 9)
    client.share(extended, 9)
    expect(second.take()).toMatchObject([
      { type: 'SubmitSharesStandard', channelId: 7, jobId: 9 },
      { type: 'SubmitSharesExtended', channelId: 8, jobId: 9 },
    ])
  })

  relays('PRX-20', 'ids that collide after a change of upstream are kept apart', (sides) => {
    const { link, first, client, standard, extended } = twoUpstreams(sides)
    first.peer.disconnect()
    const second = new ScriptedPool(link, { edition: sides.above, upstream: 1 })
    // the other way round than before, and a group of the number a channel has
    second.grant({ channelId: extended.channelId, groupId: 1 })
    second.grant({ channelId: standard.channelId, groupId: 1 })
    client.take()
    client.share(standard, 4)
    expect(second.take()).toMatchObject([{ type: 'SubmitSharesStandard', channelId: extended.channelId }])
    second.peer.send({
      type: 'SubmitShares.Error',
      channelId: standard.channelId,
      sequenceNumber: 7,
      errorCode: 'stale-share',
    })
    expect(client.take()).toMatchObject([{ type: 'SubmitShares.Error', channelId: extended.channelId }])
    const third = client.open(second, 'standard', { channelId: 50, groupId: 1 })
    expect(third.channelId).toBe(50)
    const ids = [standard, extended, third].map(({ channelId }) => channelId)
    expect(new Set([...ids, third.groupId]).size).toBe(4)
    // group 1 was the first upstream's: it does not get another meaning
    expect(third.groupId).not.toBe(standard.groupId)
  })

  relays(
    'PRX-20, POOL-70',
    'a late share of the old upstream is stale, even where the new one has a job of that id',
    (sides) => {
      const { link, first, client, standard } = twoUpstreams(sides)
      first.peer.send(
        anExtendedJob({ channelId: GROUP, jobId: 4 }),
        aPrevHash({ channelId: GROUP, jobId: 4 }),
      )
      first.peer.disconnect()
      client.take()
      client.share(standard, 4, 1)
      const second = new ScriptedPool(link, { edition: sides.above, upstream: 1 })
      second.grantAll({ groupId: 30 })
      second.peer.send(anExtendedJob({ channelId: 30, jobId: 4 }), aPrevHash({ channelId: 30, jobId: 4 }))
      client.share(standard, 4, 2)
      expect(second.take()).toEqual([])
      const got = client.take()
      const { channelId } = standard
      const errorCode = 'stale-share'
      expect(got.filter(({ type }) => type === 'SubmitShares.Error')).toEqual([
        { type: 'SubmitShares.Error', channelId, sequenceNumber: 1, errorCode },
        { type: 'SubmitShares.Error', channelId, sequenceNumber: 2, errorCode },
      ])
      const tip = got.find((message) => message.type === 'SetNewPrevHash')
      const jobId = tip?.type === 'SetNewPrevHash' ? tip.jobId : 0
      expect(jobId).not.toBe(4)
      client.share(standard, jobId, 3)
      expect(second.take()).toMatchObject([{ type: 'SubmitSharesStandard', jobId: 4, sequenceNumber: 3 }])
    },
  )

  relays('PRX-06', 'work returns to the first upstream when it is well, without a gap', (sides) => {
    const { link, relay, first, client, standard } = twoUpstreams(sides)
    first.peer.disconnect()
    const second = new ScriptedPool(link, { edition: sides.above, upstream: 1 })
    const granted = second.grantAll({ groupId: 30 })
    second.peer.send(anExtendedJob({ channelId: 30, jobId: 9 }), aPrevHash({ channelId: 30, jobId: 9 }))
    client.take()
    second.take()
    const back = new ScriptedPool(link, { edition: sides.above, firstId: 60 })
    link.advance(9_000)
    expect(back.waiting()).toEqual([])
    link.advance(2_000)
    // not answered yet: shares still go to the second
    client.share(standard, 9)
    expect(second.takeOf('SubmitSharesStandard')).toHaveLength(1)
    link.takeFacts()
    back.grantAll({ groupId: 31 })
    back.peer.send(anExtendedJob({ channelId: 31, jobId: 9 }), aPrevHash({ channelId: 31, jobId: 9 }))
    client.take()
    // found a moment before: still taken where it was found, and answered from there
    client.share(standard, 9, 70)
    expect(second.take()).toMatchObject([{ type: 'SubmitSharesStandard', channelId: granted[0], jobId: 9 }])
    const answer = { type: 'SubmitShares.Error', sequenceNumber: 70, errorCode: 'stale-share' } as const
    second.peer.send(
      { ...answer, channelId: granted[0]! },
      { type: 'SetTarget', channelId: granted[0]!, maximumTarget: filled(1) },
    )
    expect(client.take()).toEqual([{ ...answer, channelId: standard.channelId }])
    link.advance(3_000)
    expect(second.takeOf('CloseChannel').map(({ channelId }) => channelId)).toEqual(granted)
    expect(second.peer.closed).toBe('not needed any more')
    expect(link.factsOf('hangUp')).toEqual([{ kind: 'hangUp', upstream: 1 }])
    client.share(standard, 9)
    expect(client.takeOf('SubmitShares.Error')).toMatchObject([{ errorCode: 'stale-share' }])
    expect(relay.counts).toMatchObject({ channels: 2, upstreamChannels: 2 })
    expect(client.peer.closed).toBeUndefined()
  })

  relays('PRX-06', 'a client that goes just after its channel moved has both closed', (sides) => {
    const { link, first, client } = twoUpstreams(sides)
    client.peer.send({ type: 'CloseChannel', channelId: 3, reasonCode: 'x' })
    first.peer.disconnect()
    const second = new ScriptedPool(link, { edition: sides.above, upstream: 1 })
    const old = second.grantAll()
    const back = new ScriptedPool(link, { edition: sides.above, firstId: 60 })
    link.advance(11_000)
    const fresh = back.grantAll()
    second.take()
    client.peer.disconnect()
    expect(second.takeOf('CloseChannel').map(({ channelId }) => channelId)).toEqual(old)
    expect(back.takeOf('CloseChannel').map(({ channelId }) => channelId)).toEqual(fresh)
  })

  relays('PRX-20', 'an upstream that lets roll more gets zeros for it', (sides) => {
    const { link, first, client, extended } = twoUpstreams(sides)
    client.peer.send({ type: 'CloseChannel', channelId: 2, reasonCode: 'x' })
    first.peer.disconnect()
    const second = new ScriptedPool(link, { edition: sides.above, upstream: 1 })
    second.grant({ prefix: Uint8Array.of(5), extranonceSize: 9 })
    const { channelId } = extended
    expect(client.take()).toMatchObject([
      { type: 'SetExtranoncePrefix', channelId, extranoncePrefix: Uint8Array.of(5, 0, 0, 0) },
      ...(sides.below === draft ? [] : [{ type: 'SetGroupChannel' }]),
    ])
    client.share(extended, 1)
    expect(second.takeOf('SubmitSharesExtended')).toMatchObject([
      { extranonce: Uint8Array.of(0, 0, 0, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a) },
    ])
    second.peer.send({ type: 'SetExtranoncePrefix', channelId: 2, extranoncePrefix: Uint8Array.of(6) })
    expect(client.take()).toEqual([
      { type: 'SetExtranoncePrefix', channelId, extranoncePrefix: Uint8Array.of(6, 0, 0, 0) },
    ])
  })

  relays('PRX-20, PRX-06', 'a channel that cannot go on is closed with a reason', (sides) => {
    const { link, first, client, standard, extended } = twoUpstreams(sides)
    first.peer.disconnect()
    const second = new ScriptedPool(link, { edition: sides.above, upstream: 1 })
    const { requestId } = second.waiting().shift()!
    second.peer.send({ type: 'OpenMiningChannel.Error', requestId, errorCode: 'unknown-user' })
    const { channelId } = second.grant({ extranonceSize: extended.extranonceSize - 1 })
    expect(client.take()).toEqual([
      { type: 'CloseChannel', channelId: standard.channelId, reasonCode: 'refused-by-upstream' },
      { type: 'CloseChannel', channelId: extended.channelId, reasonCode: 'extranonce-does-not-fit' },
    ])
    expect(second.takeOf('CloseChannel')).toMatchObject([{ channelId }])
    expect(client.peer.closed).toBeUndefined()
  })

  relays('PRX-20', 'without any upstream channels are closed after a while, and later ones wait', (sides) => {
    const { link, relay, first, client, standard, extended } = twoUpstreams(sides)
    first.peer.disconnect()
    link.tell({ kind: 'unreachable', upstream: 0 })
    link.tell({ kind: 'unreachable', upstream: 1 })
    link.advance(29_000)
    expect(client.take()).toEqual([])
    link.advance(2_000)
    expect(client.take()).toEqual([
      { type: 'CloseChannel', channelId: standard.channelId, reasonCode: 'no-upstream' },
      { type: 'CloseChannel', channelId: extended.channelId, reasonCode: 'no-upstream' },
    ])
    client.request('standard')
    link.advance(120_000)
    expect(client.peer.closed).toBeUndefined()
    expect(relay.counts).toMatchObject({ channels: 0, waiting: 1 })
    new ScriptedPool(link, { edition: sides.above }).grant()
    expect(client.opened().kind).toBe('standard')
  })

  relays('PRX-20', 'or devices stay on their last job, and their shares are stale', (sides) => {
    const { link, relay, first, client, standard } = twoUpstreams(sides, { whenGone: 'keep' })
    first.peer.disconnect()
    link.advance(3_600_000)
    expect(client.take()).toEqual([])
    client.share(standard, 4)
    expect(client.take()).toMatchObject([{ type: 'SubmitShares.Error', errorCode: 'stale-share' }])
    expect(relay.counts).toMatchObject({ connections: 1, channels: 2, upstreamChannels: 0 })
    new ScriptedPool(link, { edition: sides.above }).grantAll()
    expect(relay.counts).toMatchObject({ channels: 2, upstreamChannels: 2 })
  })

  relays('PRX-19', 'a request under way when its upstream goes is asked again elsewhere', (sides) => {
    const { link, first, client } = twoUpstreams(sides)
    const requestId = client.request('standard')
    first.peer.disconnect()
    const second = new ScriptedPool(link, { edition: sides.above, upstream: 1, firstId: 70 })
    second.grantAll()
    expect(client.takeOf('OpenStandardMiningChannel.Success')).toMatchObject([{ requestId }])
  })

  test('a client that would roll versions where that is forbidden has to come again, unless jobs can say so', () => {
    const { link } = aRelay(TWO)
    const first = new ScriptedPool(link, { edition: current })
    const [standard, extended] = [new RelayClient(link, current), new RelayClient(link, current)]
    const rolling = new RelayClient(link, current, MINING_SETUP_FLAGS.REQUIRES_VERSION_ROLLING)
    standard.open(first, 'standard')
    extended.open(first, 'extended')
    rolling.open(first, 'extended')
    first.peer.disconnect()
    const second = new ScriptedPool(link, { edition: current, upstream: 1, flags: 1 })
    second.grantAll()
    expect(standard.peer.closed).toBe('the new upstream forbids version rolling')
    expect(rolling.peer.closed).toBe('the new upstream forbids version rolling')
    expect(extended.peer.closed).toBeUndefined()
    extended.take()
    second.peer.send(anExtendedJob({ channelId: GROUP, versionRollingAllowed: true }))
    expect(extended.take()).toMatchObject([{ type: 'NewExtendedMiningJob', versionRollingAllowed: false }])
    extended.request('standard')
    expect(extended.take()).toMatchObject([{ type: 'OpenMiningChannel.Error' }])
  })

  test('an upstream that nobody works at is let go, and dialed again for the next client', () => {
    const { link } = aRelay()
    const pool = new ScriptedPool(link, { edition: current })
    link.takeFacts()
    link.advance(31_000)
    expect(link.factsOf('hangUp')).toHaveLength(1)
    expect(pool.peer.closed).toBe('not needed any more')
    const client = new RelayClient(link, current)
    expect(link.factsOf('dial')).toEqual([{ kind: 'dial', upstream: 0 }])
    expect(client.take()).toEqual([])
    const again = new ScriptedPool(link, { edition: current })
    expect(client.take()).toMatchObject([{ type: 'SetupConnection.Success' }])
    client.open(again, 'standard')
    link.advance(600_000)
    expect(again.peer.closed).toBeUndefined()
  })
})

describe('hash rate split between upstreams', () => {
  test('follows the shares, and fails over to the others', () => {
    const { link, relay } = aRelay({ upstreams: [{ share: 75 }, { share: 25 }, { share: 0 }] })
    const pools = [0, 1].map(
      (upstream) => new ScriptedPool(link, { edition: current, upstream, firstId: 1_000 * upstream + 10 }),
    )
    const clients = Array.from({ length: 40 }, () => {
      const client = new RelayClient(link, current)
      client.request('standard')
      for (const pool of pools) pool.grantAll()
      return client
    })
    const granted = link.factsOf('channelOpened').map(({ upstream }) => upstream)
    expect([0, 1, 2].map((each) => granted.filter((upstream) => upstream === each).length)).toEqual([
      30, 10, 0,
    ])
    pools[1]!.peer.disconnect()
    link.tell({ kind: 'unreachable', upstream: 1 })
    expect(pools[0]!.grantAll()).toHaveLength(10)
    expect(relay.counts).toMatchObject({ channels: 40, upstreamChannels: 40 })
    expect(clients.every(({ peer }) => peer.closed === undefined)).toBe(true)
  })

  test('a client that declares much weighs much', () => {
    const { link } = aRelay({ upstreams: [{ share: 50 }, { share: 50 }] })
    const pools = [0, 1].map((upstream) => new ScriptedPool(link, { edition: current, upstream }))
    for (const nominalHashRate of [10_000, 1_000, 1_000, 1_000, 1_000]) {
      new RelayClient(link, current).request('standard', { nominalHashRate })
      for (const pool of pools) pool.grantAll()
    }
    expect(link.factsOf('channelOpened').map(({ upstream }) => upstream)).toEqual([0, 1, 1, 1, 1])
  })
})

test('an upstream that does not answer requests for channels is left, and the next one is asked', () => {
  const { link } = aRelay(TWO)
  const first = new ScriptedPool(link, { edition: current })
  const client = new RelayClient(link, current)
  client.request('extended')
  expect(first.waiting()).toHaveLength(1)
  link.advance(59_000)
  expect(first.peer.closed).toBeUndefined()
  link.advance(2_000)
  expect(first.peer.closed).toBe('does not answer requests for channels')
  const second = new ScriptedPool(link, { edition: current, upstream: 1 })
  expect(second.waiting()).toHaveLength(1)
  second.grant({ channelId: 7 })
  expect(client.takeOf('OpenExtendedMiningChannel.Success')).toHaveLength(1)
})
