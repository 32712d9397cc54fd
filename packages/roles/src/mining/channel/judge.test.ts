import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { concatBytes, hex, reversed, sha256d, unhex } from '@sv2/bitcoin'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  aBook,
  aChannel,
  aJob,
  aShare,
  aStandardShare,
  aTip,
  filled,
  hashing,
  NOW,
  NTIME,
  zeroBits,
} from './_fixtures.ts'
import { CreditedHashes } from './credited-hashes.ts'
import { exactLevel } from './difficulty.ts'
import { jobMerkleRoot } from './job.ts'
import { JobBook } from './job-book.ts'
import { MAX_CREDITED_PER_JOB, type Share, ShareJudge, type Verdict } from './judge.ts'

const good = filled(0x01)
const judgeOf = (hash: Uint8Array | (() => Uint8Array) = good) => new ShareJudge(hashing(hash))
const codeOf = (verdict: Verdict) => (verdict.accepted ? 'accepted' : verdict.code)

describe('codes', () => {
  const cases: [string, Share, string][] = [
    ['a good share', aShare(), 'accepted'],
    ['an unknown job', aShare({ jobId: 99 }), 'invalid-job-id'],
    ['a short extranonce', aShare({ extranonce: filled(1, 3) }), 'bad-extranonce-size'],
    ['a standard share on an extended channel', aStandardShare(), 'bad-extranonce-size'],
    ['a version bit outside the mask', aShare({ version: 0x6000_0000 }), 'invalid-non-rollable-version-bit'],
    ['a version bit inside the mask', aShare({ version: 0x2000_2000 }), 'accepted'],
    ['a time below the floor', aShare({ ntime: NTIME - 1 }), 'invalid-share'],
    ['a time at the ceiling of two hours', aShare({ ntime: NTIME + 7200 }), 'accepted'],
    ['a time above it', aShare({ ntime: NTIME + 7201 }), 'invalid-share'],
  ]

  test.each(cases)('%s', (_, share, code) => {
    expect(codeOf(judgeOf().judge(aChannel(), share, NOW))).toBe(code)
  })

  test('a host whose clock is days behind still takes shares of the tip it was told', () => {
    const daysAgo = NOW - 3 * 86_400_000
    expect(codeOf(judgeOf().judge(aChannel(), aShare({ ntime: NTIME + 60 }), daysAgo))).toBe('accepted')
  })

  test('difficulty-too-low above the target, accepted at it', () => {
    const channel = aChannel({ level: exactLevel(good) })
    expect(codeOf(judgeOf().judge(channel, aShare(), NOW))).toBe('accepted')
    const above = good.slice()
    above[0]!++
    expect(codeOf(judgeOf(above).judge(channel, aShare(), NOW))).toBe('difficulty-too-low')
  })

  test('version-rolling-not-allowed where the job forbids it', () => {
    const book = new JobBook()
    book.addActive(aJob(1, { versionRollingAllowed: false }), aTip(), 1)
    const verdict = judgeOf().judge(aChannel({ book }), aShare({ version: 0x2000_2000 }), NOW)
    expect(codeOf(verdict)).toBe('version-rolling-not-allowed')
  })

  test('stale-share for a job of an earlier tip', () => {
    const book = aBook()
    book.addFuture(aJob(2))
    book.activate(2, aTip(), 3)
    expect(codeOf(judgeOf().judge(aChannel({ book }), aShare(), NOW))).toBe('stale-share')
  })

  test('invalid-job-id for a job that waits for its tip', () => {
    const book = aBook()
    book.addFuture(aJob(2))
    expect(codeOf(judgeOf().judge(aChannel({ book }), aShare({ jobId: 2 }), NOW))).toBe('invalid-job-id')
  })

  test('a share with an empty extranonce is fine on a standard channel', () => {
    const channel = aChannel({ kind: 'standard' })
    expect(codeOf(judgeOf().judge(channel, aShare({ extranonce: new Uint8Array(0) }), NOW))).toBe('accepted')
    expect(codeOf(judgeOf().judge(channel, aShare(), NOW))).toBe('bad-extranonce-size')
  })
})

