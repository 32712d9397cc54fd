import { current } from '@sv2/messages/current'
import type { PoolEffect } from '@sv2/roles/pool'
import type { WireLink } from '@sv2/sim'
import { describe, expect, test } from 'vitest'
import { aPool, filled, NTIME } from '../_fixtures.ts'
import { type TestChannel, TestMiner } from '../_test-miner.ts'

/** A pool whose addresses have ten refusals a second, a hundred at once. */
const aStrictPool = () => aPool(current, { miners: { maxRefusalsPerSecond: 10 } })

function from(link: WireLink<PoolEffect>, address: string | undefined) {
  const miner = new TestMiner({ connect: (options) => link.connect({ ...options, address }) }, current)
  return { miner, channel: miner.open('extended') }
}

/** Shares of a job that there is not. */
function refuse({ miner, channel }: { miner: TestMiner; channel: TestChannel }, times: number): void {
  for (let sequenceNumber = 0; sequenceNumber < times; sequenceNumber++)
    miner.peer.send({
      type: 'SubmitSharesExtended',
      channelId: channel.channelId,
      sequenceNumber,
      jobId: 999,
      nonce: 0,
      ntime: NTIME,
      version: 0x2000_0000,
      extranonce: filled(0, channel.extranonceSize),
    })
}

/** What is done about it, in order. */
const grades = (link: WireLink<PoolEffect>) =>
  link
    .takeFacts()
    .flatMap((fact) => (fact.kind === 'manyRefusals' ? [fact.grade] : fact.kind === 'pause' ? ['pause'] : []))

describe('refusals of one address', () => {
  test('are told of, then slowed down, and in the end the connection is closed', () => {
    const { link } = aStrictPool()
    const mallory = from(link, '192.0.2.66')
    refuse(mallory, 5)
    expect(grades(link)).toEqual([])
    refuse(mallory, 60)
    expect(grades(link)).toEqual(['warned'])
    refuse(mallory, 60)
    const [slowed, ...pauses] = grades(link)
    expect(slowed).toBe('slowed')
    expect(new Set(pauses)).toEqual(new Set(['pause']))
    expect(mallory.miner.peer.closed).toBeUndefined()
    refuse(mallory, 700)
    expect(mallory.miner.peer.closed).toMatch(/^more than 11 refusals a second$/)
    // every one that was taken in is answered all the same
    expect(mallory.miner.takeOf('SubmitShares.Error').length).toBeGreaterThan(700)
  })

  test('count over all its connections, and for nobody else', () => {
    const { link } = aStrictPool()
    const many = Array.from({ length: 10 }, () => from(link, '192.0.2.66'))
    for (const one of many) refuse(one, 30)
    expect(grades(link).filter((grade) => grade === 'slowed').length).toBeGreaterThan(3)
    const other = from(link, '192.0.2.1')
    refuse(other, 5)
    expect(grades(link)).toEqual([])
    other.miner.peer.send(other.miner.find(other.channel))
    expect(link.factsOf('shareAccepted')).toHaveLength(1)
  })

  test('are made up for by time, and by no new connection', () => {
    const { link } = aStrictPool()
    const first = from(link, '192.0.2.66')
    refuse(first, 150)
    grades(link)
    first.miner.peer.disconnect()
    const again = from(link, '192.0.2.66')
    refuse(again, 1)
    expect(grades(link)).toEqual(['warned', 'slowed', 'pause'])
    link.advance(20_000)
    grades(link)
    refuse(again, 5)
    expect(grades(link)).toEqual([])
  })

  test('have no limit on the allow list', () => {
    const { link } = aStrictPool()
    const farm = from(link, undefined)
    refuse(farm, 2_000)
    expect(grades(link)).toEqual([])
    expect(farm.miner.peer.closed).toBeUndefined()
  })

  test('may be more where many channels are: at a new tip many shares are late', () => {
    const { link } = aStrictPool()
    const farm = from(link, '192.0.2.7')
    for (let channel = 0; channel < 90; channel++) farm.miner.open('standard')
    refuse(farm, 91)
    expect(grades(link)).not.toContain('pause')
  })

  test.each([
    [
      'channels',
      {
        type: 'OpenExtendedMiningChannel',
        requestId: 1,
        userIdentity: 'a',
        nominalHashRate: -1,
        maxTarget: filled(0xff),
        minExtranonceSize: 4,
      },
    ],
    ['updates', { type: 'UpdateChannel', channelId: 99, nominalHashRate: 0, maximumTarget: filled(0xff) }],
  ] as const)('are requests for %s as well', (_, request) => {
    const { link } = aStrictPool()
    const { miner } = from(link, '192.0.2.66')
    for (let times = 0; times < 120; times++) miner.peer.send(request)
    expect(grades(link)).toContain('slowed')
  })
})
