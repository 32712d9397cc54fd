import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UsedTokenFile } from './used-token-file.ts'

let folder: string
let errors: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-tokens-'))
  errors = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const log = { error: (_: unknown, message: string) => errors.push(message) } as never
const open = (now: number) => new UsedTokenFile(folder, { log, now })
const token = (number: number, until: number) => ({ key: `0${number}+`, job: 'ab'.repeat(16), until })

test('what was used is known to the next run, until it expires', () => {
  const file = open(0)
  expect(file.used).toEqual([])
  for (const each of [token(1, 100), token(2, 200)]) file.add(each, 0)
  expect(open(99).used).toEqual([token(1, 100), token(2, 200)])
  expect(open(100).used).toEqual([token(2, 200)])
})

test('a line that was cut off is none, and those that follow are', () => {
  open(0).add(token(1, 100), 0)
  appendFileSync(join(folder, 'used-tokens'), '02+ abab')
  open(0).add(token(3, 100), 0)
  expect(open(0).used).toEqual([token(1, 100), token(3, 100)])
})

test('its files do not grow without end, and none goes before its tokens have expired', () => {
  const many = Array.from({ length: 100_000 }, () => '01 ab 50').join('\n')
  appendFileSync(join(folder, 'used-tokens'), `${many}\n`)
  const file = open(0)
  file.add(token(7, 500), 40)
  expect(readFileSync(join(folder, 'used-tokens'), 'utf8')).toBe(`07+ ${'ab'.repeat(16)} 500\n`)
  expect(open(10).used).toHaveLength(100_001)
})

test('a disk that takes nothing is told of once, and work goes on', () => {
  const file = open(0)
  rmSync(folder, { recursive: true })
  for (let number = 1; number < 4; number++) file.add(token(number, 100), 0)
  expect(errors).toEqual(['used token not kept'])
  mkdirSync(folder)
  file.add(token(4, 100), 0)
  expect(open(0).used).toEqual([token(4, 100)])
})
