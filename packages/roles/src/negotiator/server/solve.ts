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
import { cutCoinbase, wholeCoinbase } from '../../custom-jobs/custom-coinbase.ts'
import type { SessionId } from '../../ground/role.ts'
import { MAX_EXTRANONCE_SIZE } from './coinbase-check.ts'
import type { SubmitJobBlock } from './facts.ts'
import type { SolvableJob } from './kept-jobs.ts'

/** Whether a solution can be of this job at all, by what both say without a hash. */
export function mayFit(
  { coinbase, extranonceSize, tip }: Pick<SolvableJob, 'coinbase' | 'extranonceSize' | 'tip'>,
  solution: PushSolution,
): boolean {
  const size = solution.extranonce.length
  const fits = extranonceSize === undefined ? size <= MAX_EXTRANONCE_SIZE : size === extranonceSize
  return (
    fits &&
    coinbase.scriptPrefix.length + size >= 2 &&
    solution.nbits === tip.nbits &&
    equalBytes(solution.prevHash, tip.prevHash)
  )
}

/** The block of a complete job that a solution solves (JDS-08); undefined when it solves another one, or none. */
export function solve(
  solvable: SolvableJob,
  { session, solution }: { readonly session: SessionId | undefined; readonly solution: PushSolution },
  sha256d: Sha256d,
): SubmitJobBlock | undefined {
  if (!mayFit(solvable, solution)) return undefined
  const { tip, merklePath } = solvable
  const { extranonce, version, ntime, nbits, nonce, prevHash } = solution
  const cut = cutCoinbase(solvable.coinbase, extranonce.length)
  const txid = sha256d(concatBytes(cut.prefix, extranonce, cut.suffix))
  const merkleRoot = merkleRootFromPath(txid, merklePath, sha256d)
  const header = encodeHeader({ version, prevHash, merkleRoot, ntime, nbits, nonce })
  const hash = sha256d(header)
  if (!meetsTarget(hash, tip.target)) return undefined
  const coinbase = wholeCoinbase(cut, extranonce, solvable.coinbase.outputs)
  const block = assembleBlock(header, [coinbase, ...solvable.transactions])
  return { kind: 'submitBlock', hash: displayHash(hash), height: tip.height, session, block }
}
