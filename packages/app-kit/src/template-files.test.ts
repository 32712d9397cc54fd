import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SolvableTemplate } from '@sv2/roles/provider'
import { DISK_STEPS, writerToFullDisk } from '@sv2/runtime/testing/full-disk'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TemplateFiles } from './template-files.ts'

let dataDir = ''
let troubles: unknown[] = []
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sv2-templates-'))
  troubles = []
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const folder = () => join(dataDir, 'templates')
const files = () => new TemplateFiles(dataDir, { onTrouble: (error) => troubles.push(error) })

function aTemplate(id: number): SolvableTemplate {
  return {
    templateId: BigInt(id),
    prevHash: new Uint8Array(32).fill(id),
    height: 100 + id,
    nbits: 0x207fffff,
    target: new Uint8Array(32).fill(0x7f),
    merklePath: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)],
    // a byte of the first is the one that ends the line before
    transactions: [Uint8Array.of(10, 1, 2), new Uint8Array(0), Uint8Array.of(3)],
  }
}

async function kept(...ids: readonly number[]): Promise<void> {
  const first = files()
  await first.start()
  for (const id of ids) first.keep(aTemplate(id))
  await first.stop()
}

test('templates are read again as they were, oldest first', async () => {
  await kept(9, 10)
  const read = await files().start()
  expect(read.map(({ templateId }) => templateId)).toEqual([9n, 10n])
  const { transactions, ...rest } = read[1]!
  const { transactions: wanted, ...others } = aTemplate(10)
  expect(rest).toEqual(others)
  expect(transactions.map((tx) => [...tx])).toEqual(wanted.map((tx) => [...tx]))
  expect(troubles).toEqual([])
})

test('the newest 96 stay, over several runs', async () => {
  for (let run = 0; run < 10; run++) await kept(...Array.from({ length: 12 }, (_, n) => 1 + 12 * run + n))
  const ids = (await files().start()).map(({ templateId }) => Number(templateId))
  expect(ids).toEqual(Array.from({ length: 96 }, (_, n) => 25 + n))
})

test('of those that come faster than the disk writes, the newest are written', async () => {
  await kept(...Array.from({ length: 40 }, (_, id) => id + 1))
  const ids = (await files().start()).map(({ templateId }) => Number(templateId))
  expect(ids).toHaveLength(17)
  expect(ids.slice(-16)).toEqual(Array.from({ length: 16 }, (_, n) => 25 + n))
})

test('a file that is none is told of and left out, and others are not touched', async () => {
  await kept(1, 2, 3)
  writeFileSync(join(folder(), '1.template'), 'no template')
  const whole = readFileSync(join(folder(), '2.template'))
  writeFileSync(join(folder(), '2.template'), whole.subarray(0, -1))
  writeFileSync(join(folder(), 'notes.template'), 'of somebody')
  expect((await files().start()).map(({ templateId }) => templateId)).toEqual([3n])
  expect(troubles).toHaveLength(2)
  expect(readdirSync(folder())).toContain('notes.template')
})

test('a disk that refuses is told of, and ends nothing', async () => {
  const some = files()
  await some.start()
  rmSync(folder(), { recursive: true })
  some.keep(aTemplate(1))
  await some.stop()
  expect(troubles).toMatchObject([{ code: 'ENOENT' }])
  await kept(2)
  expect(await files().start()).toHaveLength(1)
})

test.each(DISK_STEPS)(
  'a disk that is full at step %s leaves the templates there were, and none that is not whole',
  async (step) => {
    await kept(1)
    const onTrouble = (error: unknown) => troubles.push(error)
    const some = new TemplateFiles(dataDir, { onTrouble, write: writerToFullDisk(step) })
    await some.start()
    some.keep(aTemplate(2))
    await some.stop()
    expect(troubles).toMatchObject([{ code: 'ENOSPC' }])
    const left = (await files().start()).map(({ templateId }) => templateId)
    expect(left).toEqual(step === 'folder' ? [1n, 2n] : [1n])
    expect(troubles).toHaveLength(1)
  },
)
