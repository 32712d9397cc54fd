import {
  BitcoinError,
  concatBytes,
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
import { hashKey } from './hash-key.ts'
import type { CommitField, Problem } from './problem.ts'
import {
  type Dialogue,
  type Job,
  type LookUpDeps,
  type Lookup,
  MAX_JOB_TRANSACTIONS,
  type Promised,
  type Proposal,
} from './proposal.ts'
import type { TransactionCache } from './transaction-cache.ts'
import { LOOK_UNITS, type Work } from './work.ts'

/** Short hashes of transactions that cost a unit. */
const SHORT_HASHES_PER_UNIT = 12

/** Bytes of the scriptSig in front of the extranonce that a job may commit to (JNC-05). */
const MAX_COINBASE_PREFIX_SIZE = 8

type ShortHashes = Extract<Promised, { kind: 'shortHashes' }>

/** What a CommitMiningJob proposes: the pool's outputs are added as the pool will add them. */
export function committedJob(message: CommitMiningJob, token: MiningJobToken): Job | Problem {
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
      list: txShortHashList.map((short) => short.slice()),
      listHash: message.txHashListHash.slice(),
      hashes: undefined,
    },
  }
}

/** A job is committed to by short hashes of its transactions' data (docs/wire.md O-04). */
export const commitDialogue: Dialogue = {
  *lookUp(proposal, deps) {
    const promised = shortHashesOf(proposal)
    return promised.hashes === undefined
      ? yield* lookUpShort(proposal, promised, deps.cache)
      : yield* lookUpHashes(proposal, { promised, hashes: promised.hashes }, deps)
  },

  /** Without the whole hashes the hash of the list decides, when all are there. */
  isPromised(promised, place, tx) {
    const whole = promised.kind === 'shortHashes' ? promised.hashes?.[place] : undefined
    return whole === undefined || equalBytes(whole, tx.dataHash)
  },

  settle(proposal, { sha256: hash }) {
    const { hashes, listHash } = shortHashesOf(proposal)
    if (hashes !== undefined) return 'found'
    const found = proposal.transactions.flatMap((tx) => (tx === undefined ? [] : [tx.dataHash]))
    return equalBytes(hash(concatBytes(...found)), listHash) ? 'found' : 'identify'
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
function* lookUpShort(proposal: Proposal, promised: ShortHashes, cache: TransactionCache): Work<Lookup> {
  const places = new Map<number, number>()
  for (const [place, short] of promised.list.entries()) {
    places.set(numberOf(half(short, 0), half(short, 4)), place)
    yield LOOK_UNITS
  }
  if (places.size < promised.list.length) return 'identify'
  const transactions = promised.list.map((): Proposal['transactions'][number] => undefined)
  proposal.transactions = transactions
  // 19 ms for 65,536 transactions; with a new array for each hash 64
  const halves = new Uint32Array(2)
  let found = 0
  for (const [n, tx] of cache.all().entries()) {
    if (n % SHORT_HASHES_PER_UNIT === 0) yield 1
    sipHash24Into(halves, promised.key, tx.dataHash)
    const place = places.get(numberOf(halves[0]!, halves[1]!))
    if (place === undefined || !isShort(promised.list[place]!, halves)) continue
    if (transactions[place] !== undefined) return 'identify'
    transactions[place] = tx
    found++
  }
  return found === 0 && promised.list.length > 0 ? 'identify' : 'found'
}

/** 48 bits of a short hash: a number is looked up without making a text of each transaction that we know. */
function numberOf(low: number, high: number): number {
  return (high & 0xffff) * 0x1_0000_0000 + low
}

/** Half of a short hash, little-endian. */
function half(short: Uint8Array, at: 0 | 4): number {
  return (short[at]! | (short[at + 1]! << 8) | (short[at + 2]! << 16) | (short[at + 3]! << 24)) >>> 0
}

function isShort(short: Uint8Array, halves: Uint32Array): boolean {
  return half(short, 0) === halves[0] && half(short, 4) === halves[1]
}

function* lookUpHashes(
  proposal: Proposal,
  { promised, hashes }: { readonly promised: ShortHashes; readonly hashes: readonly Uint8Array[] },
  { cache, sha256: hash }: LookUpDeps,
): Work<Lookup> {
  if (hashes.length !== promised.list.length)
    return refusal(
      'tx_short_hash_list',
      `${promised.list.length} short hashes of ${hashes.length} transactions`,
    )
  if (!equalBytes(hash(concatBytes(...hashes)), promised.listHash))
    return refusal('tx_hash_list_hash', 'another list has this hash')
  // The whole hashes say more than the short ones, which were only there to save them.
  const places = new Set<string>()
  const before = proposal.transactions
  const transactions: Proposal['transactions'] = []
  for (const [place, whole] of hashes.entries()) {
    places.add(hashKey(whole))
    const had = before[place]
    transactions.push(
      had !== undefined && equalBytes(had.dataHash, whole) ? had : cache.findByDataHash(whole),
    )
    yield 2 * LOOK_UNITS
  }
  if (places.size < hashes.length) return refusal('tx_short_hash_list', 'a transaction stands there twice')
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
