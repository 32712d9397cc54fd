import { concatBytes, equalBytes, hasWitness, meetsTarget, parseTransaction, unhex } from '@sv2/bitcoin'
import type { Edition } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import type { PoolEffect } from '@sv2/roles/pool'
import { describe, expect, test, vi } from 'vitest'
import {
  aPool,
  aTemplate,
  aTip,
  connectTemplates,
  filled,
  NBITS_EASY,
  NTIME,
  PAYOUT_SCRIPT,
  proves,
} from '../_fixtures.ts'
import { aMiner, codes } from '../_pool-shares.ts'
import { TestMiner } from '../_test-miner.ts'

describe('blocks', () => {
  proves('POOL-62, TPC-02, POOL-29', 'both', 'a share that is a block goes up at once', (edition) => {
    for (const kind of ['standard', 'extended'] as const) {
      const { templates, miner, channel } = aBlockMiner(edition, kind)
      const share = miner.find(channel, { hash: isBlock })
      miner.peer.send(share)
      expect(templates.received()).toMatchObject([
        {
          type: 'SubmitSolution',
          templateId: 2n,
          version: share.version,
          headerTimestamp: share.ntime,
          headerNonce: share.nonce,
        },
      ])
    }
  })

  test('a share that is a block counts even where the channel’s target is harder', () => {
    const { templates, tip, miner, channel } = aMiner(current, 'standard')
    tip({ templateId: 2n }, { prevHash: filled(2), nbits: NBITS_EASY })
    templates.received()
    miner.peer.send(
      miner.find(channel, { hash: (hash) => isBlock(hash) && !meetsTarget(hash, channel.target) }),
    )
    expect(codes(miner)).toEqual([])
    expect(templates.received()).toHaveLength(1)
  })

  test('no share is credited on a job whose template the provider has no more; others go on', () => {
    const { templates, miner, channel } = aMiner(current)
    const gone = miner.find(channel)
    templates.send(aTemplate({ templateId: 2n, futureTemplate: false }))
    const kept = miner.find(channel)
    templates.send({
      type: 'RequestTransactionData.Error',
      templateId: 1n,
      errorCode: 'template-id-not-found',
    })
    miner.peer.send(gone)
    expect(codes(miner)).toEqual(['stale-share'])
    miner.peer.send(kept)
    expect(codes(miner)).toEqual([])
  })

  proves(
    'POOL-61, POOL-60, TPC-05',
    'current',
    'the coinbase of a block has its witness and the commitment',
    (edition) => {
      const { templates, miner, channel } = aBlockMiner(edition, 'extended')
      miner.peer.send(miner.find(channel, { hash: isBlock }))
      const [solution] = templates.receivedOf('SubmitSolution')
      const coinbase = parseTransaction(solution!.coinbaseTx)
      expect(hasWitness(coinbase)).toBe(true)
      expect(coinbase.inputs[0]!.witness).toEqual([filled(0)])
      // stripped, it is what the miner hashed
      const job = miner.job(channel)
      if (job.type !== 'NewExtendedMiningJob') throw new Error('wrong kind of job')
      const stripped = concatBytes(
        solution!.coinbaseTx.subarray(0, 4),
        solution!.coinbaseTx.subarray(6, -38),
        solution!.coinbaseTx.subarray(-4),
      )
      expect(stripped).toEqual(
        concatBytes(job.coinbaseTxPrefix, channel.prefix, filled(0x5a, 8), job.coinbaseTxSuffix),
      )
    },
  )

  proves('TPC-09', 'both', 'the payout spends what remains, the template’s outputs come last', (edition) => {
    const { templates, miner, channel } = aBlockMiner(edition, 'extended')
    miner.peer.send(miner.find(channel, { hash: isBlock }))
    const { outputs } = parseTransaction(templates.receivedOf('SubmitSolution')[0]!.coinbaseTx)
    expect(outputs).toHaveLength(2)
    expect(outputs[0]).toEqual({ value: 312_500_000n, script: PAYOUT_SCRIPT })
    expect(outputs[1]!.value).toBe(0n)
    expect(equalBytes(outputs[1]!.script.subarray(0, 6), unhex('6a24aa21a9ed'))).toBe(true)
  })

  proves(
    'TPC-03',
    'both',
    'no solution has version bits outside the mask that are not the template’s',
    (edition) => {
      const { templates, miner, channel } = aBlockMiner(edition, 'extended')
      const mask = edition.capabilities.versionRollingMask
      for (let bit = 0; bit < 32; bit++) {
        const version = (0x2000_0000 ^ (1 << bit)) >>> 0
        miner.peer.send(miner.find(channel, { version, hash: isBlock }))
      }
      const versions = templates.receivedOf('SubmitSolution').map(({ version }) => version)
      expect(versions.length).toBeGreaterThan(15)
      for (const version of versions) expect((version & ~mask) >>> 0).toBe(0x2000_0000)
    },
  )

  proves(
    'TPC-10',
    'both',
    'rollable bits that the template has set are rolled like any others',
    (edition) => {
      const { templates, miner, channel, tip } = aBlockMiner(edition, 'extended')
      const mask = edition.capabilities.versionRollingMask
      const version = (0x2000_0000 | mask) >>> 0
      tip({ templateId: 3n, version }, { prevHash: filled(3), nbits: NBITS_EASY })
      expect(miner.job(channel).version).toBe(version)
      for (const rolled of [version, 0x2000_0000, (version ^ 0x4000) >>> 0])
        miner.peer.send(miner.find(channel, { version: rolled, hash: isBlock }))
      expect(templates.receivedOf('SubmitSolution').map((solution) => solution.version)).toEqual([
        version,
        0x2000_0000,
        (version ^ 0x4000) >>> 0,
      ])
    },
  )

  proves('TPC-04', 'both', 'no solution has a time before that of SetNewPrevHash', (edition) => {
    const { link, templates, miner, channel } = aBlockMiner(edition, 'extended')
    link.advance(5_000)
    for (let ntime = NTIME - 3; ntime <= NTIME + 5; ntime++)
      miner.peer.send(miner.find(channel, { ntime, hash: isBlock }))
    expect(templates.receivedOf('SubmitSolution').map(({ headerTimestamp }) => headerTimestamp)).toEqual(
      [0, 1, 2, 3, 4, 5].map((second) => NTIME + second),
    )
  })

  test('solutions found while the provider is away are sent when it comes back', () => {
    const { link, templates, miner, channel } = aBlockMiner(current, 'standard')
    templates.disconnect()
    miner.peer.send(miner.find(channel, { hash: isBlock }))
    const again = connectTemplates(link, current)
    expect(again.received().map(({ type }) => type)).toEqual([
      'SetupConnection',
      'CoinbaseOutputConstraints',
      'SubmitSolution',
    ])
  })
})

