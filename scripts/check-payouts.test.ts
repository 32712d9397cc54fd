import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { displayHash, hex, unhex } from '../packages/bitcoin/src/index.ts'
import { encodeFrame, encodeSegmentHeader, type JournalRecord } from '../packages/journal/src/index.ts'
import { writeTerms } from '../packages/roles/src/ledger/index.ts'
import { keyOf, POOL_SCRIPT, SETTINGS } from '../packages/roles/test/ledger/_history.ts'
import { anyStep, play } from '../packages/roles/test/ledger/_steps.ts'
import { checkPplns } from './payouts/pplns.ts'
import { readJournal } from './payouts/read-journal.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-payouts-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Two segments, the first with a torn record behind those that count. */
function writeJournal(records: readonly JournalRecord[]): void {
  const cut = records.length >> 1
  for (const [number, from, to] of [
    [0, 0, cut],
    [1, cut, records.length],
  ] as const) {
    const header = { poolId: new Uint8Array(16), node: 0, number, firstSequence: from }
    const frames = records
      .slice(from, to)
      .map((record, at) => encodeFrame({ sequence: from + at, record }).slice())
    const path = join(folder, `0000000${number}.journal`)
    writeFileSync(
      path,
      Buffer.concat([encodeSegmentHeader(header), ...frames, Buffer.alloc(7 * (1 - number))]),
    )
  }
}

/** Those of the histories, as the second computation is told of them. */
const TERMS = {
  poolScript: hex(POOL_SCRIPT),
  feePpm: SETTINGS.feePpm,
  window: 8n << 40n,
  dustLimit: BigInt(SETTINGS.dustLimit),
  maxPayouts: SETTINGS.maxPayouts,
  refreshMs: SETTINGS.refreshMs,
  confirmations: SETTINGS.confirmations,
}

const anyTerms = fc.record({
  feePpm: fc.constantFrom(0n, 20_000n, 100_000n),
  dustLimit: fc.constantFrom(0, 294, 100_000_000),
  maxPayouts: fc.constantFrom(1, 3, 500),
  window: fc.constantFrom(8n << 40n, 1n << 39n, (3n << 40n) + 17n),
})

test('a second computation from the bytes of the journal agrees with the ledger to the satoshi', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 5, maxLength: 150 }), anyTerms, (steps, terms) => {
      const { window, ...settings } = terms
      const { ledger, records, facts } = play(steps, { ...settings, scheme: { scheme: 'pplns', window } })
      writeJournal(records)
      const checked = checkPplns(readJournal(folder), {
        ...TERMS,
        ...terms,
        dustLimit: BigInt(terms.dustLimit),
      })
      const made = facts.flatMap((fact) => (fact.kind === 'distribution' ? [fact.distribution] : []))
      expect(checked.distributions.map(({ id, payouts }) => [id, payouts])).toEqual(
        made.map(({ id, payouts }) => [id, payouts.map(({ script, weight }) => [hex(script), weight])]),
      )
      const booked = ledger.blocks().map(({ booking, state }) => {
        const { hash, height, total, fee, paid, earned } = booking
        return { hash, height, total, fee, paid, earned, state }
      })
      expect(checked.blocks.map((block) => ({ ...block, hash: displayHash(unhex(block.hash)) }))).toEqual(
        booked,
      )
      expect(checked.balances).toEqual(new Map(ledger.balances()))
    }),
    { numRuns: 300 },
  )
}, 120_000)

test('work that a minute put out of the window is back when its hour reaches into it', () => {
  const of = (miner: number, parts: number) => ({ kind: 'share', miner, parts, ofReward: 100 }) as const
  const steps = [
    of(1, 100),
    { kind: 'wait', ms: 61_000 },
    of(2, 600),
    { kind: 'wait', ms: 31_000 },
    of(3, 1),
    { kind: 'wait', ms: 4 * 3_600_000 },
    of(3, 1),
    { kind: 'wait', ms: 61_000 },
    of(3, 1),
  ] as const
  const { ledger, records } = play(steps, { scheme: { scheme: 'pplns', window: 1n << 39n } })
  writeJournal(records)
  const { distributions } = checkPplns(readJournal(folder), { ...TERMS, window: 1n << 39n })
  expect(ledger.weights().get(keyOf(1))).toBeGreaterThan(0n)
  expect(distributions.at(-1)?.scores).toEqual(new Map(ledger.weights()))
})

test('other terms hold for what comes after them', () => {
  const steps = [
    { kind: 'share', miner: 1, parts: 100, ofReward: 100 },
    { kind: 'share', miner: 2, parts: 300, ofReward: 100 },
    { kind: 'tip', isHarder: false },
  ] as const
  const history = play(steps, {})
  const hashes = [history.block(1)]
  const fairer = { ...SETTINGS, feePpm: 0n, dustLimit: 150_000_000 }
  history.write({ kind: 'terms', time: history.time, terms: writeTerms(fairer) })
  history.job()
  hashes.push(history.block(2))
  for (const hash of hashes) history.chain(hash, 6)
  writeJournal(history.records)
  const checked = checkPplns(readJournal(folder), TERMS)
  expect(checked.blocks.map(({ fee }) => fee)).toEqual(
    history.ledger.blocks().map(({ booking }) => booking.fee),
  )
  expect(checked.balances).toEqual(new Map(history.ledger.balances()))
  expect(checked.balances.size).toBeGreaterThan(0)
})

test('the command prints what it found', () => {
  const steps = [
    { kind: 'share', miner: 1, parts: 250, ofReward: 100 },
    { kind: 'share', miner: 2, parts: 750, ofReward: 100 },
    { kind: 'wait', ms: 60_000 },
    { kind: 'job', value: 315_000_000n },
    { kind: 'job', value: 315_000_000n },
    { kind: 'block', finder: 1, jobsAgo: 0, source: 'share' },
    { kind: 'chain', block: 0, confirmations: 6 },
  ] as const
  const { records } = play(steps, {})
  writeJournal([{ kind: 'terms', time: 0, terms: writeTerms(SETTINGS) }, ...records])
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'check-payouts.ts'), folder],
    { encoding: 'utf8' },
  )
  expect(stderr).toBe('')
  expect(stdout).toMatch(/block 900001 [0-9a-f]{64} confirmed: 315000000 sat, of them the fee 6300000/)
  expect(stdout).toContain('earned 77175000, was paid 77175000')
  expect(stdout).toContain('earned 231525000, was paid 231525000')
})
