import { encodeHeightPush } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { aPool, aTemplate, aTip, connectTemplates, filled, NBITS_EASY } from '../_fixtures.ts'
import { codes } from '../_pool-shares.ts'
import { TestMiner } from '../_test-miner.ts'

describe.each([current, draft])('a pool with two template providers, edition $name', (edition) => {
  /** Both are connected, and at the same block; the second one has a better template. */
  function aPoolOfTwo() {
    const world = aPool(edition, { backups: 1 })
    const backup = connectTemplates(world.link, edition, 0)
    const { link } = world
    const miner = new TestMiner(link, edition)
    const channel = miner.open('extended')
    backup.send(aTemplate({ templateId: 1n, coinbaseTxValueRemaining: 400_000_000n }), aTip())
    return { ...world, backup, miner, channel }
  }

  /** The work of a block higher. */
  const next = (templateId: bigint) =>
    [
      aTemplate({ templateId, coinbasePrefix: encodeHeightPush(200_001), merklePath: [filled(5)] }),
      aTip({ templateId, prevHash: filled(0xbb), nbits: NBITS_EASY }),
    ] as const

  test('mines on the work of the first, and its miners hear nothing of the other', () => {
    const { miner, templates, backup } = aPoolOfTwo()
    expect(miner.take()).toEqual([])
    expect(templates.receivedOf('CoinbaseOutputConstraints')).toHaveLength(1)
    expect(backup.receivedOf('CoinbaseOutputConstraints')).toHaveLength(1)
  })

  test('goes on with the second when the first is gone: another job on the same tip, and shares of the job before count', () => {
    const { link, miner, channel, templates } = aPoolOfTwo()
    const before = miner.find(channel)
    miner.take()
    templates.disconnect()
    expect(miner.take().map(({ type }) => type)).toEqual(['NewExtendedMiningJob'])
    miner.peer.send(before)
    miner.peer.send(miner.find(channel))
    expect(codes(miner)).toEqual([])
    link.advance(600_000)
    expect(miner.peer.closed).toBeUndefined()
  })

  test('takes a new tip from whichever tells first, once, where both have the same template', () => {
    const { link, miner, templates, backup } = aPoolOfTwo()
    miner.take()
    backup.send(...next(9n))
    templates.send(...next(33n))
    expect(miner.takeOf('SetNewPrevHash')).toHaveLength(1)
    expect(link.factsOf('jobSent').filter(({ reason }) => reason === 'tip')).toHaveLength(2)
    expect(link.factsOf('jobSent').filter(({ reason }) => reason === 'update')).toHaveLength(0)
  })

  test('tells both of a block on the template of both', () => {
    const { miner, channel, templates, backup } = aPoolOfTwo()
    backup.send(...next(9n))
    templates.send(...next(33n))
    miner.peer.send(miner.find(channel))
    expect(backup.receivedOf('SubmitSolution')).toMatchObject([{ templateId: 9n }])
    expect(templates.receivedOf('SubmitSolution')).toMatchObject([{ templateId: 33n }])
  })

  test('refuses shares of a template that its provider has no more, whatever the other numbers likewise', () => {
    const { miner, channel, templates, backup } = aPoolOfTwo()
    const gone = {
      type: 'RequestTransactionData.Error',
      templateId: 1n,
      errorCode: 'template-id-not-found',
    } as const
    backup.send(gone)
    miner.peer.send(miner.find(channel))
    expect(codes(miner)).toEqual([])
    const late = miner.find(channel)
    templates.send(gone)
    miner.peer.send(late)
    expect(codes(miner)).toEqual(['stale-share'])
  })
})
