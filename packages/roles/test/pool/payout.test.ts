import { addressToScript, buildCoinbase, concatBytes } from '@sv2/bitcoin'
import type { NewExtendedMiningJob } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EASY_TARGET, filled, NBITS_HARD, NTIME } from '../_fixtures.ts'
import { EASY, TranslatorWorld } from '../_sv1-world.ts'
import { anUpstreamJob, type TestUpstream } from '../_test-upstream.ts'

const OURS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const OTHERS = addressToScript('bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202', 'regtest')
const REWARD = 312_500_000n

/** A job whose coinbase pays so much of the reward to us, and the rest to others. */
function aJob(jobId: number, percent: number, extranonceSize: number, extra: Uint8Array = new Uint8Array(0)) {
  const ours = (REWARD * BigInt(percent)) / 100n
  const script = addressToScript(OURS, 'regtest')
  const { prefix, suffix } = buildCoinbase({
    version: 2,
    scriptSigPrefix: concatBytes(Uint8Array.of(3, 1, 2, 3), extra),
    extranonceSize,
    sequence: 0xffff_fffe,
    outputs: [
      ...(ours > 0n ? [{ value: ours, script }] : []),
      ...(ours < REWARD ? [{ value: REWARD - ours, script: OTHERS }] : []),
    ],
    rawOutputs: { count: 0, bytes: new Uint8Array(0) },
    locktime: 0,
  })
  return anUpstreamJob(1, jobId, { coinbaseTxPrefix: prefix, coinbaseTxSuffix: suffix })
}

/** Answers the request for a channel, and hands out a job on it. */
function work(pool: TestUpstream, job: (extranonceSize: number) => NewExtendedMiningJob): void {
  pool.serve()
  const [request] = pool.take('OpenExtendedMiningChannel')
  const made = job(4 + (request?.minExtranonceSize ?? 0))
  const { jobId, channelId } = made
  pool.send(made, {
    type: 'SetNewPrevHash',
    channelId,
    jobId,
    prevHash: filled(0xaa),
    minNtime: NTIME,
    nbits: NBITS_HARD,
  })
}

function aWorld(identity: string) {
  const upstreams = [{ identity }, { identity: OURS }]
  return new TranslatorWorld({ front: EASY, verifyPayout: 'regtest', upstreams })
}

describe('translator_mines_when_payout_matches_address_or_donation_identity', () => {
  test.each([
    [`${OURS}.rig`, 100],
    [`sri/solo/${OURS}/rig`, 100],
    [`sri/donate/30/${OURS}/rig`, 70],
  ])('%s', (identity, percent) => {
    const world = aWorld(identity)
    const pool = world.upstream(current, { target: EASY_TARGET })
    const miner = world.miner().login()
    work(pool, (size) => aJob(10, percent, size, filled(0x51, 20)))
    expect(miner.mine()).toBe(true)
    expect(pool.take('SubmitSharesExtended')).toHaveLength(1)
  })
})

describe('translator falls_back_when_payout_does_not_match', () => {
  test.each([
    [`${OURS}.rig`, 99],
    [`sri/donate/30/${OURS}/rig`, 69],
    [OURS, 0],
    ['nobody.rig', 100],
  ])('%s, paid %d %%: no share reaches that upstream', (identity, percent) => {
    const world = aWorld(identity)
    const bad = world.upstream(current, { target: EASY_TARGET })
    const miner = world.miner().login()
    work(bad, (size) => aJob(10, percent, size))
    const refused = world.link.takeFacts().filter(({ kind }: { kind: string }) => kind === 'upstreamRefused')
    expect(refused).toMatchObject([{ upstream: 0, reason: expect.stringMatching(/address|must pay/) }])
    const good = world.upstream(current, { upstream: 1, target: EASY_TARGET })
    work(good, (size) => aJob(20, 100, size))
    expect(miner.mine()).toBe(true)
    expect(bad.take('SubmitSharesExtended')).toEqual([])
    expect(good.take('SubmitSharesExtended')).toHaveLength(1)
    expect(miner.peer.closed).toBeUndefined()
  })

  test('also when a later job stops paying', () => {
    const world = aWorld(OURS)
    const bad = world.upstream(current, { target: EASY_TARGET })
    const miner = world.miner().login()
    let size = 0
    work(bad, (extranonceSize) => {
      size = extranonceSize
      return aJob(10, 100, extranonceSize)
    })
    expect(miner.mine()).toBe(true)
    bad.send({ ...aJob(11, 0, size), minNtime: NTIME })
    expect(miner.mine()).toBe(21)
    expect(bad.take('CloseChannel')).toMatchObject([{ reasonCode: 'wrong-payout' }])
  })

  test('without aggregation a miner without an address is refused, and nobody else suffers', () => {
    const world = new TranslatorWorld({
      front: EASY,
      verifyPayout: 'regtest',
      aggregated: false,
      upstreams: [{ identity: '{identity}' }],
    })
    const pool = world.upstream(current, { target: EASY_TARGET })
    const miner = world.miner(`${OURS}.rig`).login()
    work(pool, (size) => aJob(10, 100, size))
    const nobody = world.miner('nobody.rig').login()
    expect(nobody.peer.closed).toBe('no work here: invalid-user-identity')
    const facts = world.facts()
    expect(facts.filter(({ kind }) => kind === 'channelRefused')).toMatchObject([
      { detail: '"nobody.rig" names no address of regtest that could be paid' },
    ])
    expect(facts.filter(({ kind }) => kind === 'upstreamRefused')).toEqual([])
    expect(pool.take('OpenExtendedMiningChannel')).toEqual([])
    expect(miner.mine()).toBe(true)
    expect(pool.take('SubmitSharesExtended')).toHaveLength(1)
  })

  test('of many miners with channels of their own that it does not pay, an upstream is refused once', () => {
    const upstreams = [{ identity: '{identity}' }]
    const world = new TranslatorWorld({ front: EASY, verifyPayout: 'regtest', aggregated: false, upstreams })
    const bad = world.upstream(current, { target: EASY_TARGET })
    for (const rig of ['a', 'b', 'c']) world.miner(`${OURS}.${rig}`).login()
    bad.serve()
    for (const channelId of bad.channels) bad.send({ ...aJob(10, 0, 12), channelId })
    expect(bad.channels).toHaveLength(3)
    expect(world.factsOf('upstreamRefused')).toHaveLength(1)
  })

  test('whatever stands for a coinbase, it is a reason and never an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.uint8Array({ maxLength: 120 }), (prefix, suffix) => {
        const world = aWorld(OURS)
        const bad = world.upstream(current, { target: EASY_TARGET })
        world.miner().login()
        const halves = { coinbaseTxPrefix: prefix, coinbaseTxSuffix: suffix }
        work(bad, () => anUpstreamJob(1, 10, halves))
        expect(bad.take('SubmitSharesExtended')).toEqual([])
        expect(world.link.takeFacts().some(({ kind }: { kind: string }) => kind === 'upstreamUsed')).toBe(
          false,
        )
      }),
      { numRuns: 60 },
    )
  })
})
