import { expect, test } from 'vitest'
import { answerOf } from './block-answers.ts'

test.each([
  // BIP 22
  { word: 'duplicate', kind: 'final', outcome: 'accepted' },
  { word: 'duplicate-invalid', kind: 'final', outcome: 'rejected' },
  { word: 'duplicate-inconclusive', kind: 'taken' },
  { word: 'inconclusive', kind: 'taken' },
  { word: 'rejected', kind: 'final', outcome: 'rejected' },
  { word: 'stale-prevblk', kind: 'final', outcome: 'lost' },
  { word: 'stale-work', kind: 'final', outcome: 'lost' },
  { word: 'time-invalid', kind: 'final', outcome: 'rejected' },
  { word: 'bad-cb-prefix', kind: 'final', outcome: 'rejected' },
  // a proposal
  { word: 'inconclusive-not-best-prevblk', kind: 'again' },
  // Bitcoin Core 24 to 31
  { word: 'prev-blk-not-found', kind: 'again' },
  { word: 'time-too-new', kind: 'again' },
  { word: 'too-little-chainwork', kind: 'again' },
  { word: 'time-too-old', kind: 'final', outcome: 'rejected' },
  { word: 'time-timewarp-attack', kind: 'final', outcome: 'rejected' },
  { word: 'high-hash', kind: 'final', outcome: 'rejected' },
  { word: 'bad-prevblk', kind: 'final', outcome: 'rejected' },
  { word: 'bad-diffbits', kind: 'final', outcome: 'rejected' },
  { word: 'bad-version(0x00000001)', kind: 'final', outcome: 'rejected' },
  { word: 'bad-signet-blksig', kind: 'final', outcome: 'rejected' },
  { word: 'bad-fork-prior-to-checkpoint', kind: 'final', outcome: 'rejected' },
  { word: 'bad-txns-BIP30', kind: 'final', outcome: 'rejected' },
  { word: 'unexpected-witness', kind: 'final', outcome: 'rejected' },
  { word: 'block-validation-failed', kind: 'final', outcome: 'rejected' },
  {
    word: 'mandatory-script-verify-flag-failed (Signature must be zero)',
    kind: 'final',
    outcome: 'rejected',
  },
  { word: 'block-script-verify-flag-failed (OP_RETURN was encountered)', kind: 'final', outcome: 'rejected' },
])('the answer $word is $kind', ({ word, ...wanted }) => {
  expect(answerOf(word)).toEqual(wanted)
})

test.each(['', 'toString', 'valid?', 'a word of a node to come'])(
  'the answer "%s" decides nothing',
  (word) => {
    expect(answerOf(word)).toBeUndefined()
  },
)
