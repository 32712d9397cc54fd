import {
  addCoinbaseWitness,
  BIP54_COINBASE_SEQUENCE,
  buildCoinbase,
  concatBytes,
  encodeHeightPush,
  encodeOutput,
  sha256,
  sipHash24,
  sipHashKey,
  witnessCommitmentScript,
  witnessMerkleRoot,
} from '@sv2/bitcoin'
import type { CommitMiningJob, DeclareMiningJob } from '@sv2/messages'
import type { NodeTemplate } from '@sv2/roles/ground'
import { fastSha256d } from '@sv2/runtime'

/** What the jobs of the benchmark pay to. */
export const PAYOUT_SCRIPT: Uint8Array = Uint8Array.of(0, 20, ...new Uint8Array(20).fill(7))

/** A job's token and the template that it is made of. */
export interface JobPlan {
  readonly requestId: number
  readonly token: Uint8Array
  readonly template: NodeTemplate
}

/** The block of a template as a DeclareMiningJob. */
export function declarationOf({ requestId, token, template }: JobPlan): DeclareMiningJob {
  const { prefix, suffix } = buildCoinbase({
    version: 2,
    scriptSigPrefix: encodeHeightPush(template.height),
    extranonceSize: 16,
    sequence: BIP54_COINBASE_SEQUENCE,
    outputs: [{ value: template.coinbaseValue, script: PAYOUT_SCRIPT }, commitmentOutput(template)],
    locktime: template.height - 1,
  })
  const whole = addCoinbaseWitness(prefix, suffix)
  return {
    type: 'DeclareMiningJob',
    requestId,
    miningJobToken: token,
    version: template.version,
    coinbaseTxPrefix: whole.prefix,
    coinbaseTxSuffix: whole.suffix,
    wtxidList: template.transactions.map(({ wtxid }) => wtxid),
    excessData: new Uint8Array(0),
  }
}

/** The block of a template as a CommitMiningJob. */
export function commitOf({ requestId, token, template }: JobPlan): CommitMiningJob {
  const hashes = template.transactions.map(({ data }) => sha256(data))
  const nonce = Uint8Array.of(requestId, requestId >> 8, 0, 0, 0, 0, 0, 0)
  const key = sipHashKey(sha256(nonce))
  return {
    type: 'CommitMiningJob',
    requestId,
    miningJobToken: token,
    version: template.version,
    coinbaseTxVersion: 2,
    coinbasePrefix: encodeHeightPush(template.height),
    coinbaseTxInputSequence: BIP54_COINBASE_SEQUENCE,
    coinbaseTxValueRemaining: template.coinbaseValue,
    coinbaseTxOutputs: [encodeOutput(commitmentOutput(template))],
    coinbaseTxLocktime: template.height - 1,
    minExtranonceSize: 8,
    txShortHashNonce: new DataView(nonce.buffer).getBigUint64(0, true),
    txShortHashList: hashes.map((hash) => sipHash24(key, hash)),
    txHashListHash: sha256(concatBytes(...hashes)),
    excessData: new Uint8Array(0),
  }
}

function commitmentOutput({ transactions }: NodeTemplate) {
  const root = witnessMerkleRoot(
    transactions.map(({ wtxid }) => wtxid),
    fastSha256d,
  )
  return { value: 0n, script: witnessCommitmentScript(root, undefined, fastSha256d) }
}
