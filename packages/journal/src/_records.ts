import fc from 'fast-check'
import type { JournalRecord } from './records.ts'

const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })
const u32 = fc.nat({ max: 2 ** 32 - 1 })
const time = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const u128 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n })
const name = fc.string({ unit: 'grapheme', maxLength: 20 })
const script = fc.uint8Array({ maxLength: 60 })

/** Any record of a journal. */
export const anyRecord: fc.Arbitrary<JournalRecord> = fc.oneof(
  fc.record({ kind: fc.constant('account' as const), account: u32, name, script }),
  fc.record({ kind: fc.constant('worker' as const), worker: u32, name }),
  fc.record({
    kind: fc.constant('job' as const),
    job: u32,
    time,
    distributionId: u64,
    isOwn: fc.boolean(),
    value: u64,
    coinbasePrefix: fc.uint8Array({ maxLength: 142 }),
    coinbaseSuffix: fc.uint8Array({ maxLength: 300 }),
    merklePath: fc.array(bytes(32), { maxLength: 13 }),
  }),
  fc.record({
    kind: fc.constant('share' as const),
    time,
    job: u32,
    account: u32,
    worker: u32,
    work: u128,
    networkWork: u128,
    rewardToPool: u64,
    rewardTotal: u64,
    distributionId: u64,
    header: bytes(80),
    extranonce: fc.uint8Array({ maxLength: 32 }),
  }),
  fc.record({ kind: fc.constant('tip' as const), time, height: u32, prevHash: bytes(32), nbits: u32 }),
  fc.record({
    kind: fc.constant('block' as const),
    time,
    height: u32,
    hash: bytes(32),
    account: u32,
    worker: u32,
    distributionId: u64,
    coinbase: fc.uint8Array({ maxLength: 300 }),
    header: bytes(80),
    source: fc.constantFrom('share' as const, 'chain' as const),
  }),
  fc.record({
    kind: fc.constant('address' as const),
    time,
    name,
    script: fc.uint8Array({ maxLength: 40 }),
    signedAt: time,
    signatures: fc.array(name, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('terms' as const), time, terms: name }),
  fc.record({ kind: fc.constant('chain' as const), time, hash: bytes(32), confirmations: u32 }),
  fc.record({
    kind: fc.constant('payment' as const),
    time,
    txid: bytes(32),
    paid: fc.array(fc.record({ account: u32, value: u64 }), { maxLength: 5 }),
  }),
)
