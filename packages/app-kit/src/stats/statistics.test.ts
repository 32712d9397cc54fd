import { describe, expect, test } from 'vitest'
import { join, openChannel, share, testedStats } from './_stats-fixtures.ts'

describe('what is counted of shares', () => {
  test('stands with channel, connection, worker, account and the whole', () => {
    const { stats, clock } = testedStats()
    join(stats, 1, { user: 'alice', worker: 'rig1' })
    share(stats, 1, { difficulty: 8, best: 100 })
    clock.now += 1
    share(stats, 1, { difficulty: 8, best: 9 })
    stats.fact({ kind: 'shareRefused', session: 1, channelId: 1, code: 'stale-share' })
    const client = stats.clients.get(1)!
    const worker = stats.workers.find('alice', 'rig1')!
    for (const { tally } of [client, client.channels.get(1)!, worker, worker.account, { tally: stats.total }])
      expect(tally).toMatchObject({
        accepted: 2,
        refused: 1,
        work: 16,
        best: 100,
        lastShareAt: clock.now,
        reasons: { 'stale-share': 1 },
      })
  })

  test('are settled a second later, before they are read, and when their channel is closed', () => {
    const { stats, clock } = testedStats()
    join(stats, 1, { user: 'alice' })
    const told = () =>
      stats.fact({
        kind: 'shareAccepted',
        session: 1,
        channelId: 1,
        user: '',
        worker: undefined,
        difficulty: 8,
        hashDifficulty: 9,
      })
    told()
    told()
    expect(stats.total.accepted).toBe(0)
    clock.now += 1_000
    told()
    expect(stats.workers.find('alice', '')?.tally).toMatchObject({ accepted: 3, work: 24, best: 9 })
    told()
    stats.settle()
    stats.settle()
    expect(stats.total.accepted).toBe(4)
    told()
    stats.closed(1)
    expect(stats.workers.find('alice', '')?.tally).toMatchObject({ accepted: 5, lastShareAt: clock.now })
  })

  test('a name with a dot is split where the role does not tell account and worker apart', () => {
    const { stats } = testedStats()
    join(stats, 1, { user: 'alice.rig1.board2' })
    expect(stats.workers.find('alice', 'rig1.board2')?.channels).toBe(1)
  })

  test('shares that name their own worker count for it', () => {
    const { stats } = testedStats()
    join(stats, 1, { user: 'farm' })
    share(stats, 1, { worker: 'behind' })
    expect(stats.workers.find('farm', 'behind')?.tally.accepted).toBe(1)
    expect(stats.workers.find('farm', '')?.tally.accepted).toBe(0)
    expect(stats.workers.accounts.get('farm')?.tally.accepted).toBe(1)
  })

  test('what V1 alone refuses counts for the channel of the session', () => {
    const { stats } = testedStats()
    join(stats, 1, { user: 'alice', edition: 'v1' })
    stats.fact({ kind: 'v1ShareRefused', session: 1, code: 20, reason: 'too-many-shares' })
    expect(stats.clients.get(1)?.channels.get(1)?.tally.reasons).toEqual({ 'too-many-shares': 1 })
    expect(stats.clients.get(1)).toMatchObject({ isV1: true, dialect: 'bitaxe', vendor: 'bitaxe/2' })
  })

  test('a peer that makes up codes has them counted as others', () => {
    const { stats } = testedStats()
    join(stats, 1, { user: 'a' })
    for (let n = 0; n < 100; n++)
      stats.fact({ kind: 'shareRefused', session: 1, channelId: 1, code: `c${n}`, by: 'upstream' })
    expect(Object.keys(stats.total.reasons)).toHaveLength(25)
    expect(stats.total.reasons.other).toBe(76)
  })

  test('facts of connections that are not there change nothing and throw nothing', () => {
    const { stats } = testedStats()
    share(stats, 9)
    stats.fact({ kind: 'channelClosed', session: 9, channelId: 1, user: '' })
    stats.fact({ kind: 'blockFound', session: 9, channelId: 1, hash: 'ab' })
    stats.closed(9)
    expect([stats.total.accepted, stats.blocks.length, stats.clients.size]).toEqual([1, 1, 0])
  })

  test('connections of other ports are not miners', () => {
    const { stats } = testedStats()
    stats.opened({ session: 1, port: 'upstream 0', remote: 'x:1', edition: 'current' })
    stats.opened({ session: 2, port: 'v1 3', remote: 'x:1', edition: 'v1' })
    expect([...stats.clients.keys()]).toEqual([2])
  })
})

