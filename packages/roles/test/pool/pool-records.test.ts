import {
  coinbaseTxid,
  decodeHeader,
  encodeHeader,
  meetsTarget,
  merkleRootFromPath,
  sha256d,
} from '@sv2/bitcoin'
import type { Edition } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import type { ProvenShare, RecordEvent } from '@sv2/roles/pool'
import { describe, expect, test } from 'vitest'
import { aPool, filled, NBITS_EASY, type PoolOverrides } from '../_fixtures.ts'
import { codes } from '../_pool-shares.ts'
import { TestMiner } from '../_test-miner.ts'

function aRecordingPool(
  edition: Edition,
  overrides: PoolOverrides = {},
  kind: 'standard' | 'extended' = 'extended',
) {
  const world = aPool(edition, { maxUnrecordedShares: 100, miners: { shareBatchSize: 1 }, ...overrides })
  const miner = new TestMiner(world.link, edition)
  const channel = miner.open(kind)
  miner.take()
  const recorded = (): ProvenShare[] => world.link.factsOf('recordShare').map(({ share }) => share)
  const submit = (sequenceNumber: number) => miner.peer.send(miner.find(channel, { sequenceNumber }))
  const tell = (event: RecordEvent) => world.link.tell(event)
  return { ...world, miner, channel, recorded, submit, tell }
}

describe.each([current, draft])('a pool that records shares ($name)', (edition) => {
  test('acknowledges a share when it is on disk, and not before', () => {
    const { miner, tell, submit, link } = aRecordingPool(edition)
    for (const sequenceNumber of [1, 2, 3]) submit(sequenceNumber)
    link.advance(5_000)
    expect(miner.take()).toEqual([])
    tell({ kind: 'recorded', shares: 2 })
    expect(miner.take()).toMatchObject([
      { type: 'SubmitShares.Success', lastSequenceNumber: 1, newSubmitsAcceptedCount: 1 },
      { type: 'SubmitShares.Success', lastSequenceNumber: 2, newSubmitsAcceptedCount: 1 },
    ])
    tell({ kind: 'recorded', shares: 1 })
    expect(miner.take()).toMatchObject([{ lastSequenceNumber: 3 }])
  })

  test('refuses what the disk refuses, and further shares until it takes them again', () => {
    const { miner, tell, submit } = aRecordingPool(edition)
    submit(1)
    submit(2)
    tell({ kind: 'recorded', shares: 1 })
    expect(miner.take()).toMatchObject([{ type: 'SubmitShares.Success', lastSequenceNumber: 1 }])
    tell({ kind: 'recordingFailed' })
    expect(miner.take()).toMatchObject([
      { type: 'SubmitShares.Error', sequenceNumber: 2, errorCode: 'not-recorded' },
    ])
    submit(3)
    expect(codes(miner)).toEqual(['not-recorded'])
    tell({ kind: 'recordingResumed' })
    submit(4)
    tell({ kind: 'recorded', shares: 1 })
    expect(miner.take()).toMatchObject([{ type: 'SubmitShares.Success', lastSequenceNumber: 4 }])
  })

  test('lets no more shares wait for the disk than it was told', () => {
    const { miner, tell, submit } = aRecordingPool(edition, { maxUnrecordedShares: 2 })
    for (const sequenceNumber of [1, 2, 3]) submit(sequenceNumber)
    expect(codes(miner)).toEqual(['not-recorded'])
    tell({ kind: 'recorded', shares: 2 })
    submit(4)
    tell({ kind: 'recorded', shares: 1 })
    expect(miner.take().at(-1)).toMatchObject({ type: 'SubmitShares.Success', lastSequenceNumber: 4 })
  })

  test('a share of a channel that was closed meanwhile is recorded, and nobody is told', () => {
    const { miner, tell, submit, recorded, channel } = aRecordingPool(edition)
    submit(1)
    miner.peer.send({ type: 'CloseChannel', channelId: channel.channelId, reasonCode: 'bye' })
    tell({ kind: 'recorded', shares: 1 })
    expect(recorded().length).toBe(1)
    expect(miner.take()).toEqual([])
  })

  test.each(['standard', 'extended'] as const)('a recorded share of a %s channel proves its work', (kind) => {
    const { submit, recorded } = aRecordingPool(edition, {}, kind)
    submit(1)
    const [share] = recorded()
    const { job, tip, extranonce, merkleRoot, version, ntime, nonce, level } = share!
    const txid = coinbaseTxid(job.coinbaseTxPrefix, extranonce, job.coinbaseTxSuffix)
    expect(merkleRootFromPath(txid, job.merklePath)).toEqual(merkleRoot)
    const header = encodeHeader({
      version,
      prevHash: tip.prevHash,
      merkleRoot,
      ntime,
      nbits: tip.nbits,
      nonce,
    })
    expect(decodeHeader(header).nonce).toBe(nonce)
    expect(meetsTarget(sha256d(header), level.target)).toBe(true)
    expect(extranonce.length).toBe(32)
    expect(job.reward).toEqual({ toPool: 312_500_000n, total: 312_500_000n, distributionId: 0n })
  })

  test('a block is recorded with its share, and a tip with its height', () => {
    const { tip, submit, link } = aRecordingPool(edition)
    tip({ templateId: 2n, futureTemplate: true }, { nbits: NBITS_EASY, prevHash: filled(0xbb) })
    for (let n = 0; n < 20; n++) submit(n)
    const facts = link.takeFacts()
    const count = (kind: string) => facts.filter((fact) => fact.kind === kind).length
    expect(count('recordBlock')).toBe(count('blockFound'))
    expect(count('recordBlock')).toBeGreaterThan(0)
    expect(facts.findLast(({ kind }) => kind === 'recordTip')).toMatchObject({ height: 200_000 })
  })
})