describe('duplicates', () => {
  test('the same work twice is one share, under whatever sequence number', () => {
    const judge = judgeOf()
    const channel = aChannel()
    expect(codeOf(judge.judge(channel, aShare(), NOW))).toBe('accepted')
    expect(codeOf(judge.judge(channel, aShare({ sequenceNumber: 2 }), NOW))).toBe('duplicate-share')
  })

  test('each job has a memory of its own: other jobs are other work', () => {
    const judge = new ShareJudge(sha256d)
    const book = aBook()
    book.addActive(aJob(2), aTip(), 2)
    const channel = aChannel({ book, level: exactLevel(filled(0xff)) })
    expect(codeOf(judge.judge(channel, aShare({ jobId: 1 }), NOW))).toBe('accepted')
    expect(codeOf(judge.judge(channel, aShare({ jobId: 2 }), NOW))).toBe('accepted')
    expect(codeOf(judge.judge(channel, aShare({ jobId: 1 }), NOW))).toBe('duplicate-share')
    expect(codeOf(judge.judge(channel, aShare({ jobId: 2 }), NOW))).toBe('duplicate-share')
  })

  test('an ntime-only change keeps the memory', () => {
    const judge = new ShareJudge(sha256d)
    const channel = aChannel({ level: exactLevel(filled(0xff)) })
    judge.judge(channel, aShare(), NOW)
    expect(codeOf(judge.judge(channel, aShare({ ntime: NTIME + 1 }), NOW))).toBe('accepted')
    expect(codeOf(judge.judge(channel, aShare(), NOW))).toBe('duplicate-share')
  })

  test('a hash pays once, on whatever channel it comes', () => {
    const judge = judgeOf(zeroBits(20))
    const [one, other] = [aChannel(), aChannel({ id: 2, book: aBook() })]
    expect(codeOf(judge.judge(one, aShare(), NOW))).toBe('accepted')
    expect(codeOf(judge.judge(other, aShare(), NOW))).toBe('duplicate-share')
  })

  test('where nobody can say whether a hash was paid it is not paid, and a block is passed on', () => {
    const hashes = new CreditedHashes(1)
    const channel = aChannel()
    const judge = (hash: Uint8Array) => new ShareJudge(hashing(hash), hashes).judge(channel, aShare(), NOW)
    expect(codeOf(judge(zeroBits(20)))).toBe('accepted')
    expect(codeOf(judge(zeroBits(21).fill(1, 0, 8)))).toBe('invalid-share')
    expect(judge(filled(0))).toMatchObject({ isBlock: true, level: { difficulty: 0 } })
  })

  test('a block is checked for duplicates like any share', () => {
    const judge = judgeOf(filled(0))
    const channel = aChannel()
    expect(judge.judge(channel, aShare(), NOW)).toMatchObject({ accepted: true, isBlock: true })
    expect(codeOf(judge.judge(channel, aShare(), NOW))).toBe('duplicate-share')
  })

  test('the memory of one job has an end', () => {
    let unique = 0
    const judge = judgeOf(() => {
      const hash = filled(0)
      new DataView(hash.buffer).setUint32(0, unique++)
      hash[31] = isBlock ? 0 : 1
      return hash
    })
    let isBlock = false
    const channel = aChannel()
    for (let share = 0; share < MAX_CREDITED_PER_JOB; share++) judge.judge(channel, aShare(), NOW)
    expect(codeOf(judge.judge(channel, aShare(), NOW))).toBe('invalid-share')
    // a block is not lost by that
    isBlock = true
    expect(judge.judge(channel, aShare(), NOW)).toMatchObject({ isBlock: true, level: { difficulty: 0 } })
    isBlock = false
    // and is dropped with the tip
    const book = channel.book.root
    book.addFuture(aJob(2))
    book.activate(2, aTip(), 3)
    expect(codeOf(judge.judge(channel, aShare({ jobId: 2 }), NOW))).toBe('accepted')
  })
})

