import {
  assembleBlock,
  concatBytes,
  displayHash,
  encodeHeader,
  equalBytes,
  meetsTarget,
  merkleRootFromPath,
  type Sha256d,
} from '@sv2/bitcoin'
import type { PushSolution } from '@sv2/messages'
import type { SessionId } from '../../role.ts'
import { cutCoinbase, wholeCoinbase } from '../custom-coinbase.ts'
import { MAX_EXTRANONCE_SIZE } from './coinbase-check.ts'
import type { SubmitJobBlock } from './facts.ts'
import { completeList, type Proposal } from './proposal.ts'

/** Whether a solution can be of this job at all, by what both say without a hash. */
export function mayFit({ job, tip }: Proposal, solution: PushSolution): boolean {
  const size = solution.extranonce.length
  const fits = job.extranonceSize === undefined ? size <= MAX_EXTRANONCE_SIZE : size === job.extranonceSize
  return (
    fits &&
    job.coinbase.scriptPrefix.length + size >= 2 &&
    solution.nbits === tip.nbits &&
    equalBytes(solution.prevHash, tip.prevHash)
  )
}

/** The block of a complete job that a solution solves (JDS-08); undefined when it solves another one, or none. */
export function solve(
  proposal: Proposal,
  { session, solution }: { readonly session: SessionId | undefined; readonly solution: PushSolution },
  sha256d: Sha256d,
): SubmitJobBlock | undefined {
  if (!mayFit(proposal, solution)) return undefined
  const { job, tip, merklePath } = proposal
  const { extranonce, version, ntime, nbits, nonce, prevHash } = solution
  const cut = cutCoinbase(job.coinbase, extranonce.length)
  const txid = sha256d(concatBytes(cut.prefix, extranonce, cut.suffix))
  const merkleRoot = merkleRootFromPath(txid, merklePath, sha256d)
  const header = encodeHeader({ version, prevHash, merkleRoot, ntime, nbits, nonce })
  const hash = sha256d(header)
  if (!meetsTarget(hash, tip.target)) return undefined
  const coinbase = wholeCoinbase(cut, extranonce, job.coinbase.outputs)
  const block = assembleBlock(header, [coinbase, ...completeList(proposal).map(({ data }) => data)])
  return { kind: 'submitBlock', hash: displayHash(hash), height: tip.height, session, block }
}
