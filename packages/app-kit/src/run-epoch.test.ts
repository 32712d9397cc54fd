import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigError } from './config/problems.ts'
import { nextEpoch } from './run-epoch.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-epoch-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const file = () => join(folder, 'run.epoch')

test('each run has the next number, which is on disk before anybody hears of it', async () => {
  const first = await nextEpoch(folder)
  expect(Number(readFileSync(file(), 'utf8'))).toBe(first)
  expect(await nextEpoch(folder)).toBe((first + 1) % 65_536)
  expect(await nextEpoch(folder)).toBe((first + 2) % 65_536)
})

test('after the last one comes 0', async () => {
  writeFileSync(file(), '65535\n')
  expect(await nextEpoch(folder)).toBe(0)
})

test('one that cannot be kept is not used, and the one before is still there', async () => {
  writeFileSync(file(), '41\n')
  const full = () => Promise.reject(new Error('no space left on device'))
  await expect(nextEpoch(folder, full)).rejects.toThrow('no space left')
  expect(await nextEpoch(folder)).toBe(42)
})

test.each(['', 'x', '70000', '-1', '1.5'])('a file with %j in it is no guess', async (text) => {
  writeFileSync(file(), text)
  await expect(nextEpoch(folder)).rejects.toThrow(ConfigError)
})
