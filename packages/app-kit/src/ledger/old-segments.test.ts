import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ledger } from '@sv2/roles/ledger'
import { JournalTail, segmentNumbers, segmentPath } from '@sv2/runtime/journal'
import { aShare, writeSegments } from '@sv2/runtime/testing/written-journal'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AuditFiles } from '../audit/audit-files.ts'
import { SegmentRoots } from '../audit/segment-roots.ts'
import { SETTINGS } from './_ledger-settings.ts'
import { MissingSegmentsError, restoreLedger, saveLedger } from './ledger-snapshots.ts'
import { removeOldSegments } from './old-segments.ts'

const DAY = 86_400_000
const NOW = 1_800_000_000_000
const NEVER = Number.POSITIVE_INFINITY

let folder: string
let roots: SegmentRoots
let ledger: Ledger
/** Eight segments; segment n was closed 8 - n days ago, and snapshots stand in front of the last two. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'old-segments-'))
  roots = new SegmentRoots(folder)
  const script = Uint8Array.of(0x51, 0x51)
  const account = { kind: 'account', account: 1, name: 'alice', script } as const
  await writeSegments(
    folder,
    [account, ...Array.from({ length: 39 }, (_, n) => aShare({ time: NOW + n }))],
    5,
  )
  ledger = new Ledger(SETTINGS)
  const last = segmentNumbers(folder).at(-1)!
  const segmentEnded = (number: number) => {
    if (number + 2 >= last) saveLedger(folder, number + 1, ledger.snapshot)
  }
  const tail = new JournalTail(folder, { segmentEnded })
  for (const { sequence, record } of tail.read()) ledger.handle({ node: 0, entry: { sequence, record } })
  tail.close()
  for (const number of segmentNumbers(folder)) {
    const at = (NOW - (8 - number) * DAY) / 1000
    utimesSync(segmentPath(folder, number), at, at)
  }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function computeRoots(): void {
  while (roots.computeNext()) {
    // the next one
  }
}
const remove = (keepMs: number, windowFrom = NEVER) =>
  removeOldSegments(folder, roots, { keepMs, now: NOW, windowFrom })

test('segments that are old enough go, and the ledger reads on from a snapshot', () => {
  computeRoots()
  expect(remove(5.5 * DAY)).toEqual([0, 1, 2])
  expect(segmentNumbers(folder)[0]).toBe(3)
  const restored = restoreLedger({ folder, node: 0, settings: SETTINGS })
  for (const { sequence, record } of restored.tail.read())
    restored.ledger.handle({ node: 0, entry: { sequence, record } })
  restored.tail.close()
  expect(restored.ledger.snapshot).toEqual(ledger.snapshot)
})

test('nothing goes that a start would read with either snapshot', () => {
  computeRoots()
  const last = segmentNumbers(folder).at(-1)!
  const removed = remove(0)
  expect(removed.at(-1)).toBe(last - 2)
  rmSync(
    join(
      folder,
      readdirSync(folder)
        .filter((name) => name.endsWith('.snapshot'))
        .sort()
        .at(-1)!,
    ),
  )
  const restored = restoreLedger({ folder, node: 0, settings: SETTINGS })
  for (const { sequence, record } of restored.tail.read())
    restored.ledger.handle({ node: 0, entry: { sequence, record } })
  restored.tail.close()
  expect(restored.ledger.snapshot).toEqual(ledger.snapshot)
})

test('nothing goes that the window reaches, that has no root, or with one snapshot alone', () => {
  expect(remove(0)).toEqual([])
  computeRoots()
  expect(remove(0, NOW - 6.5 * DAY)).toEqual([0, 1])
  rmSync(join(folder, readdirSync(folder).find((name) => name.endsWith('.snapshot'))!))
  expect(remove(0)).toEqual([])
})

test('auditors are told of segments that went, with roots that chain on', () => {
  computeRoots()
  const files = new AuditFiles(folder)
  const before = files.answer({ kind: 'segments', before: NEVER, limit: 100 })
  remove(5.5 * DAY)
  const after = files.answer({ kind: 'segments', before: NEVER, limit: 100 })
  expect(after).toEqual({
    ...before,
    items: (before as typeof after & { items: object[] }).items.map((item) => ({
      ...item,
      isKept: (item as { number: number }).number > 2,
      ...((item as { number: number }).number <= 2 && {
        root: { ...(item as { root: object }).root, removed: expect.anything() },
      }),
    })),
  })
  expect(files.answer({ kind: 'records', number: 1, from: 0, limit: 1 })).toBeUndefined()
  expect(files.answer({ kind: 'proof', number: 1, index: 0 })).toBeUndefined()
  expect(files.answer({ kind: 'records', number: 3, from: 0, limit: 1 })).toBeDefined()
})

test('a journal without its first segments and without a snapshot is not read as if it were whole', () => {
  computeRoots()
  remove(0)
  for (const name of readdirSync(folder)) if (name.endsWith('.snapshot')) rmSync(join(folder, name))
  expect(existsSync(segmentPath(folder, 0))).toBe(false)
  expect(() => restoreLedger({ folder, node: 0, settings: SETTINGS })).toThrow(MissingSegmentsError)
})
