import {
  buildCoinbase,
  concatBytes,
  equalBytes,
  hex,
  parseCountedOutputs,
  parseOutputs,
  sha256,
  sipHash24,
  sipHashKey,
} from '@sv2/bitcoin'
import type { MessageNamed } from '@sv2/messages'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { aTemplate, filled, NBITS_EASY, proves } from '../_fixtures.ts'
import {
  EXCESS,
  OWN_SCRIPT,
  type PairHabits,
  POOL_SCRIPT,
  type ScriptedPair,
  TRANSACTIONS,
  working,
} from '../_job-client.ts'
import { TestMiner } from '../_test-miner.ts'

function committed(pair: ScriptedPair): MessageNamed<'CommitMiningJob'> {
  const { proposal } = pair
  if (proposal?.type !== 'CommitMiningJob') throw new Error('nothing committed')
  return proposal
}

/** The coinbase as the pool completes it: its own output in front. */
function completed(job: MessageNamed<'SetCustomMiningJob'>) {
  const outputs = parseCountedOutputs(job.coinbaseTxOutputs)
  const { prefix, suffix } = buildCoinbase({
    version: job.coinbaseTxVersion,
    scriptSigPrefix: job.coinbasePrefix,
    extranonceSize: 4 + (job.extranonceSize ?? 0),
    sequence: job.coinbaseTxInputSequence,
    outputs: [{ value: job.coinbaseTxValueRemaining ?? 0n, script: POOL_SCRIPT }, ...outputs],
    locktime: job.coinbaseTxLocktime,
  })
  return { prefix, suffix }
}

/** The pool takes the newest custom job. */
function acknowledge(pair: ScriptedPair): number {
  return pair.acknowledge(completed(pair.customJobs.at(-1)!))
}

const committing = (habits: PairHabits = {}, ...rest: [Parameters<typeof working>[1]?]) =>
  working({ edition: draft, ...habits }, ...rest)

