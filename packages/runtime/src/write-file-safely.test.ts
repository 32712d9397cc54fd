import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DISK_STEPS, fullDisk } from './_full-disk.ts'
import { writeFileSafely } from './write-file-safely.ts'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-write-'))
  file = join(folder, 'some.file')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a file is written for its owner alone, and nothing is left beside it', async () => {
  await writeFileSafely(file, 'content')
  expect(readFileSync(file, 'utf8')).toBe('content')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['some.file'])
})

test('the rest of a crash neither stays nor lends its mode', async () => {
  writeFileSync(`${file}.part`, 'half of something longer', { mode: 0o644 })
  await writeFileSafely(file, 'content')
  expect(readFileSync(file, 'utf8')).toBe('content')
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

describe.each(DISK_STEPS)('a disk that is full at step %s', (step) => {
  const disk = fullDisk(step)

  test('is told of, and leaves the file as it was or as it shall be', async () => {
    await writeFileSafely(file, 'old')
    await expect(writeFileSafely(file, 'new content', { disk })).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(readFileSync(file, 'utf8')).toBe(step === 'folder' ? 'new content' : 'old')
    expect(readdirSync(folder)).toEqual(['some.file'])
  })

  test('leaves no new file that is not whole, and the next attempt finds nothing in its way', async () => {
    await expect(writeFileSafely(file, 'content', { disk })).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(readdirSync(folder)).toEqual(step === 'folder' ? ['some.file'] : [])
    await writeFileSafely(file, 'content')
    expect(readFileSync(file, 'utf8')).toBe('content')
  })
})
