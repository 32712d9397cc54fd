// @data-table
/** What an answer to submitblock, or to a proposal, means for the block. */
export type BlockAnswer =
  /** Decided: in the chain, valid and too late, or no block. */
  | { readonly kind: 'final'; readonly outcome: 'accepted' | 'lost' | 'rejected' }
  /** The node has the block, and has not made it its tip, or not yet; the tips to come tell. */
  | { readonly kind: 'taken' }
  /** The node cannot say yet: it is submitted again after a pause, and at the next tip. */
  | { readonly kind: 'again' }

const ACCEPTED: BlockAnswer = { kind: 'final', outcome: 'accepted' }
const LOST: BlockAnswer = { kind: 'final', outcome: 'lost' }
const REJECTED: BlockAnswer = { kind: 'final', outcome: 'rejected' }
const TAKEN: BlockAnswer = { kind: 'taken' }
const AGAIN: BlockAnswer = { kind: 'again' }

/** Words of BIP 22 and BIP 23, and those of Bitcoin Core 24 to 31, that are whole. */
const WORDS: Readonly<Record<string, BlockAnswer>> = {
  // BIP 22
  accepted: ACCEPTED,
  duplicate: ACCEPTED,
  'duplicate-inconclusive': TAKEN,
  'duplicate-invalid': REJECTED,
  inconclusive: TAKEN,
  'inconclusive-not-best-prevblk': AGAIN,
  'high-hash': REJECTED,
  rejected: REJECTED,
  'stale-prevblk': LOST,
  'stale-work': LOST,
  'time-invalid': REJECTED,
  'time-too-new': AGAIN,
  'time-too-old': REJECTED,
  'unknown-user': REJECTED,
  'unknown-work': REJECTED,
  // Core: the header. A block of a parent that comes later, or of a time that comes later, is as good then.
  'prev-blk-not-found': AGAIN,
  'too-little-chainwork': AGAIN,
  'time-timewarp-attack': REJECTED,
  // Core: a commitment or a script of the block
  'unexpected-witness': REJECTED,
  'block-validation-failed': REJECTED,
}

/** Families of words: `bad-…` of BIP 22 and Core, and those that carry a reason behind them. */
const FAMILIES: readonly (readonly [RegExp, BlockAnswer])[] = [
  [/^bad-/, REJECTED],
  [/^(?:block|mandatory|non-mandatory)-script-verify-flag/, REJECTED],
]

/** Errors of the call, by the node's code, that say something of the block. All others say something of the node. */
const ERRORS: Readonly<Record<number, BlockAnswer>> = {
  // RPC_DESERIALIZATION_ERROR: "Block decode failed", and "Block does not start with a coinbase" before Core 28
  [-22]: REJECTED,
}

/** What a word means; undefined for one that stands in no table, which decides nothing. */
export function answerOf(word: string): BlockAnswer | undefined {
  if (Object.hasOwn(WORDS, word)) return WORDS[word]
  return FAMILIES.find(([family]) => family.test(word))?.[1]
}

/** What an error of the call means for the block; undefined when it says nothing of the block. */
export function answerOfError(code: number | undefined): BlockAnswer | undefined {
  return code === undefined ? undefined : ERRORS[code]
}