describe('a negotiator client that commits to its jobs', () => {
  proves('JNC-04, JNC-05', 'draft', 'a commit names what the pool has to complete', () => {
    const { pair } = committing({ asyncMining: false })
    const commit = committed(pair)
    expect(commit.coinbasePrefix.length).toBeLessThanOrEqual(8)
    expect(hex(commit.coinbasePrefix)).toContain(hex(aTemplate().coinbasePrefix))
    expect(commit).toMatchObject({
      coinbaseTxValueRemaining: 312_500_000n,
      minExtranonceSize: 12,
      excessData: EXCESS,
    })
    expect(commit.coinbaseTxOutputs.flatMap((output) => parseOutputs(output))).toEqual(
      parseOutputs(aTemplate().coinbaseTxOutputs),
    )
  })

  proves('JNC-08', 'draft', 'short ids are keyed by a nonce that is fresh per commit', () => {
    const { world, pair } = committing({ asyncMining: false })
    const first = committed(pair)
    const hashes = TRANSACTIONS.map((tx) => sha256(tx))
    const nonce = new Uint8Array(8)
    new DataView(nonce.buffer).setBigUint64(0, first.txShortHashNonce, true)
    const key = sipHashKey(sha256(nonce))
    expect(first.txShortHashList.map(hex)).toEqual(hashes.map((hash) => hex(sipHash24(key, hash))))
    expect(hex(first.txHashListHash)).toBe(hex(sha256(concatBytes(...hashes))))
    pair.agree()
    acknowledge(pair)
    world.update(2n)
    world.answerTemplates()
    expect(committed(pair).txShortHashNonce).not.toBe(first.txShortHashNonce)
  })

  proves('JNC-06, JNC-07', 'draft', 'hashes and transactions are handed over when asked for', () => {
    const { pair } = committing()
    const { requestId } = committed(pair)
    pair.server.send(
      { type: 'IdentifyTransactions', requestId },
      { type: 'ProvideMissingTransactions', requestId, unknownTxPositionList: [1, 0] },
    )
    const answers = pair.takeServer().filter(({ type }) => type !== 'AllocateMiningJobToken')
    expect(answers).toMatchObject([
      { type: 'IdentifyTransactions.Success', requestId, txHashList: TRANSACTIONS.map((tx) => sha256(tx)) },
      { requestId, transactionList: [TRANSACTIONS[1], TRANSACTIONS[0]] },
    ])
  })

  proves('DEV-26, JNC-01', 'draft', 'a token without async mining is shown to the server only', () => {
    const { pair } = committing({ asyncMining: false })
    expect(pair.customJobs).toEqual([])
    const token = pair.agree()
    // on the extended channel that it opened
    expect(pair.customJobs).toMatchObject([{ channelId: 7, miningJobToken: token }])
  })

  proves('JNC-02', 'draft', 'a job in use is set again with the token of the consent', () => {
    const { world, pair } = committing()
    expect(pair.serverFlags).toBe(1)
    const first = committed(pair)
    expect(pair.customJobs.map(({ miningJobToken }) => hex(miningJobToken))).toEqual([
      hex(first.miningJobToken),
    ])
    const before = acknowledge(pair)
    const miner = new TestMiner(world.link as never, draft)
    const channel = miner.open('extended')
    miner.peer.send(miner.find(channel))
    const token = pair.agree()
    expect(hex(pair.customJobs.at(-1)!.miningJobToken)).toBe(hex(token))
    const after = acknowledge(pair)
    miner.peer.send(miner.find(channel))
    expect(pair.shares.map(({ jobId }) => jobId)).toEqual([before, after])
  })

  test('a job is not set again when the token stays the same', () => {
    const { pair } = committing({ keepsToken: true })
    acknowledge(pair)
    pair.agree()
    expect(pair.customJobs).toHaveLength(1)
  })

  proves('JNC-03', 'draft', 'templates leave room for the outputs the pool will add', () => {
    const { world } = committing()
    const sizes = world.constraints.map((told) => told.coinbaseOutputMaxAdditionalSize)
    expect(Math.max(...sizes)).toBeGreaterThanOrEqual(31 + 31)
  })

  test('miners work for ourselves on a new tip until the pool has completed the coinbase', () => {
    const { world, pair } = committing({ asyncMining: false })
    const miner = new TestMiner(world.link as never, draft)
    const channel = miner.open('extended')
    const coinbase = () => {
      const job = miner.job(channel)
      return job.type === 'NewExtendedMiningJob' ? hex(job.coinbaseTxSuffix) : ''
    }
    expect(coinbase()).toContain(hex(OWN_SCRIPT))
    pair.agree()
    const jobId = acknowledge(pair)
    expect(coinbase()).toContain(hex(POOL_SCRIPT))
    miner.peer.send(miner.find(channel))
    expect(pair.shares).toMatchObject([{ jobId }])
    world.tip({ templateId: 2n }, { prevHash: filled(0xbb) })
    expect(coinbase()).toContain(hex(OWN_SCRIPT))
    pair.agree()
    acknowledge(pair)
    expect(coinbase()).toContain(hex(POOL_SCRIPT))
  })

  test('a coinbase that is not made of ours is no reason to mine for that pool', () => {
    const { world, pair } = committing()
    const { prefix, suffix } = completed(pair.customJobs[0]!)
    pair.acknowledge({ prefix: prefix.map((byte) => byte ^ 1), suffix })
    expect(world.told('pairChanged').at(-1)).toMatchObject({ event: 'unusable', to: 'barred' })
  })

  proves('DEV-31', 'draft', 'a block of a completed job goes out with the coinbase of the pool', () => {
    const { world, pair } = working({ edition: draft }, {}, { nbits: NBITS_EASY })
    acknowledge(pair)
    const miner = new TestMiner(world.link as never, draft)
    const channel = miner.open('extended')
    miner.peer.send(miner.find(channel, { hash: (hash) => hash[31]! < 0x7f }))
    const [solution] = world.answerTemplates()
    if (solution?.type !== 'SubmitSolution') throw new Error('no solution')
    expect(hex(solution.coinbaseTx)).toContain(hex(POOL_SCRIPT))
    expect(equalBytes(solution.coinbaseTx.subarray(4, 6), Uint8Array.of(0, 1))).toBe(true)
  })
})
