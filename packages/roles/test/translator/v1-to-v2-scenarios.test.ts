import { sha256d } from '@sv2/bitcoin'
import type { Edition, OpenExtendedMiningChannel } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { Pool, type PoolEffect } from '@sv2/roles/pool'
import { V1ToV2 } from '@sv2/roles/translator'
import { type AnyRole, RoleNetwork } from '@sv2/sim'
import { describe, expect, test } from 'vitest'
import { aTemplate, aTip, EASY_TARGET, filled, NOW, NTIME, poolSettings } from '../_fixtures.ts'
import { Sv1Miner } from '../_sv1-miner.ts'
import { Sv1Peer } from '../_sv1-peer.ts'
import { aTranslator, EASY, TranslatorWorld, translatorSettings } from '../_sv1-world.ts'
import { anUpstreamJob } from '../_test-upstream.ts'

/** The scenarios of the reference implementation's integration tests for its translator, by their names there. */

/** Two upstreams with identities of their own, the first of them there, and a miner. */
function twoUpstreams(overrides: { readonly aggregated?: boolean } = {}) {
  const world = new TranslatorWorld({
    upstreams: [{ identity: 'first.{worker}' }, { identity: 'second.{worker}' }],
    front: EASY,
    ...overrides,
  })
  world.link.tell({ kind: 'tick' })
  const miner = world.miner('alice.rig1').login()
  return { world, miner }
}

function identities(requests: readonly OpenExtendedMiningChannel[]): string[] {
  return requests.map(({ userIdentity }) => userIdentity)
}

describe('falling back', () => {
  test('fallback_on_setup_connection_error', () => {
    const { world, miner } = twoUpstreams()
    const first = world.link.connect({
      port: { kind: 'upstream', index: 0 },
      edition: current,
      protocol: 'mining',
      plays: 'server',
    })
    first.send({ type: 'SetupConnection.Error', flags: 0, errorCode: 'unsupported-protocol' })
    const second = world.upstream(draft, { upstream: 1, target: EASY_TARGET })
    second.tip(1, 10)
    expect(miner.mine()).toBe(true)
    expect(second.take('SubmitSharesExtended')).toHaveLength(1)
  })

  test('fallback_on_open_mining_message_error', () => {
    const { world, miner } = twoUpstreams()
    const first = world.upstream(current, { silent: true })
    const [request] = first.take('OpenExtendedMiningChannel')
    first.send({
      type: 'OpenMiningChannel.Error',
      requestId: request?.requestId ?? 0,
      errorCode: 'unknown-user',
    })
    const second = world.upstream(current, { upstream: 1, target: EASY_TARGET })
    second.tip(1, 10)
    expect(miner.mine()).toBe(true)
  })

  test('fallback_during_abrupt_disconnection: the miner stays, with the extranonce1 it has', () => {
    const { world, miner } = twoUpstreams()
    const first = world.upstream(current, { target: EASY_TARGET })
    first.tip(1, 10)
    const old = miner.job
    expect(miner.mine()).toBe(true)
    first.peer.disconnect()
    expect(miner.mine({ job: old, ntime: old.ntime + 1 })).toBe(21)
    const second = world.upstream(current, { upstream: 1, target: EASY_TARGET, prefix: filled(9, 6) })
    second.tip(1, 500)
    expect(miner.job.clean).toBe(true)
    expect(miner.mine()).toBe(true)
    expect(second.take('SubmitSharesExtended')).toMatchObject([{ jobId: 500 }])
    expect(miner.peer.closed).toBeUndefined()
    expect(miner.peer.all('mining.set_extranonce')).toEqual([])
  })

  test('aggregated_triggers_fallback_on_close_channel', () => {
    const { world, miner } = twoUpstreams()
    const first = world.upstream(current, { target: EASY_TARGET })
    first.tip(1, 10)
    first.send({ type: 'CloseChannel', channelId: 1, reasonCode: 'bye' })
    const second = world.upstream(current, { upstream: 1, target: EASY_TARGET })
    second.tip(1, 10)
    expect(miner.mine()).toBe(true)
    expect(miner.peer.closed).toBeUndefined()
  })

  test('sends_per_upstream_user_identity, and switches identity on fallback', () => {
    const { world } = twoUpstreams({ aggregated: false })
    const first = world.upstream(current, { target: EASY_TARGET })
    expect(identities(first.take('OpenExtendedMiningChannel'))).toEqual(['first.rig1'])
    first.tip(1, 10)
    world.miner('bob.rig2').login()
    expect(identities(first.take('OpenExtendedMiningChannel'))).toEqual(['first.rig2'])
    first.peer.disconnect()
    const second = world.upstream(current, { upstream: 1 })
    const asked = identities(second.take('OpenExtendedMiningChannel'))
    expect(asked.sort()).toEqual(['second.rig1', 'second.rig2'])
  })
})

