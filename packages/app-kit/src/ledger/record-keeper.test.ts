import type { JournalRecord } from '@sv2/journal'
import { encodeFrame, readFrame } from '@sv2/journal'
import type { ProvenShare } from '@sv2/roles/pool'
import { expect, test } from 'vitest'
import { RecordKeeper } from './record-keeper.ts'

function aKeeper() {
  const records: JournalRecord[] = []
  const accountsOfShares: number[] = []
  const keeper = new RecordKeeper({
    // as the journal holds it
    append: (record) => records.push(readFrame(encodeFrame({ sequence: 0, record }), 0).record),
    appendShare: (share) => accountsOfShares.push(share.account),
    scriptOf: () => new Uint8Array(0),
    now: () => 1,
  })
  return { keeper, records, accountsOfShares }
}

const job = {
  coinbaseTxPrefix: new Uint8Array(60),
  coinbaseTxSuffix: new Uint8Array(60),
  merklePath: [],
} as unknown as ProvenShare['job']
const shareOf = (user: string, worker = ''): ProvenShare => ({
  user,
  worker,
  job,
  tip: { prevHash: new Uint8Array(32), nbits: 0x1d00ffff } as ProvenShare['tip'],
  level: { difficulty: 1, target: new Uint8Array(32).fill(1) },
  extranonce: new Uint8Array(8),
  version: 0,
  merkleRoot: new Uint8Array(32),
  ntime: 0,
  nonce: 0,
})

test.each([
  ['of 255 bytes', 'a'.repeat(255)],
  ['of 255 bytes that are not UTF-8', '\udc80'.repeat(255)],
  ['with control characters', 'a\u0000\u0007\n\r\u001b[31m'],
  ['that is HTML', '<img src=x onerror=alert(1)>'],
  ['with half of a surrogate pair', 'a\ud800b'],
  ['that begins with a byte order mark', '\ufeffa'],
  ['that is empty', ''],
  ['of Object', '__proto__'],
])('an account and a worker with a name %s are recorded, and are one account each', (_, name) => {
  const { keeper, records, accountsOfShares } = aKeeper()
  for (let n = 0; n < 2; n++) keeper.record({ kind: 'recordShare', share: shareOf(name, name) })
  keeper.record({ kind: 'recordShare', share: shareOf('somebody else') })
  expect(accountsOfShares).toEqual([1, 1, 2])
  expect(records.map(({ kind }) => kind)).toEqual([
    'job',
    'account',
    ...(name === '' ? [] : ['worker']),
    'account',
  ])
})

test('names that differ in what is cut off, or in bytes that are not text, are told from each other', () => {
  const { keeper, records } = aKeeper()
  const names = [`${'a'.repeat(300)}1`, `${'a'.repeat(300)}2`, 'b\udc80', 'b\udc81', 'b\ufffd']
  for (const name of names) keeper.record({ kind: 'recordShare', share: shareOf(name) })
  const recorded = records.flatMap((record) => (record.kind === 'account' ? [record.name] : []))
  expect(new Set(recorded).size).toBe(names.length)
  for (const name of recorded) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
})
