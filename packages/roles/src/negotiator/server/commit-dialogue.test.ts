import { concatBytes, encodeTransaction, sha256, sha256d, sipHash24, sipHashKey } from '@sv2/bitcoin'
import { expect, test } from 'vitest'
import { commitDialogue } from './commit-dialogue.ts'
import { HashList } from './hash-list.ts'
import { type KnownTransaction, knownTransaction } from './known-transaction.ts'
import type { Promised, Proposal } from './proposal.ts'
import { TransactionCache } from './transaction-cache.ts'
import { TransactionList } from './transaction-list.ts'
import type { SlicedWork } from './work.ts'

const key = sipHashKey(new Uint8Array(16))
const txs = [1, 2, 3].map(
  (locktime) =>
    knownTransaction(
      encodeTransaction({
        version: 2,
        inputs: [
          {
            prevTxid: new Uint8Array(32),
            prevIndex: 0,
            scriptSig: new Uint8Array(0),
            sequence: 0,
            witness: [],
          },
        ],
        outputs: [{ value: 1n, script: Uint8Array.of(0x51) }],
        locktime,
      }),
      { sha256d, sha256 },
    )!,
)
const hashes = txs.map(({ dataHash }) => dataHash)
const promised = (whole: readonly Uint8Array[] | undefined): Promised => ({
  kind: 'shortHashes',
  key,
  list: HashList.of(
    hashes.map((hash) => sipHash24(key, hash)),
    8,
  ),
  listHash: sha256(concatBytes(...hashes)),
  hashes: whole && HashList.of(whole),
})

function listOf(transactions: readonly KnownTransaction[]): TransactionList {
  const list = new TransactionList(transactions.length)
  for (const [place, tx] of transactions.entries()) list.put(place, tx)
  return list
}

/** What work comes to, all slices at once. */
function done<T>(work: SlicedWork<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

function lookUp(whole: readonly Uint8Array[] | undefined) {
  const cache = new TransactionCache({ bytes: 10_000, transactions: 10 }, key)
  for (const tx of txs.slice(0, 2)) cache.add(tx)
  const proposal = {
    job: { promised: promised(whole) },
    transactions: new TransactionList(0),
  } as unknown as Proposal
  return { outcome: done(commitDialogue.lookUp(proposal, { cache, sha256, indexKey: key })), proposal }
}

test.each([undefined, hashes])('what we know is found by short hashes and by whole ones', (whole) => {
  const { outcome, proposal } = lookUp(whole)
  expect(outcome).toBe('found')
  expect([0, 1, 2].map((place) => proposal.transactions.at(place))).toEqual([txs[0], txs[1], undefined])
  proposal.transactions = listOf(txs)
  expect(commitDialogue.settle(proposal, { sha256 })).toBe('found')
})

test('a list that is complete and has another hash needs the whole hashes', () => {
  const { proposal } = lookUp(undefined)
  proposal.transactions = listOf([txs[0]!, txs[2]!, txs[1]!])
  expect(commitDialogue.settle(proposal, { sha256 })).toBe('identify')
})

test.each([
  ['tx_short_hash_list', hashes.slice(1)],
  ['tx_hash_list_hash', hashes.toReversed()],
])('whole hashes that do not fit are refused by %s', (field, whole) => {
  expect(lookUp(whole).outcome).toMatchObject({ field })
})