// in the draft edition no extended channel belongs to a group
describe('group channels', () => {
  const edition = current

  test('aggregated_handles_group_channels: shares carry the channel id, job ids follow each other', () => {
    const { world, pool } = aTranslator(edition)
    const miners = [world.miner().login(), world.miner().login()]
    pool.send(anUpstreamJob(9_000, 11, { minNtime: NTIME }))
    pool.tip(9_000, 12, filled(0xbb))
    for (const miner of miners) {
      expect(miner.jobs.map(({ jobId }) => jobId)).toEqual(['1', '2', '3'])
      expect(miner.job.prevHash).toEqual(filled(0xbb))
      expect(miner.mine()).toBe(true)
    }
    expect(pool.take('SubmitSharesExtended')).toMatchObject([
      { channelId: 1, jobId: 12 },
      { channelId: 1, jobId: 12 },
    ])
  })

  test('non_aggregated_handles_group_channels and non_aggregated_handles_set_group_channel', () => {
    const { world, pool } = aTranslator(edition, { aggregated: false, eager: false })
    const [one, two] = [world.miner('a.1').login(), world.miner('a.2').login()]
    pool.serve()
    pool.tip(1, 10)
    pool.tip(2, 10)
    pool.tip(9_000, 20, filled(0xbb))
    for (const miner of [one, two]) {
      expect(miner.job.prevHash).toEqual(filled(0xbb))
      expect(miner.mine()).toBe(true)
    }
    expect(pool.take('SubmitSharesExtended')).toMatchObject([
      { channelId: 1, jobId: 20 },
      { channelId: 2, jobId: 20 },
    ])
    pool.send({ type: 'SetGroupChannel', groupChannelId: 9_001, channelIds: [2] })
    pool.tip(9_001, 21, filled(0xcc))
    expect(one.job.prevHash).toEqual(filled(0xbb))
    expect(two.job.prevHash).toEqual(filled(0xcc))
    expect(two.mine()).toBe(true)
  })

  test('non_aggregated_close_channel: one, then the group; their miners have to come again', () => {
    const { world, pool } = aTranslator(edition, { aggregated: false, eager: false })
    const miners = ['a.1', 'a.2', 'a.3'].map((user) => world.miner(user).login())
    pool.serve()
    for (const channelId of [1, 2, 3]) pool.tip(channelId, 10)
    pool.send({ type: 'CloseChannel', channelId: 2, reasonCode: 'bye' })
    expect(miners.map(({ peer }) => peer.closed !== undefined)).toEqual([false, true, false])
    pool.send({ type: 'CloseChannel', channelId: 9_000, reasonCode: 'bye' })
    expect(miners.every(({ peer }) => peer.closed !== undefined)).toBe(true)
  })
})

test('an upstream that has no channel left refuses one miner, and goes on with the others', () => {
  const world = new TranslatorWorld({ front: EASY, aggregated: false, upstreams: [{}, {}] })
  const pool = world.upstream(current, { target: EASY_TARGET, silent: true })
  const miners = ['a.1', 'a.2', 'a.3'].map((user) => world.miner(user).login())
  const [one, two, three] = pool.take('OpenExtendedMiningChannel')
  for (const request of [one!, two!]) pool.tip(pool.grant(request), 10)
  const errorCode = 'channel-capacity-exhausted'
  pool.send({ type: 'OpenMiningChannel.Error', requestId: three?.requestId ?? 0, errorCode })
  expect(miners.map(({ peer }) => peer.closed)).toEqual([undefined, undefined, `no work here: ${errorCode}`])
  expect(miners.slice(0, 2).map((miner) => miner.mine())).toEqual([true, true])
  expect(world.facts().filter(({ kind }) => kind === 'upstreamRefused')).toEqual([])
})

test('after a failover, who finds no channel at the other upstream has to come again, and the others stay', () => {
  const world = new TranslatorWorld({ front: EASY, aggregated: false, upstreams: [{}, {}] })
  const first = world.upstream(current, { target: EASY_TARGET })
  const miners = ['a.1', 'a.2'].map((user) => world.miner(user).login())
  first.serve()
  for (const channelId of first.channels) first.tip(channelId, 10)
  first.peer.disconnect()
  const second = world.upstream(current, { upstream: 1, target: EASY_TARGET, silent: true })
  const [one, two] = second.take('OpenExtendedMiningChannel')
  second.tip(second.grant(one!), 10)
  const errorCode = 'channel-capacity-exhausted'
  second.send({ type: 'OpenMiningChannel.Error', requestId: two?.requestId ?? 0, errorCode })
  expect(miners[0]?.mine()).toBe(true)
  expect(miners.map(({ peer }) => peer.closed)).toEqual([undefined, `channel closed: ${errorCode}`])
})