describe('a block that is not decided', () => {
  test('is to be kept on disk before its share is acknowledged', () => {
    const { link, miner, channel } = aBlockMiner(current, 'standard')
    const handle = vi.spyOn(link.role, 'handle')
    for (let n = 0; n < 10; n++) miner.peer.send(miner.find(channel, { hash: isBlock }))
    const effects = handle.mock.results.flatMap(({ value }) => value as readonly PoolEffect[])
    const order = effects.map((effect) => (effect.kind === 'send' ? effect.message.type : effect.kind))
    expect(order.indexOf('keepSolution')).toBeGreaterThanOrEqual(0)
    expect(order.indexOf('keepSolution')).toBeLessThan(order.indexOf('SubmitShares.Success'))
  })

  test('is told again after a restart, and after six tips no more', () => {
    const first = aBlockMiner(current, 'standard')
    first.templates.disconnect()
    first.miner.peer.send(first.miner.find(first.channel, { hash: isBlock }))
    const solutions = first.link.factsOf('keepSolution').map(({ solution }) => solution)
    expect(solutions).toHaveLength(1)
    const { link, templates, tip } = aPool(current, { solutions })
    expect(templates.receivedOf('SubmitSolution')).toEqual([solutions[0]!.message])
    for (let mark = 10; mark < 17; mark++) tip({ templateId: BigInt(mark) }, { prevHash: filled(mark) })
    expect(link.factsOf('forgetSolution')).toEqual([{ kind: 'forgetSolution', hash: solutions[0]!.hash }])
    templates.disconnect()
    expect(connectTemplates(link, current).receivedOf('SubmitSolution')).toEqual([])
  })
})

