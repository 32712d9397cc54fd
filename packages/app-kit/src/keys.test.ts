import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemNoise } from '@sv2/runtime'
import { DISK_STEPS, writerToFullDisk } from '@sv2/runtime/testing/full-disk'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigError } from './config/problems.ts'
import { keyFile, loadIdentity } from './keys.ts'

let dataDir = ''
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sv2-keys-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

describe.each(['current', 'draft'] as const)('keys of edition %s', (edition) => {
  const load = (secretKeyFile?: string) =>
    loadIdentity(edition, { dataDir, secretKeyFile, certValiditySeconds: 3600 }, systemNoise)

  test('are made on the first start, for the owner alone, and loaded on the next', async () => {
    const first = await load()
    expect(first.made).toBe(true)
    expect(statSync(keyFile(dataDir, edition)).mode & 0o777).toBe(0o600)
    const second = await load()
    expect(second.made).toBe(false)
    expect(second.authorityKey).toEqual(first.authorityKey)
  })

  test('the static key is new with each start', async () => {
    const [first, second] = [await load(), await load()]
    expect(first.identity.staticPair.key).not.toEqual(second.identity.staticPair.key)
  })

  test('a folder that is not there is made', async () => {
    const deep = join(dataDir, 'a', 'b')
    await loadIdentity(
      edition,
      { dataDir: deep, secretKeyFile: undefined, certValiditySeconds: 60 },
      systemNoise,
    )
    expect(statSync(deep).mode & 0o777).toBe(0o700)
  })

  test('a file that the operator names is never made', async () => {
    const file = join(dataDir, 'mine.key')
    await expect(load(file)).rejects.toThrow(ConfigError)
    await expect(load(file)).rejects.toThrow(`authority_secret_key_file = ${file}: cannot be read`)
  })

  test('a file that holds no key is named, and its content is not printed', async () => {
    const file = join(dataDir, 'mine.key')
    writeFileSync(file, 'almost-a-secret\n')
    await expect(load(file)).rejects.toThrow(`authority_secret_key_file = ${file}: is not a secret key`)
    await expect(load(file)).rejects.not.toThrow('almost-a-secret')
  })

  test('a key file with a typing error is noticed', async () => {
    await load()
    const file = keyFile(dataDir, edition)
    const text = readFileSync(file, 'utf8')
    const last = text.at(-2) === 'z' ? 'y' : 'z'
    writeFileSync(file, `${text.slice(0, -2)}${last}\n`)
    await expect(load()).rejects.toThrow(/is not a secret key/)
  })

  test.each(DISK_STEPS)(
    'a first start on a disk that is full at step %s leaves the next start a clear way',
    async (step) => {
      const settings = { dataDir, secretKeyFile: undefined, certValiditySeconds: 3600 }
      const first = loadIdentity(edition, { ...settings, write: writerToFullDisk(step) }, systemNoise)
      await expect(first).rejects.toMatchObject({ code: 'ENOSPC' })
      const second = await load()
      expect(second.made).toBe(step !== 'folder')
      expect((await load()).authorityKey).toEqual(second.authorityKey)
    },
  )

  test('an empty file, as an older release left it on a full disk, is told with what to do', async () => {
    writeFileSync(keyFile(dataDir, edition), '')
    await expect(load()).rejects.toThrow(/is empty; remove it/)
  })
})
