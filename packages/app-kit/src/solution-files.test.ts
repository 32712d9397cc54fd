import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { OpenSolution } from '@sv2/roles'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLogger } from './logger.ts'
import { SolutionFiles } from './solution-files.ts'

let dataDir = ''
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sv2-solutions-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

function files() {
  const out = new PassThrough()
  const lines = (): string => String(out.read() ?? '')
  return {
    files: new SolutionFiles(dataDir, createLogger('pool', { level: 'info', format: 'json' }, out)),
    lines,
  }
}

const bytes = (mark: number, length = 32): Uint8Array => new Uint8Array(length).fill(mark)

const SUBMITTED: OpenSolution = {
  hash: 'ab'.repeat(32),
  prevHash: bytes(1),
  message: {
    type: 'SubmitSolution',
    templateId: 2n ** 63n,
    version: 0x20000000,
    headerTimestamp: 1_767_225_600,
    headerNonce: 0xffff_ffff,
    coinbaseTx: bytes(7, 200),
  },
}
const PUSHED: OpenSolution = {
  hash: 'cd'.repeat(32),
  prevHash: bytes(2),
  message: {
    type: 'PushSolution',
    extranonce: bytes(3, 16),
    prevHash: bytes(2),
    nonce: 1,
    ntime: 2,
    nbits: 0x207fffff,
    version: 4,
  },
}

test('what is kept is on the disk when that returns, and is read again as it was', () => {
  const first = files().files
  expect(first.load()).toEqual([])
  for (const solution of [SUBMITTED, PUSHED]) first.perform({ kind: 'keepSolution', solution })
  expect(readdirSync(join(dataDir, 'solutions'))).toHaveLength(2)
  const { files: second, lines } = files()
  expect(second.load()).toEqual([SUBMITTED, PUSHED])
  expect(lines()).toContain('telling of blocks of an earlier run again')
})

test('what is decided is forgotten', () => {
  const { files: some } = files()
  some.load()
  some.perform({ kind: 'keepSolution', solution: SUBMITTED })
  some.perform({ kind: 'forgetSolution', hash: SUBMITTED.hash })
  some.perform({ kind: 'forgetSolution', hash: PUSHED.hash })
  expect(readdirSync(join(dataDir, 'solutions'))).toEqual([])
})

test('a file that is none, and a disk that refuses, are lines, and end nothing', () => {
  const { files: some, lines } = files()
  some.load()
  writeFileSync(join(dataDir, 'solutions', `${SUBMITTED.hash}.solution`), '{}')
  expect(some.load()).toEqual([])
  rmSync(join(dataDir, 'solutions'), { recursive: true })
  some.perform({ kind: 'keepSolution', solution: PUSHED })
  const said = lines()
  expect(said).toContain('cannot be read')
  expect(said).toContain('the disk refuses a found block')
})