describe('workers that leave', () => {
  test('are told of once their last channel is closed, and are kept', () => {
    const { stats, clock } = testedStats()
    join(stats, 1, { user: 'alice', worker: 'rig1' })
    join(stats, 2, { user: 'alice', worker: 'rig1' })
    stats.closed(1)
    expect(stats.live.after(0)).toEqual([])
    stats.closed(2)
    expect(stats.live.after(0)).toMatchObject([
      { number: 1, at: clock.now, event: { kind: 'workerGone', account: 'alice', worker: 'rig1' } },
    ])
    expect(stats.workers.find('alice', 'rig1')).toMatchObject({ channels: 0, leftAt: clock.now })
    expect(stats.channels).toEqual({ standard: 0, extended: 0 })
  })

  test('in crowds, on one connection, leave a part at a time, as the role tells of it or as time goes on', () => {
    const { stats } = testedStats(10_000)
    const crowd = (session: number) => {
      join(stats, session, { user: `crowd${session}` })
      for (let channelId = 2; channelId <= 2_000; channelId++)
        openChannel(stats, { session, channelId, user: `crowd${session}`, worker: '' })
      share(stats, session)
    }
    crowd(1)
    crowd(2)
    stats.closed(1)
    expect(stats.clients.has(1)).toBe(false)
    expect(stats.channels.extended).toBe(4_000 - 512)
    for (let channelId = 1; channelId <= 2_000; channelId++)
      stats.fact({ kind: 'channelClosed', session: 1, channelId, user: 'crowd1' })
    expect(stats.channels.extended).toBe(2_000)
    expect(stats.workers.find('crowd1', '')?.channels).toBe(0)
    stats.closed(2)
    for (let n = 0; n < 3; n++) stats.settle()
    expect(stats.channels.extended).toBe(0)
    expect(stats.total.accepted).toBe(2)
  })

  test('make room for others, the one that left first in front; those that stay are never forgotten', () => {
    const { stats } = testedStats(2)
    join(stats, 1, { user: 'stays' })
    join(stats, 2, { user: 'left' })
    stats.closed(2)
    join(stats, 3, { user: 'new' })
    expect([...stats.workers.accounts.keys()]).toEqual(['stays', 'new'])
    join(stats, 4, { user: 'toomany' })
    share(stats, 4)
    expect([stats.workers.size, stats.total.accepted]).toEqual([2, 1])
    stats.closed(4)
    expect([...stats.workers.accounts.keys()]).toEqual(['stays', 'new'])
  })

  test('come back to what was counted of them', () => {
    const { stats, clock } = testedStats()
    join(stats, 1, { user: 'alice' })
    share(stats, 1)
    stats.closed(1)
    clock.now += 5_000
    join(stats, 2, { user: 'alice' })
    expect(stats.workers.find('alice', '')).toMatchObject({ leftAt: undefined, connectedAt: clock.now })
    expect(stats.workers.find('alice', '')?.tally.accepted).toBe(1)
  })

  test('a share cannot name more workers than are kept', () => {
    const { stats } = testedStats(5)
    join(stats, 1, { user: 'farm' })
    for (let n = 0; n < 1_000; n++) share(stats, 1, { worker: `w${n}` })
    expect(stats.workers.size).toBe(5)
    expect(stats.workers.find('farm', '')?.channels).toBe(1)
    expect(stats.workers.find('farm', 'w999')?.tally.accepted).toBe(1)
  })
})

describe('upstreams', () => {
  test('have a state, a name, and what became of their shares', () => {
    const { stats } = testedStats()
    stats.fact({ kind: 'upstreamReady', upstream: 0, name: 'main' })
    stats.fact({ kind: 'upstreamUsed', upstream: 0, name: 'main' })
    stats.fact({ kind: 'shareSent', upstream: 0, session: 1, channelId: 1, isBlock: false })
    stats.fact({ kind: 'sharesAcknowledgedAbove', upstream: 0, count: 3 })
    stats.fact({ kind: 'shareRefusedAbove', upstream: 0, session: 1, channelId: 1, code: 'stale-share' })
    stats.fact({ kind: 'sharesUnanswered', upstream: 1, count: 2 })
    stats.fact({ kind: 'upstreamRefused', upstream: 1, name: 'spare', reason: 'no' })
    expect(stats.upstreams.get(0)).toMatchObject({
      name: 'main',
      state: 'ready',
      isUsed: true,
      sent: 1,
      acknowledged: 3,
      tally: { reasons: { 'stale-share': 1 } },
    })
    expect(stats.upstreams.get(1)).toMatchObject({
      state: 'refused',
      reason: 'no',
      isUsed: false,
      unanswered: 2,
    })
  })

  test('of a relay are credited by the channels that are at them', () => {
    const { stats } = testedStats()
    stats.opened({ session: 1, port: 'miners', remote: 'x:1', edition: 'current' })
    const where = { session: 1, channelId: 1 }
    stats.fact({
      kind: 'channelOpened',
      ...where,
      channelKind: 'standard',
      user: 'a.b',
      upstream: 0,
      nominalHashrate: 1,
    })
    stats.fact({ kind: 'channelMoved', ...where, upstream: 1 })
    stats.fact({ kind: 'sharesAccepted', ...where, count: 2, work: 64n })
    stats.settle()
    expect(stats.upstreams.get(1)).toMatchObject({ acknowledged: 2 })
    expect(stats.workers.find('a', 'b')?.tally).toMatchObject({ accepted: 2, work: 64 })
  })
})

test('blocks and tips are kept, and told', () => {
  const { stats, clock } = testedStats()
  join(stats, 1, { user: 'alice', worker: 'rig1' })
  stats.fact({ kind: 'newTip', prevHash: 'aa', networkDifficulty: 7 })
  stats.fact({ kind: 'blockFound', session: 1, channelId: 1, hash: 'bb' })
  expect(stats.tip).toEqual({ prevHash: 'aa', networkDifficulty: 7, at: clock.now })
  expect(stats.blocks).toEqual([{ hash: 'bb', at: clock.now, account: 'alice', worker: 'rig1' }])
  expect(stats.workers.accounts.get('alice')?.tally.blocks).toBe(1)
  expect(stats.live.after(1).map(({ event }) => event.kind)).toEqual(['block'])
})

test('events that are kept, and blocks, have a limit', () => {
  const { stats } = testedStats()
  for (let n = 0; n < 3_000; n++) stats.fact({ kind: 'blockFound', session: 1, channelId: 1, hash: `${n}` })
  expect([stats.blocks.length, stats.live.after(0).length]).toEqual([1_000, 512])
  expect(stats.blocks.at(-1)?.hash).toBe('2999')
})
