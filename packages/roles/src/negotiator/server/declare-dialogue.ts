import type { DeclareMiningJob } from '@sv2/messages'
import type { MiningJobToken } from '../../custom-jobs/token.ts'
import { readCutCoinbase } from './coinbase-check.ts'
import { HashIndex } from './hash-index.ts'
import { HashList } from './hash-list.ts'
import { badList, type Problem } from './problem.ts'
import { MAX_JOB_TRANSACTIONS, type ProposedJob, type ServerDialogue } from './proposal.ts'
import { TransactionList } from './transaction-list.ts'
import { LOOK_UNITS } from './work.ts'

/** What a DeclareMiningJob proposes. */
export function declaredJob(message: DeclareMiningJob, token: MiningJobToken): ProposedJob | Problem {
  const count = message.wtxidList.length
  if (count > MAX_JOB_TRANSACTIONS) return badList(`${count} transactions`)
  const cut = readCutCoinbase(message.coinbaseTxPrefix, message.coinbaseTxSuffix)
  if ('code' in cut) return cut
  return {
    requestId: message.requestId,
    token,
    version: message.version,
    ...cut,
    distributionId: message.distributionId,
    minExtranonceSize: 0,
    promised: { kind: 'wtxids', list: HashList.of(message.wtxidList) },
  }
}

/** A job is declared by the list of its wtxids. */
export const declareDialogue: ServerDialogue = {
  *lookUp(proposal, { cache, indexKey }) {
    const { list } = proposal.job.promised
    const places = new HashIndex(list, indexKey)
    const found = new TransactionList(list.length)
    for (let place = 0; place < list.length; place++) {
      if (!places.add(place)) return badList('a transaction stands there twice')
      const tx = cache.find(list.at(place))
      if (tx !== undefined) found.put(place, tx)
      yield 2 * LOOK_UNITS
    }
    proposal.transactions = found
    return 'found'
  },

  isPromised: ({ list }, place, tx) => list.holds(place, tx.wtxid),

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
