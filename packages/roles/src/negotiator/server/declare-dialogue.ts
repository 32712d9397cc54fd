import { equalBytes } from '@sv2/bitcoin'
import type { DeclareMiningJob } from '@sv2/messages'
import type { MiningJobToken } from '../../custom-jobs/token.ts'
import { readCutCoinbase } from './coinbase-check.ts'
import { hashKey } from './hash-key.ts'
import { badList, type Problem } from './problem.ts'
import { type Dialogue, type Job, MAX_JOB_TRANSACTIONS, type Proposal } from './proposal.ts'
import { LOOK_UNITS } from './work.ts'

/** What a DeclareMiningJob proposes. */
export function declaredJob(message: DeclareMiningJob, token: MiningJobToken): Job | Problem {
  const count = message.wtxidList.length
  if (count > MAX_JOB_TRANSACTIONS) return badList(`${count} transactions`)
  const cut = readCutCoinbase(message.coinbaseTxPrefix, message.coinbaseTxSuffix)
  if ('code' in cut) return cut
  return {
    requestId: message.requestId,
    token,
    version: message.version,
    ...cut,
    minExtranonceSize: 0,
    promised: { kind: 'wtxids', list: message.wtxidList.map((wtxid) => wtxid.slice()) },
  }
}

/** A job is declared by the list of its wtxids. */
export const declareDialogue: Dialogue = {
  *lookUp(proposal, { cache }) {
    const { list } = proposal.job.promised
    const places = new Set<string>()
    const found: Proposal['transactions'] = []
    for (const wtxid of list) {
      places.add(hashKey(wtxid))
      found.push(cache.find(wtxid))
      yield 2 * LOOK_UNITS
    }
    if (places.size < list.length) return badList('a transaction stands there twice')
    proposal.transactions = found
    return 'found'
  },

  isPromised: ({ list }, place, tx) => equalBytes(list[place]!, tx.wtxid),

  settle: () => 'found',

  accepted: (requestId, newMiningJobToken) => ({
    type: 'DeclareMiningJob.Success',
    requestId,
    newMiningJobToken,
  }),

  refused: (requestId, { code, detail }) => ({
    type: 'DeclareMiningJob.Error',
    requestId,
    errorCode: code,
    errorDetails: new TextEncoder().encode(detail),
  }),

  codeOf: ({ code }) => code,
}
