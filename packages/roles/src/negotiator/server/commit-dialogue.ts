import {
  BitcoinError,
  equalBytes,
  parseOutputs,
  sha256,
  sipHash24Into,
  sipHashKey,
  type TxOutput,
} from '@sv2/bitcoin'
import type { CommitMiningJob } from '@sv2/messages'
import { customOutputs } from '../../custom-jobs/custom-coinbase.ts'
import type { MiningJobToken } from '../../custom-jobs/token.ts'
import { MAX_EXTRANONCE_SIZE } from './coinbase-check.ts'
import { HashIndex } from './hash-index.ts'
import { HashList } from './hash-list.ts'
import type { CommitField, Problem } from './problem.ts'
import {
  type LookUpDeps,
  type Lookup,
  MAX_JOB_TRANSACTIONS,
  type Promised,
  type Proposal,
  type ProposedJob,
  type ServerDialogue,
} from './proposal.ts'
import { TransactionList } from './transaction-list.ts'
import { LOOK_UNITS, type SlicedWork } from './work.ts'

/** Short hashes of transactions that cost a unit. */
const SHORT_HASHES_PER_UNIT = 12

/** Bytes of a short hash. */
const SHORT_SIZE = 8

/** Bytes of the scriptSig in front of the extranonce that a job may commit to (JNC-05). */
const MAX_COINBASE_PREFIX_SIZE = 8

type ShortHashes = Extract<Promised, { kind: 'shortHashes' }>

/** What a CommitMiningJob proposes: the pool's outputs are added as the pool will add them. */
export function committedJob(message: CommitMiningJob, token: MiningJobToken): ProposedJob | Problem {
  const { coinbasePrefix, minExtranonceSize, txShortHashList } = message
  if (txShortHashList.length > MAX_JOB_TRANSACTIONS)
    return refusal('tx_short_hash_list', `${txShortHashList.length} transactions`)
  if (minExtranonceSize > MAX_EXTRANONCE_SIZE) return refusal('min_extranonce_size', 'more than 32 bytes')
  if (coinbasePrefix.length > MAX_COINBASE_PREFIX_SIZE)
    return refusal('coinbase_prefix', `${coinbasePrefix.length} bytes, ${MAX_COINBASE_PREFIX_SIZE} at most`)
  const outputs = readOutputs(message.coinbaseTxOutputs)
  if (outputs === undefined) return refusal('coinbase_tx_outputs', 'an item is not an output')
  return {
    requestId: message.requestId,
    token,
    version: message.version,
    coinbase: {
      version: message.coinbaseTxVersion,
      scriptPrefix: coinbasePrefix.slice(),
      sequence: message.coinbaseTxInputSequence,
      outputs: customOutputs(outputs, message.coinbaseTxValueRemaining, token.outputs),
      locktime: message.coinbaseTxLocktime,
    },
    extranonceSize: undefined,
    minExtranonceSize,
    promised: {
      kind: 'shortHashes',
      key: keyOf(message.txShortHashNonce),
      list: HashList.of(txShortHashList, SHORT_SIZE),
      listHash: message.txHashListHash.slice(),
      hashes: undefined,
    },
  }
}

/** A job is committed to by short hashes of its transactions' data (docs/wire.md O-04). */
export const commitDialogue: ServerDialogue = {
  *lookUp(proposal, deps) {
    const promised = shortHashesOf(proposal)
    return promised.hashes === undefined
      ? yield* lookUpShort(proposal, promised, deps)
      : yield* lookUpHashes(proposal, { promised, hashes: promised.hashes }, deps)
  },

  /** Without the whole hashes the hash of the list decides, when all are there. */
  isPromised(promised, place, tx) {
    const whole = promised.kind === 'shortHashes' ? promised.hashes : undefined
    return whole === undefined || whole.holds(place, tx.dataHash)
  },

  settle(proposal, { sha256: hash }) {
    const { hashes, listHash } = shortHashesOf(proposal)
    if (hashes !== undefined) return 'found'
    return equalBytes(hash(proposal.transactions.dataHashes.bytes), listHash) ? 'found' : 'identify'
  },

  accepted: (requestId, newMiningJobToken) => ({
    type: 'CommitMiningJob.Success',
    requestId,
    newMiningJobToken,
  }),

  refused: (requestId, problem) => ({
    type: 'CommitMiningJob.Error',
    requestId,
    errorCode: commitCode(problem),
    errorDetails: new TextEncoder().encode(problem.detail),
  }),

  codeOf: commitCode,
}

