import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hex } from '@sv2/bitcoin'
import { DISK_STEPS, writerToFullDisk } from '@sv2/runtime/testing/full-disk'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadTokenKey, makeTokenKeyFile, tokenMac } from './token-key.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-token-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a key is made at the first start, for its owner alone, and the same at the next', async () => {
  const first = await loadTokenKey(join(folder, 'new'), undefined)
  const second = await loadTokenKey(join(folder, 'new'), undefined)
  expect([first.made, second.made]).toEqual([true, false])
  expect(statSync(first.file).mode & 0o777).toBe(0o600)
  expect(readFileSync(first.file, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
  expect(second.mac(Uint8Array.of(1))).toEqual(first.mac(Uint8Array.of(1)))
})

test('a file that is there is never overwritten', async () => {
  const file = join(folder, 'token.key')
  await makeTokenKeyFile(file)
  await expect(makeTokenKeyFile(file)).rejects.toThrow(/EEXIST/)
})

test('a file that is named has to be there, and has to hold a key', async () => {
  const file = join(folder, 'mine.key')
  await expect(loadTokenKey(folder, file)).rejects.toThrow(/cannot be read/)
  writeFileSync(file, 'abc\n')
  await expect(loadTokenKey(folder, file)).rejects.toThrow(/64 hex digits/)
})

test.each(DISK_STEPS)('a disk that is full at step %s leaves no broken key', async (step) => {
  await expect(loadTokenKey(folder, undefined, writerToFullDisk(step))).rejects.toMatchObject({
    code: 'ENOSPC',
  })
  expect((await loadTokenKey(folder, undefined)).made).toBe(step !== 'folder')
})

test('the code of a token is HMAC-SHA-256 (RFC 4231, test case 1)', () => {
  const mac = tokenMac(new Uint8Array(20).fill(0x0b))
  expect(hex(mac(new TextEncoder().encode('Hi There')))).toBe(
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  )
})