describe('levels', () => {
  const easy = exactLevel(zeroBits(4))
  const hard = exactLevel(zeroBits(12))
  const between = zeroBits(8)

  test('a job is judged by the target it was given with', () => {
    const book = aBook()
    const channel = aChannel({ book, level: easy })
    channel.setLevel(hard, 5)
    book.addActive(aJob(6), aTip(), 6)
    expect(judgeOf(between).judge(channel, aShare({ jobId: 1 }), NOW)).toMatchObject({ level: easy })
    expect(codeOf(judgeOf(between).judge(channel, aShare({ jobId: 6 }), NOW))).toBe('difficulty-too-low')
  })

  test('an easier target asked for since changes nothing for the jobs before: what it is worth is known by then', () => {
    const channel = aChannel({ level: hard })
    channel.setLevel(easy, 5)
    expect(codeOf(judgeOf(between).judge(channel, aShare(), NOW))).toBe('difficulty-too-low')
    const better = zeroBits(13).fill(1, 0, 8)
    expect(judgeOf(better).judge(channel, aShare({ nonce: 1 }), NOW)).toMatchObject({ level: hard })
  })

  test('a job whose level is forgotten is dead, and the ones after it are not', () => {
    const book = aBook()
    const channel = aChannel({ book, level: hard })
    for (let change = 0; change < 33; change++) channel.setLevel(change % 2 === 0 ? easy : hard, 10 + change)
    expect(codeOf(judgeOf(zeroBits(20)).judge(channel, aShare(), NOW))).toBe('stale-share')
    book.addActive(aJob(99, { order: 99 }), aTip(), 99)
    expect(codeOf(judgeOf(zeroBits(20)).judge(channel, aShare({ jobId: 99 }), NOW))).toBe('accepted')
  })

  test('a job whose prefix is forgotten is dead', () => {
    const channel = aChannel()
    for (let change = 0; change < 33; change++) channel.setPrefix(Uint8Array.of(1, change), 10 + change)
    expect(codeOf(judgeOf(zeroBits(20)).judge(channel, aShare(), NOW))).toBe('stale-share')
  })

  test('a target changed before a future job became active holds for it', () => {
    const book = aBook()
    book.addFuture(aJob(2))
    const channel = aChannel({ book, level: easy })
    channel.setLevel(hard, 3)
    book.activate(2, aTip(), 4)
    expect(codeOf(judgeOf(between).judge(channel, aShare({ jobId: 2 }), NOW))).toBe('difficulty-too-low')
  })

  test('a future job whose target changed on the way earns the easier level, by hashes of the harder', () => {
    const book = aBook()
    book.addFuture(aJob(2))
    const channel = aChannel({ book, level: hard })
    channel.setLevel(easy, 3)
    book.activate(2, aTip(), 4)
    expect(codeOf(judgeOf(between).judge(channel, aShare({ jobId: 2 }), NOW))).toBe('difficulty-too-low')
    expect(judgeOf(zeroBits(12)).judge(channel, aShare({ jobId: 2 }), NOW)).toMatchObject({ level: easy })
  })

  test('a block counts although the channel’s target is harder, and earns nothing as a share', () => {
    const book = aBook(aTip({ networkTarget: zeroBits(6) }))
    const verdict = judgeOf(between).judge(aChannel({ book, level: hard }), aShare(), NOW)
    expect(verdict).toMatchObject({ isBlock: true, level: { difficulty: 0 } })
  })
})

test('a prefix changed in the middle of a job holds for later jobs alone', () => {
  const roots: string[] = []
  const judge = new ShareJudge((data) => {
    if (data.length === 80) roots.push(hex(data.subarray(36, 68)))
    return sha256d(data)
  })
  const book = aBook()
  const channel = aChannel({ book, kind: 'standard' })
  judge.judge(channel, aStandardShare(), NOW)
  channel.setPrefix(Uint8Array.of(1, 1), 5)
  judge.judge(channel, aStandardShare({ nonce: 1 }), NOW)
  book.addActive(aJob(6, { coinbaseTxPrefix: aJob(1).coinbaseTxPrefix }), aTip(), 6)
  judge.judge(channel, aStandardShare({ jobId: 6 }), NOW)
  expect(roots[1]).toBe(roots[0])
  expect(roots[2]).not.toBe(roots[0])
})

describe('a root that is kept', () => {
  /** Of the header that was hashed last, and of how many coinbases. */
  function watched() {
    const seen = { root: '', coinbases: 0 }
    const judge = new ShareJudge((data) => {
      if (data.length === 80) seen.root = hex(data.subarray(36, 68))
      else seen.coinbases++
      return sha256d(data)
    })
    return { judge, seen }
  }

  test('is computed once for an extranonce that stays while nonces and versions change', () => {
    const { judge, seen } = watched()
    const channel = aChannel()
    for (let nonce = 0; nonce < 5; nonce++)
      judge.judge(channel, aShare({ nonce, version: 0x2000_0000 + nonce * 0x2000 }), NOW)
    expect(seen.coinbases).toBe(1)
  })

  test('is that of the share’s own job, prefix and extranonce, whatever came before', () => {
    const step = fc.record({
      jobId: fc.integer({ min: 1, max: 3 }),
      extranonce: fc.constantFrom(filled(7, 4), filled(8, 4), Uint8Array.of(7, 7, 7, 8)),
      channel: fc.constantFrom(0, 1),
      before: fc.constantFrom('nothing', 'prefix', 'job with the same id', 'bytes'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { judge, seen } = watched()
        const book = aBook()
        let order = 4
        for (const jobId of [2, 3]) book.addActive(aJob(jobId), aTip(), jobId)
        const channels = [aChannel({ book }), aChannel({ book, id: 2, prefix: Uint8Array.of(3, 3) })]
        for (const { jobId, extranonce, channel: at, before } of steps) {
          order++
          const channel = channels[at]!
          const bytes = extranonce.slice()
          if (before === 'prefix') channel.setPrefix(Uint8Array.of(order, 1), order)
          if (before === 'job with the same id')
            book.addActive(aJob(jobId, { order, coinbaseTxSuffix: filled(order, 20) }), aTip(), order)
          const job = channel.live(jobId)
          judge.judge(channel, aShare({ jobId, extranonce: bytes }), NOW)
          // what a share is made of belongs to a chunk that is written over
          if (before === 'bytes') bytes.fill(8)
          if (job === undefined) continue
          const prefix = channel.prefixAt(job.order)!
          expect(seen.root).toBe(hex(jobMerkleRoot(job, concatBytes(prefix, extranonce), sha256d)))
        }
      }),
    )
  })
})

