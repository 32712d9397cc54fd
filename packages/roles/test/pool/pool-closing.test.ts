import { concatBytes, scriptToAddress } from '@sv2/bitcoin'
import { MINING_SETUP_FLAGS } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { aPool, filled } from '../_fixtures.ts'
import { TestMiner } from '../_test-miner.ts'

const MANY = 2_000

/** A pool with room for very many channels on one connection. */
function aLargePool(over: Parameters<typeof aPool>[1] = {}) {
  return aPool(current, { miners: { maxChannels: 10_000, maxChannelsPerConnection: 10_000 }, ...over })
}

/** Lets the pool go on by one slice, without time passing. */
function oneSlice({ link }: Pick<ReturnType<typeof aPool>, 'link'>): void {
  expect(link.role.nextDeadline()).toBeLessThanOrEqual(link.now)
  link.deliver({ kind: 'tick' })
}

/** An output script of its own for each number, and its address. */
function payoutOf(number: number): { readonly script: Uint8Array; readonly address: string } {
  const script = concatBytes(Uint8Array.of(0, 20), filled(0, 18), Uint8Array.of(number >> 8, number & 0xff))
  return { script, address: scriptToAddress(script, 'regtest')! }
}

describe('very many channels', () => {
  test('are taken out a part at a time when their connection is closed, and others have their turn between', () => {
    const world = aLargePool()
    const { link } = world
    const crowd = new TestMiner(link, current, MINING_SETUP_FLAGS.REQUIRES_STANDARD_JOBS)
    for (let n = 0; n < MANY; n++) crowd.open('standard')
    const others = Array.from({ length: 5 }, () => new TestMiner(link, current))
    const few = others.map((miner) => miner.open('extended'))
    for (const miner of [crowd, ...others]) miner.take()
    const closed = (facts: readonly { kind: string }[]) =>
      facts.filter(({ kind }) => kind === 'channelClosed').length
    crowd.peer.disconnect()
    let gone = closed(link.takeFacts())
    expect(gone).toBeLessThan(600)
    // a tip is told to those who are there
    world.tip({ templateId: 2n }, { prevHash: filled(2) })
    expect(link.takeFacts()).toContainEqual(expect.objectContaining({ kind: 'jobSent', groups: 5 }))
    for (let slice = 0; slice === 0 || gone < MANY; slice++) {
      oneSlice(world)
      const now = closed(link.takeFacts())
      expect(now).toBeGreaterThan(0)
      expect(now).toBeLessThan(600)
      gone += now
      if (slice > 0) continue
      others[0]!.peer.send(others[0]!.find(few[0]!))
      expect(link.takeFacts()).toContainEqual(expect.objectContaining({ kind: 'shareAccepted' }))
    }
    expect(link.role.nextDeadline()).toBeGreaterThan(link.now)
  })

  test('are taken out a part at a time when their group is closed; for their client they are closed at once', () => {
    const world = aLargePool()
    const { link } = world
    const crowd = new TestMiner(link, current)
    const many = Array.from({ length: MANY }, () => crowd.open('standard'))
    const last = many.at(-1)!
    const share = crowd.find(last)
    link.takeFacts()
    crowd.peer.send({ type: 'CloseChannel', channelId: last.groupId, reasonCode: '' })
    const closed = () => link.takeFacts().flatMap((each) => (each.kind === 'channelClosed' ? [each] : []))
    let ids = closed().map(({ channelId }) => channelId)
    expect(ids.length).toBeLessThan(600)
    expect(ids).not.toContain(last.channelId)
    crowd.take()
    crowd.peer.send(share)
    expect(crowd.take()).toMatchObject([{ type: 'SubmitShares.Error', errorCode: 'invalid-channel-id' }])
    const later = crowd.open('standard')
    while (ids.length < MANY) {
      oneSlice(world)
      const more = closed()
      expect(more.length).toBeGreaterThan(0)
      expect(more.length).toBeLessThan(600)
      ids = [...ids, ...more.map(({ channelId }) => channelId)]
    }
    expect(new Set(ids)).toEqual(new Set(many.map(({ channelId }) => channelId)))
    crowd.peer.send(crowd.find(later))
    expect(link.factsOf('shareAccepted')).toHaveLength(1)
  })

  test('of one payout that makes room are closed a part at a time, and the room is there at once', () => {
    const world = aLargePool({ payout: { mode: 'solo', network: 'regtest', maxPayouts: 3 } })
    const { link } = world
    const crowd = new TestMiner(link, current)
    const open = (miner: TestMiner, number: number) =>
      miner.open('extended', { user: payoutOf(number).address })
    const many = Array.from({ length: MANY }, () => open(crowd, 1))
    for (const number of [2, 3]) open(crowd, number)
    crowd.take()
    const others = [new TestMiner(link, current), new TestMiner(link, current)]
    const opened = others.map((miner, number) => open(miner, 100 + number))
    const told = () => crowd.take().flatMap((each) => (each.type === 'CloseChannel' ? [each.channelId] : []))
    let ids = told()
    expect(ids.length).toBeLessThan(600)
    // its device goes on until it is told
    const last = many.at(-1)!
    link.takeFacts()
    crowd.peer.send(crowd.find(last))
    expect(link.factsOf('shareAccepted')).toHaveLength(1)
    while (ids.length < 2_001) {
      oneSlice(world)
      const more = told()
      expect(more.length).toBeGreaterThan(0)
      expect(more.length).toBeLessThan(600)
      ids = [...ids, ...more]
    }
    expect(ids).toContain(last.channelId)
    for (const [at, miner] of others.entries()) miner.peer.send(miner.find(opened[at]!))
    expect(link.factsOf('shareAccepted')).toHaveLength(2)
  })
})