describe('one channel for all', () => {
  test('a single OpenExtendedMiningChannel in aggregated mode with 10 miners at once', () => {
    const world = new TranslatorWorld({ front: EASY })
    const pool = world.upstream(current, { target: EASY_TARGET, silent: true })
    const miners = Array.from({ length: 10 }, () => world.miner().login())
    pool.serve()
    const requests = pool.take('OpenExtendedMiningChannel')
    expect(requests).toHaveLength(1)
    pool.grant(requests[0]!)
    pool.tip(1, 10)
    expect(miners.map((miner) => miner.mine())).toEqual(miners.map(() => true))
  })

  test('no upstream channel before a valid subscribe and authorize, and none for a short probe', () => {
    const world = new TranslatorWorld({ front: { ...EASY, probeMs: 300 }, aggregated: false })
    const probe = world.miner()
    const pool = world.upstream(current, { target: EASY_TARGET })
    probe.peer.request('mining.authorize', probe.user, 'x')
    expect(pool.take('OpenExtendedMiningChannel')).toEqual([])
    probe.subscribe('bitaxe/x')
    probe.peer.disconnect()
    world.link.advance(1_000)
    expect(pool.take('OpenExtendedMiningChannel')).toEqual([])
    world.miner().login()
    world.link.advance(400)
    expect(pool.take('OpenExtendedMiningChannel')).toHaveLength(1)
  })

  test('aggregated does not send UpdateChannel before a channel is open', () => {
    const world = new TranslatorWorld({ front: EASY })
    const pool = world.upstream(current, { target: EASY_TARGET, silent: true })
    world.miner().login()
    world.link.advance(5_000)
    const [request] = pool.take('OpenExtendedMiningChannel')
    expect(pool.take('UpdateChannel')).toEqual([])
    pool.grant(request!)
    pool.tip(1, 10)
    world.link.advance(2_000)
    expect(pool.take('UpdateChannel')).toMatchObject([{ channelId: 1 }])
  })

  test('does_not_shutdown_on_missing_downstream_channel: a target for an unknown channel changes nothing', () => {
    const { world, pool } = aTranslator(current)
    const miner = world.miner().login()
    pool.send({ type: 'SetTarget', channelId: 77, maximumTarget: filled(1) })
    expect(miner.mine()).toBe(true)
  })
})

test.each<[string, Edition, Edition]>([
  ['current', current, current],
  ['mixed', current, draft],
])('multiple_tproxy_sessions on one pool: every block of their miners comes through (%s)', (_, one, two) => {
  const pool = new Pool(poolSettings(), { sha256d })
  const settings = translatorSettings({ front: EASY, eager: true })
  const deps = { sha256d, randomBytes: (count: number) => new Uint8Array(count) }
  const translators = [one, two].map(() => new V1ToV2(settings, deps))
  const found: PoolEffect[] = []
  const peers = new Map<AnyRole, Sv1Peer>()
  const doors = translators.map((translator) => aDoor(translator, (role) => peers.get(role)))
  const network = new RoleNetwork(
    { roles: [pool as unknown as AnyRole, ...doors], now: NOW },
    (role, fact) => {
      if (role === (pool as unknown)) found.push(fact as PoolEffect)
    },
  )
  const poolRole = pool as unknown as AnyRole
  network.tell(poolRole, {
    kind: 'opened',
    session: 99_999,
    port: { kind: 'templates' },
    capabilities: one.capabilities,
  } as never)
  const provider = (message: unknown) =>
    network.tell(poolRole, { kind: 'message', session: 99_999, message } as never)
  provider({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
  provider(aTemplate())
  provider(aTip({ nbits: 0x207fffff }))
  for (const [index, door] of doors.entries()) {
    const edition = [one, two][index]!
    const server = { role: poolRole, port: { kind: 'miners' } }
    network.connect({
      edition,
      protocol: 'mining',
      server,
      client: { role: door, port: { kind: 'upstream', index: 0 } },
    })
    const peer = new Sv1Peer(V1_SESSION, (event) => network.tell(door, event as never))
    peers.set(door, peer)
    const { capabilities } = edition
    network.tell(door, { kind: 'opened', session: V1_SESSION, port: { kind: 'v1' }, capabilities })
    const miner = new Sv1Miner(peer, `alice.${index}`).login()
    expect(miner.mine({ hash: (hash) => hash[31]! < 0x7f })).toBe(true)
    expect(found.filter(({ kind }) => kind === 'blockFound')).toHaveLength(index + 1)
  }
})

const V1_SESSION = 1_000_000

/** A translator on a network of roles: what it says to its V1 miner goes to that one. */
function aDoor(translator: V1ToV2, peerOf: (role: AnyRole) => Sv1Peer | undefined): AnyRole {
  const door: AnyRole = {
    handle: (event, now) =>
      translator.handle(event, now).filter((effect) => {
        if (effect.kind !== 'send' || effect.to !== V1_SESSION) return true
        peerOf(door)?.arrive(effect.message)
        return false
      }),
    nextDeadline: () => translator.nextDeadline(),
  }
  return door
}