/** The two codes there are: a client whose job could not be checked gets another token and tries again. */
function commitCode({ code, field }: Problem): string {
  const ours = code === 'invalid-mining-job-token' || code === 'internal-error'
  return ours ? 'invalid-mining-job-token' : `invalid-job-param-value-${field}`
}

/**
 * One pass over what we know; two that answer to one short hash need the whole hashes, and so does a list of which we find
 * nothing: its maker may read the key of short hashes in another way.
 */
function* lookUpShort(
  proposal: Proposal,
  { key, list }: ShortHashes,
  { cache, indexKey }: LookUpDeps,
): SlicedWork<Lookup> {
  const places = new HashIndex(list, indexKey)
  for (let place = 0; place < list.length; place++) {
    if (!places.add(place)) return 'identify'
    yield LOOK_UNITS
  }
  const found = new TransactionList(list.length)
  proposal.transactions = found
  // 19 ms for 65,536 transactions; with a new array for each hash 64
  const halves = new Uint32Array(2)
  const short = new Uint8Array(SHORT_SIZE)
  const view = new DataView(short.buffer)
  let count = 0
  for (let slot = 0; slot < cache.slots; slot++) {
    if (slot % SHORT_HASHES_PER_UNIT === 0) yield 1
    if (!cache.transactions.has(slot)) continue
    sipHash24Into(halves, key, cache.transactions.dataHashes.at(slot))
    view.setUint32(0, halves[0]!, true)
    view.setUint32(4, halves[1]!, true)
    const place = places.find(short)
    if (place === undefined) continue
    if (found.has(place)) return 'identify'
    found.put(place, cache.transactions.at(slot)!)
    count++
  }
  return count === 0 && list.length > 0 ? 'identify' : 'found'
}

function* lookUpHashes(
  proposal: Proposal,
  { promised, hashes }: { readonly promised: ShortHashes; readonly hashes: HashList },
  { cache, indexKey, sha256: hash }: LookUpDeps,
): SlicedWork<Lookup> {
  if (hashes.length !== promised.list.length)
    return refusal(
      'tx_short_hash_list',
      `${promised.list.length} short hashes of ${hashes.length} transactions`,
    )
  if (!equalBytes(hash(hashes.bytes), promised.listHash))
    return refusal('tx_hash_list_hash', 'another list has this hash')
  // The whole hashes say more than the short ones, which were only there to save them.
  const places = new HashIndex(hashes, indexKey)
  const before = proposal.transactions
  const transactions = new TransactionList(hashes.length)
  for (let place = 0; place < hashes.length; place++) {
    if (!places.add(place)) return refusal('tx_short_hash_list', 'a transaction stands there twice')
    const whole = hashes.at(place)
    const had = before.at(place)
    const tx = had !== undefined && equalBytes(had.dataHash, whole) ? had : cache.findByDataHash(whole)
    if (tx !== undefined) transactions.put(place, tx)
    yield 2 * LOOK_UNITS
  }
  proposal.transactions = transactions
  return 'found'
}

function shortHashesOf({ job }: Proposal): ShortHashes {
  if (job.promised.kind !== 'shortHashes') throw new TypeError(`a job of ${job.promised.kind}`)
  return job.promised
}

function keyOf(nonce: bigint): ReturnType<typeof sipHashKey> {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, nonce, true)
  return sipHashKey(sha256(bytes))
}

function readOutputs(items: readonly Uint8Array[]): TxOutput[] | undefined {
  try {
    return items.flatMap((item) => parseOutputs(item.slice(), 1))
  } catch (error) {
    if (error instanceof BitcoinError) return undefined
    throw error
  }
}

function refusal(field: CommitField, detail: string): Problem {
  return { code: 'invalid-job', field, detail }
}
