import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeSegmentHeader } from '@sv2/journal'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type IgnoredSnapshot, snapshotsOf, writeSnapshot } from './index.ts'
import { segmentPath } from './segment-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapshots-'))
  for (const number of [0, 1, 2, 3]) segment(number)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function segment(number: number, pool = 7, firstSequence = 10 * number): void {
  const poolId = new Uint8Array(16).fill(pool)
  writeFileSync(segmentPath(folder, number), encodeSegmentHeader({ poolId, node: 3, number, firstSequence }))
}

const content = (n: number) => Uint8Array.of(n, n, n)
const files = () =>
  readdirSync(folder)
    .filter((name) => !name.endsWith('.journal'))
    .sort()
function read(version = 1) {
  const ignored: IgnoredSnapshot[] = []
  const good = [...snapshotsOf(folder, version, (one) => ignored.push(one))]
  return { good, reasons: ignored.map(({ reason }) => reason) }
}

test('the newest two are kept, the newest comes first', () => {
  for (const number of [1, 2, 3]) writeSnapshot(folder, { segment: number, content: content(number) }, 1)
  expect(files()).toEqual(['00000002.snapshot', '00000003.snapshot'])
  expect(read()).toEqual({
    good: [
      { segment: 3, content: content(3) },
      { segment: 2, content: content(2) },
    ],
    reasons: [],
  })
})

test('one changed byte, wherever it is, or a missing end, makes a snapshot unusable', () => {
  writeSnapshot(folder, { segment: 2, content: content(2) }, 1)
  const path = join(folder, '00000002.snapshot')
  const whole = readFileSync(path)
  for (let at = 0; at < whole.length; at++) {
    const broken = Buffer.from(whole)
    broken[at]! ^= 0x10
    writeFileSync(path, broken)
    expect(read().good, `byte ${at}`).toEqual([])
    writeFileSync(path, whole.subarray(0, at))
    expect(read().reasons, `cut at ${at}`).toHaveLength(1)
  }
  writeFileSync(path, whole)
  expect(read().good).toHaveLength(1)
})

test.each<[string, () => void, string]>([
  ['of another version', () => {}, 'it has version 1, and this program reads 2'],
  ['of another pool', () => segment(2, 8), 'it is of another journal'],
  ['of a journal that was another', () => segment(2, 7, 19), 'it is of another journal'],
  ['ahead of the journal', () => rmSync(segmentPath(folder, 2)), 'the journal ends before it'],
])('a snapshot %s is not used, and it is said why', (_, change, reason) => {
  writeSnapshot(folder, { segment: 2, content: content(2) }, 1)
  change()
  expect(read(reason.includes('version') ? 2 : 1)).toEqual({ good: [], reasons: [reason] })
})