const vectorFile = join(import.meta.dirname, '../../../../../../shared/vectors/sv2-jobs-current.json')

describe.runIf(existsSync(vectorFile))('the public vectors', () => {
  interface Vector {
    readonly id: string
    readonly channel: 'standard' | 'extended'
    readonly job_version: number
    readonly version_rolling_allowed: boolean
    readonly min_ntime: number
    readonly prev_hash: string
    readonly nbits: string
    readonly network_target: string
    readonly extranonce_prefix?: string
    readonly share: { nonce: number; ntime: number; version: number; extranonce?: string }
    readonly coinbase_tx_prefix?: string
    readonly coinbase_tx_suffix?: string
    readonly merkle_path?: readonly string[]
    readonly merkle_root: string
    readonly hash: string
    readonly expected: string
    readonly channel_target?: string
  }

  const { shares } = existsSync(vectorFile)
    ? (JSON.parse(readFileSync(vectorFile, 'utf8')) as { shares: Vector[] })
    : { shares: [] }

  const CODES: Readonly<Record<string, string>> = {
    'block-found': 'block',
    valid: 'accepted',
    accepted: 'accepted',
    'invalid: ntime below min_ntime': 'invalid-share',
  }

  /** Hashes as SRI's channels do; a standard job's root, which comes without a coinbase, is put in its place. */
  function judgeFor(vector: Vector): ShareJudge {
    if (vector.coinbase_tx_prefix !== undefined) return new ShareJudge(sha256d)
    return new ShareJudge((data) => (data.length === 80 ? sha256d(data) : unhex(vector.merkle_root)))
  }

  test.each(shares.map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
    const book = new JobBook()
    const tip = aTip({
      prevHash: unhex(vector.prev_hash),
      minNtime: vector.min_ntime,
      nbits: Number.parseInt(vector.nbits, 16),
      networkTarget: reversed(unhex(vector.network_target)),
    })
    const parts = {
      coinbaseTxPrefix: unhex(vector.coinbase_tx_prefix ?? ''),
      coinbaseTxSuffix: unhex(vector.coinbase_tx_suffix ?? ''),
      merklePath: (vector.merkle_path ?? []).map(unhex),
      version: vector.job_version,
      versionRollingAllowed: vector.version_rolling_allowed,
    }
    book.addActive(aJob(1, parts), tip, 1)
    const extranonce = unhex(vector.share.extranonce ?? '')
    const channel = aChannel({
      book,
      kind: vector.channel,
      prefix: unhex(vector.extranonce_prefix ?? ''),
      extranonceSize: extranonce.length,
      versionMask: 0x1fff_ffe0,
      level: exactLevel(reversed(unhex(vector.channel_target ?? 'ff'.repeat(32)))),
    })
    const { nonce, ntime, version } = vector.share
    const fields = { nonce, ntime, version }
    const share = vector.channel === 'extended' ? aShare({ ...fields, extranonce }) : aStandardShare(fields)
    const verdict = judgeFor(vector).judge(channel, share, ntime * 1000)
    const expected = CODES[vector.expected] ?? vector.expected
    if (!verdict.accepted) return expect(verdict.code).toBe(expected)
    expect(hex(reversed(verdict.hash))).toBe(vector.hash)
    expect(expected).toBe(verdict.isBlock && expected === 'block' ? 'block' : 'accepted')
  })
})

if (!existsSync(vectorFile)) test.skip('the public vectors are not here: ../shared/vectors is missing')