describe('the template client', () => {
  proves('TP-01', 'both', 'the pool tells what its coinbase needs right after setup', (edition) => {
    const { templates } = aPool(edition, { tip: false })
    expect(templates.received()).toMatchObject([
      { type: 'SetupConnection' },
      { type: 'CoinbaseOutputConstraints', coinbaseOutputMaxAdditionalSize: 43 },
    ])
  })

  proves('TPC-01', 'both', 'transaction data it is sent is not looked into', (edition) => {
    const { link, templates, tip } = aPool(edition)
    templates.send({
      type: 'RequestTransactionData.Success',
      templateId: 1n,
      excessData: filled(1),
      transactionList: [filled(0xfe, 300), new Uint8Array(0)],
    })
    expect(templates.closed).toBeUndefined()
    tip({ templateId: 2n }, { prevHash: filled(2) })
    const miner = new TestMiner(link, edition)
    expect(miner.tip(miner.open('standard')).prevHash).toEqual(filled(2))
  })

  proves(
    'TPC-06, TPC-07',
    'current',
    'every future template becomes a future job, and the tip is mapped to its job',
    (edition) => {
      const { templates, miner, channel } = aMiner(edition)
      const ids = Array.from({ length: 10 }, (_, index) => BigInt(index + 2))
      for (const templateId of ids) templates.send(aTemplate({ templateId, version: Number(templateId) }))
      const futures = miner.jobs(channel).slice(1)
      expect(futures.map(({ version, minNtime }) => ({ version, minNtime }))).toEqual(
        ids.map((templateId) => ({ version: Number(templateId), minNtime: undefined })),
      )
      // the oldest is still known
      templates.send(aTip({ templateId: 2n, prevHash: filled(2) }))
      expect(miner.tip(channel)).toMatchObject({ jobId: futures[0]!.jobId, prevHash: filled(2) })
    },
  )

  proves('TPC-08', 'draft', 'work on the named template starts at once', (edition) => {
    const { templates, miner, channel } = aMiner(edition)
    templates.send(aTemplate({ templateId: 2n, version: 0x2000_0002 }))
    const { jobId } = miner.job(channel)
    miner.take()
    templates.send(aTip({ templateId: 2n, prevHash: filled(2) }))
    expect(miner.take()).toMatchObject([{ type: 'SetNewPrevHash', jobId, prevHash: filled(2) }])
  })

  proves('TPC-11', 'current', 'future templates of an earlier tip are dropped', (edition) => {
    const { link, templates, miner, channel } = aMiner(edition)
    templates.send(aTemplate({ templateId: 2n }), aTemplate({ templateId: 3n }))
    templates.send(aTip({ templateId: 3n, prevHash: filled(3) }))
    miner.take()
    templates.send(aTip({ templateId: 2n, prevHash: filled(2) }))
    expect(miner.take()).toEqual([])
    expect(link.factsOf('templateIgnored')).toMatchObject([{ templateId: 2n }])
    expect(miner.tip(channel).prevHash).toEqual(filled(3))
  })
})

function isBlock(hash: Uint8Array): boolean {
  return hash[31]! < 0x7f
}

/** On a network where every other hash is a block. */
function aBlockMiner(edition: Edition, kind: 'standard' | 'extended') {
  const world = aPool(edition, { tip: false })
  world.tip({ templateId: 2n }, { prevHash: filled(2), nbits: NBITS_EASY })
  const miner = new TestMiner(world.link, edition)
  const channel = miner.open(kind)
  world.templates.received()
  return { ...world, miner, channel }
}
