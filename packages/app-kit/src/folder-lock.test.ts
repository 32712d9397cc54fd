import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigError } from './config/problems.ts'
import { lockFolder } from './folder-lock.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = () => join(folder, 'lock')
const lock = (over: Record<string, unknown>) =>
  writeFileSync(
    file(),
    JSON.stringify({ app: 'pool', pid: process.pid, host: hostname(), started: '', ...over }),
  )

test('a folder is had by one process, which the refusal names, until it gives it back', async () => {
  const release = await lockFolder(folder, 'pool')
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject({ app: 'pool', pid: process.pid })
  const second = lockFolder(folder, 'pool')
  await expect(second).rejects.toThrow(ConfigError)
  await expect(second).rejects.toThrow(`data_dir = ${folder}: is in use by pool, process ${process.pid} on`)
  await release()
  expect(readdirSync(folder)).toEqual([])
  await (await lockFolder(folder, 'pool'))()
})

test.each([
  ['whose process is gone', { pid: 2 ** 22 + 1 }],
  ['whose number another process has now', { started: '1' }],
])('a lock %s is taken over', async (_, over) => {
  lock(over)
  const release = await lockFolder(folder, 'pool')
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject({ pid: process.pid })
  await release()
})

test('a lock that a crash has left empty is taken over', async () => {
  writeFileSync(file(), '')
  await (await lockFolder(folder, 'pool'))()
})

test('of another machine the last word counts for a minute', async () => {
  lock({ host: 'another-machine', pid: 1 })
  await expect(lockFolder(folder, 'pool')).rejects.toThrow('process 1 on another-machine')
  const longAgo = new Date(Date.now() - 61_000)
  utimesSync(file(), longAgo, longAgo)
  await (await lockFolder(folder, 'pool'))()
})

test('a disk that takes no lock is told of, and ends nothing', async () => {
  writeFileSync(join(folder, 'file'), '')
  const troubles: unknown[] = []
  const release = await lockFolder(join(folder, 'file', 'data'), 'pool', {
    onTrouble: (error) => troubles.push(error),
  })
  expect(troubles).toMatchObject([{ code: 'ENOTDIR' }])
  await release()
})
