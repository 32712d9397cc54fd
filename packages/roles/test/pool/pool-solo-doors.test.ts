import { addressToScript, scriptToAddress } from '@sv2/bitcoin'
import type { Edition, NewExtendedMiningJob } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { rewardOutputs, SOLO_PAYOUT, soloOutputs } from '@sv2/roles/payouts'
import { describe, expect, test } from 'vitest'
import { aPool, aTemplate, NBITS_EASY } from '../_fixtures.ts'
import { ALICE, aDistribution, minerScript, outputsOf, POOL_SCRIPT, SHARED } from '../_payouts.ts'
import { TestMiner } from '../_test-miner.ts'

const BOB = scriptToAddress(minerScript(77), 'regtest')!
const VALUE = aTemplate().coinbaseTxValueRemaining
const TERMS = { poolScript: POOL_SCRIPT, feePpm: 20_000n }

/** A pool that splits blocks, with a miner behind a door of that kind and one behind a solo door. */
function twoDoors(edition: Edition, { maxPayouts = 10 }: { readonly maxPayouts?: number } = {}) {
  const payout = { ...SHARED, solo: { feePpm: 20_000n, maxPayouts } } as typeof SHARED
  const world = aPool(edition, { payout, maxUnrecordedShares: 100, miners: { shareBatchSize: 1 } })
  const shared = new TestMiner(world.link, edition)
  const solo = new TestMiner(world.link, edition, { isSolo: true })
  const channels = {
    shared: shared.open('extended', { user: `${ALICE}.rig` }),
    solo: solo.open('extended', { user: `${BOB}.rig` }),
  }
  const paid = (miner: TestMiner, channel: typeof channels.solo) =>
    outputsOf(miner.job(channel) as NewExtendedMiningJob, channel).filter(({ value }) => value > 0n)
  const distribution = aDistribution(1n, 3)
  world.link.tell({ kind: 'distribution', distribution, voids: false })
  return { ...world, shared, solo, channels, paid, distribution }
}

describe.each([current, draft])('a solo door beside one that splits blocks ($name)', (edition) => {
  test('jobs pay the miner, less the fee; those of the other door follow the distribution', () => {
    const { templates, shared, solo, channels, paid, distribution } = twoDoors(edition)
    templates.send(aTemplate({ templateId: 2n, futureTemplate: false }))
    const script = addressToScript(BOB, 'regtest')
    expect(paid(solo, channels.solo)).toEqual(soloOutputs(script, TERMS, VALUE))
    expect(paid(solo, channels.solo).map(({ value }) => value)).toEqual([
      (VALUE * 2n) / 100n,
      VALUE - (VALUE * 2n) / 100n,
    ])
    expect(paid(shared, channels.shared)).toEqual(rewardOutputs(distribution, VALUE))
  })

  test('shares and blocks are recorded with what their coinbase follows', () => {
    const { link, tip, shared, solo, channels } = twoDoors(edition)
    tip({ templateId: 3n }, { nbits: NBITS_EASY })
    shared.peer.send(shared.find(channels.shared))
    solo.peer.send(solo.find(channels.solo))
    const facts = link.takeFacts()
    const of = (kind: 'recordShare' | 'recordBlock') =>
      facts.flatMap((fact) =>
        fact.kind === kind ? [[fact.share.user, fact.share.job.reward?.distributionId]] : [],
      )
    const both = [
      [ALICE, 1n],
      [BOB, SOLO_PAYOUT],
    ]
    expect(of('recordShare')).toEqual(both)
    expect(of('recordBlock')).toEqual(both)
  })

  test('an identity without an address is refused, and so is a payout too many', () => {
    const { link } = twoDoors(edition, { maxPayouts: 1 })
    const more = new TestMiner(link, edition, { isSolo: true })
    more.request('extended', { user: 'bob' })
    const [nameless] = more.takeOf('OpenMiningChannel.Error')
    more.request('extended', { user: `${ALICE}.rig` })
    const [tooMany] = more.takeOf('OpenMiningChannel.Error')
    expect(nameless?.errorCode).toBe(edition === current ? 'invalid-user-identity' : 'unknown-user')
    expect(tooMany?.errorCode).toBe('channel-capacity-exhausted')
  })

  test('a standard channel is paid alone as well', () => {
    const { link } = twoDoors(edition)
    const miner = new TestMiner(link, edition, { isSolo: true })
    const channel = miner.open('standard', { user: `${BOB}.other` })
    miner.peer.send(miner.find(channel))
    const [share] = link.takeFacts().flatMap((fact) => (fact.kind === 'recordShare' ? [fact.share] : []))
    expect(share).toMatchObject({
      user: BOB,
      worker: 'other',
      job: { reward: { distributionId: SOLO_PAYOUT } },
    })
  })
})
