import { coinbaseRoots, hex, type Sha256d, sha256d } from '@sv2/bitcoin'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aBook, aChannel, aJob, aShare, aTip, NOW, zeroBits } from './_fixtures.ts'
import { exactLevel } from './difficulty.ts'
import { ShareJudge } from './judge.ts'

describe('shares that are foreseen', () => {
  interface Step {
    readonly channel: number
    readonly jobId: number
    readonly extranonce: Uint8Array
    readonly nonce: number
    readonly prefixChanges: boolean
  }

  const step: fc.Arbitrary<Step> = fc.record({
    channel: fc.nat({ max: 2 }),
    jobId: fc.constantFrom(1, 1, 1, 2, 3, 9),
    extranonce: fc.uint8Array({ minLength: 3, maxLength: 4, max: 1 }),
    nonce: fc.nat({ max: 3 }),
    prefixChanges: fc.boolean(),
  })

  /** Two channels and a standard one on jobs 1 to 3, of which 3 waits for its tip; runs of shares as a session reads them. */
  function verdicts(runs: readonly (readonly Step[])[], foresees: boolean) {
    const together: number[] = []
    const hash: Sha256d = Object.assign((data: Uint8Array) => sha256d(data), {
      coinbaseRoots: (...[work, extranonces]: Parameters<NonNullable<Sha256d['coinbaseRoots']>>) => {
        together.push(extranonces.length)
        return coinbaseRoots(work, extranonces, sha256d)
      },
    })
    const book = aBook()
    book.addActive(aJob(2), aTip(), 2)
    book.addFuture(aJob(3))
    const level = exactLevel(zeroBits(0))
    const channels = [
      aChannel({ book, level }),
      aChannel({ book, level, prefix: Uint8Array.of(8, 8) }),
      aChannel({ book, level, kind: 'standard' }),
    ]
    const judge = new ShareJudge(hash)
    const found: unknown[] = []
    for (const run of runs) {
      const shares = run.map(({ channel, jobId, extranonce, nonce }) => ({
        channel: channels[channel]!,
        share: aShare({ jobId, extranonce, nonce }),
      }))
      if (foresees) judge.foresee(shares)
      for (const [n, { channel, share }] of shares.entries()) {
        if (run[n]!.prefixChanges) channel.setPrefix(Uint8Array.of(7, run[n]!.nonce), 1)
        const verdict = judge.judge(channel, share, NOW)
        found.push(verdict.accepted ? [hex(verdict.hash), hex(verdict.merkleRoot)] : verdict.code)
      }
    }
    return { found, together }
  }

  test('are judged as if they had not been', () => {
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 6 }), (runs) => {
        expect(verdicts(runs, true).found).toEqual(verdicts(runs, false).found)
      }),
    )
  })

  test('have their roots computed together, once for each extranonce that is new', () => {
    const rolled = (first: number, jobId = 1) => ({
      channel: 0,
      jobId,
      extranonce: Uint8Array.of(first, 0, 0, 0),
      nonce: first,
      prefixChanges: false,
    })
    const runs = [
      [1, 2, 3, 4].map((n) => rolled(n)),
      [rolled(4), rolled(5), rolled(5), rolled(6, 2), rolled(7, 2)],
    ]
    expect(verdicts(runs, true).together).toEqual([4, 2, 1])
    expect(verdicts(runs, false).together).toEqual([1, 1, 1, 1, 1, 1, 1])
  })
})
