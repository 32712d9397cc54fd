import {
  assembleBlock,
  coinbaseTxid,
  encodeHeader,
  equalBytes,
  findWitnessCommitment,
  HEADER_SIZE,
  merklePathInSteps,
  merkleRootFromPath,
  type Sha256d,
  witnessCommitment,
} from '@sv2/bitcoin'
import { cutCoinbase, wholeCoinbase } from '../../custom-jobs/custom-coinbase.ts'
import { MAX_EXTRANONCE_SIZE, sumOf } from './coinbase-check.ts'
import type { HashList } from './hash-list.ts'
import { badList, internalError, type Problem, staleTip } from './problem.ts'
import type { Proposal } from './proposal.ts'
import { PAIR_UNITS, type SlicedWork } from './work.ts'

/** What counts as the wtxid of a coinbase (BIP 141). */
const COINBASE_WTXID = new Uint8Array(32)

/** Weight units of a header. */
const HEADER_WEIGHT = 4 * HEADER_SIZE

/** Checks what can be told of a complete job without the coins that it spends; keeps its merkle path. */
export function* review(proposal: Proposal, sha256d: Sha256d): SlicedWork<Problem | undefined> {
  const problem = checkLimits(proposal) ?? (yield* checkCommitment(proposal, sha256d))
  if (problem !== undefined) return problem
  proposal.merklePath = yield* pathOf(proposal.transactions.txids, sha256d)
  return undefined
}

function* pathOf({ bytes }: HashList, sha256d: Sha256d): SlicedWork<readonly Uint8Array[]> {
  const steps = merklePathInSteps(bytes, sha256d)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    yield PAIR_UNITS
  }
}

function checkLimits(proposal: Proposal): Problem | undefined {
  const { tip, job, transactions } = proposal
  const coinbase = cutCoinbase(job.coinbase, exampleSize(proposal))
  // the node counts exactly; what is too much by this count is too much by any
  const sums = transactions.sums()
  const weight = HEADER_WEIGHT + 4 * (coinbase.prefix.length + coinbase.suffix.length) + sums.weight
  if (weight > tip.weightLimit) return badList(`a weight of ${weight}`)
  if (sums.sigops > tip.sigopLimit) return badList(`${sums.sigops} signature operations`)
  // every output of a coinbase comes out of subsidy and fees; 21 million coins bound what both can be
  if (sumOf(job.coinbase.outputs) > 21_000_000n * 100_000_000n)
    return { code: 'invalid-coinbase-tx', field: 'coinbase_tx_outputs', detail: 'more than there can be' }
  return undefined
}

function* checkCommitment(
  { job, transactions }: Proposal,
  sha256d: Sha256d,
): SlicedWork<Problem | undefined> {
  const committed = findWitnessCommitment(job.coinbase.outputs)
  const problem = (detail: string): Problem => ({
    code: 'invalid-coinbase-tx',
    field: 'coinbase_tx_outputs',
    detail,
  })
  if (committed === undefined)
    return transactions.hasWitnessData() ? problem('no witness commitment') : undefined
  const path = yield* pathOf(transactions.wtxids, sha256d)
  const root = merkleRootFromPath(COINBASE_WTXID, path, sha256d)
  return equalBytes(committed, witnessCommitment(root, undefined, sha256d))
    ? undefined
    : problem('the witness commitment is of other transactions')
}

/** A block of the job for the node to check, its extranonce zeros. */
export function exampleBlock(proposal: Proposal, sha256d: Sha256d): Uint8Array {
  const { tip, job } = proposal
  const size = exampleSize(proposal)
  const cut = cutCoinbase(job.coinbase, size)
  const header = encodeHeader({
    version: job.version,
    prevHash: tip.prevHash,
    merkleRoot: merkleRootFromPath(
      coinbaseTxid(cut.prefix, new Uint8Array(size), cut.suffix, sha256d),
      proposal.merklePath,
      sha256d,
    ),
    ntime: Math.max(tip.curtime, tip.mintime),
    nbits: tip.nbits,
    nonce: 0,
  })
  return assembleBlock(header, [exampleCoinbase(proposal), ...proposal.transactions.serialized()])
}

function exampleCoinbase(proposal: Proposal): Uint8Array {
  const { coinbase } = proposal.job
  const size = exampleSize(proposal)
  return wholeCoinbase(cutCoinbase(coinbase, size), new Uint8Array(size), coinbase.outputs)
}

function exampleSize({ job }: Proposal): number {
  return job.extranonceSize ?? MAX_EXTRANONCE_SIZE
}

/** What a node's verdict on the block means; undefined when the job is good. @param verdict undefined: no node could be asked */
export function problemOf(verdict: string | null | undefined): Problem | undefined {
  if (verdict === null) return undefined
  if (verdict === undefined) return internalError('no node can check the job now')
  if (verdict === 'inconclusive-not-best-prevblk' || verdict.startsWith('stale')) return staleTip(verdict)
  if (verdict === 'bad-cb-length' || verdict === 'bad-cb-height')
    return { code: 'invalid-coinbase-tx-input', field: 'coinbase_prefix', detail: verdict }
  if (verdict.startsWith('bad-cb-') || verdict.startsWith('bad-witness-'))
    return { code: 'invalid-coinbase-tx', field: 'coinbase_tx_outputs', detail: verdict }
  if (verdict.startsWith('bad-version')) return { code: 'invalid-job', field: 'version', detail: verdict }
  return badList(verdict)
}
